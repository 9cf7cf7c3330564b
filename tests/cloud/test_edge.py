import json
from typing import Any

import pytest
from chalice.app import Chalice, CORSConfig, Response

from chalicelib import edge
from chalicelib.errors import BadInputError, NotFoundError, Refusal


class BusyError(Refusal):
    STATUS_CODE = 429

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "7"}


REFUSALS = {
    "input": BadInputError("size", "`int` >= 1", 0),
    "unknown": NotFoundError("file", "x" * 500),
    "busy": BusyError("try later"),
    "bug": ZeroDivisionError("secret detail"),
}


@pytest.fixture
def app() -> Chalice:
    app = Chalice("edge")
    app.api.cors = CORSConfig(allow_origin="*")

    @app.middleware("http")
    def middleware(event: Any, get_response: Any) -> Response:
        return edge.answer(event, get_response, app.api.cors.get_access_control_headers())

    @app.route("/refuse/{how}")
    def refuse(how: str) -> dict[str, str]:
        if how in REFUSALS:
            raise REFUSALS[how]
        return {"fine": how}

    return app


def asked(app: Chalice, how: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/refuse/{how}", "requestId": "r1"},
        "pathParameters": {"how": how},
        "headers": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "isBase64Encoded": False,
        "body": None,
    }
    reply = app(event, None)
    return reply["statusCode"], reply["headers"], json.loads(reply["body"])


def test_a_refusal_tells_code_message_and_field(app: Chalice) -> None:
    status, _, body = asked(app, "input")

    assert status == 400
    assert body == {
        "Code": "BadInputError",
        "Message": "size must be `int` >= 1, got 0",
        "Details": {"field": "size"},
    }


def test_a_message_never_repeats_a_long_value_whole(app: Chalice) -> None:
    _, _, body = asked(app, "unknown")

    assert len(body["Message"]) < 120


@pytest.mark.parametrize("how", [*REFUSALS, "fine"])
def test_every_answer_may_be_read_by_the_page_and_kept_by_nobody(app: Chalice, how: str) -> None:
    _, headers, _ = asked(app, how)

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cache-Control"] == "no-store"


def test_a_refusal_may_bring_headers(app: Chalice) -> None:
    status, headers, _ = asked(app, "busy")

    assert (status, headers["Retry-After"]) == (429, "7")


def test_a_bug_is_a_500_that_tells_nothing(app: Chalice) -> None:
    status, _, body = asked(app, "bug")

    assert status == 500
    assert "secret" not in json.dumps(body)
