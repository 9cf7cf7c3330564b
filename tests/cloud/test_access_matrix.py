"""Every route of the app's own table, with every credential that must not open it: a new route cannot be forgotten."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import app
from chalicelib.auth.callers import Caller
from chalicelib.cloud import cloud
from tests.access import ANNA, an_account
from tests.expected import ADMIN, EXPECTED, PC, PERSON, PHONE
from tests.stage import GUARDED, ROUTES, UNKNOWN, Stage, bad_credentials, check, set_up


@pytest.fixture(scope="module")
def still() -> Iterator[Stage]:
    """A stage on which nothing is ever granted, so that all refusals may share it."""
    with an_account():
        cloud.cache_clear()
        yield set_up()
        cloud.cache_clear()


@pytest.fixture(scope="module")
def credentials(still: Stage) -> dict[str, str | None]:
    return bad_credentials(still)


def test_every_route_has_its_expectations_and_none_outlived_its_route() -> None:
    assert set(ROUTES) == set(EXPECTED)


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_is_guarded_as_expected(route: tuple[str, str]) -> None:
    entry = app.app.routes[route[1]][route[0]]

    assert (entry.authorizer is app.caller_token) is (EXPECTED[route].callers is not None)


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_answers_browsers(route: tuple[str, str]) -> None:
    assert app.app.routes[route[1]][route[0]].cors is not None


@pytest.mark.parametrize("route", GUARDED)
def test_no_bad_credential_opens_a_route(still: Stage, credentials: dict[str, Any], route: tuple[str, str]) -> None:
    for why, token in credentials.items():
        answer = still.ask(route, still.anna["ids"][PC], token)

        check(answer)
        assert (answer.status, answer.body) == (401, {"Code": "UNAUTHORIZED", "Message": "Unauthorized"}), why


@pytest.mark.parametrize("route", GUARDED)
def test_the_right_key_for_another_deed_opens_no_route(still: Stage, route: tuple[str, str]) -> None:
    for kind in {PERSON, ADMIN, PHONE, PC} - (EXPECTED[route].callers or set()):
        answer = still.ask(route, still.anna["ids"][kind], still.anna["tokens"][kind])

        check(answer)
        assert answer.status in (403, 404), (kind, answer)


# Files in a body that are each answered on their own, whatever is said of the others.
ANSWERS_EACH = [("POST", f"/files/{deed}") for deed in ("trash", "restore", "purge", "links")]


def asks_about(route: tuple[str, str], field: str) -> bool:
    """Whether a route names a thing of this kind, in its path or its body, and stands or falls with it."""
    if route in ANSWERS_EACH:
        return False
    make = EXPECTED[route].body
    named = make is not None and make(UNKNOWN) != make({**UNKNOWN, field: "other"})
    return f"{{{field}}}" in route[1] or (named and "{" not in route[1])


@pytest.mark.parametrize(
    ("route", "field"), [(route, field) for route in GUARDED for field in UNKNOWN if asks_about(route, field)]
)
def test_anothers_things_cannot_be_told_from_none(still: Stage, route: tuple[str, str], field: str) -> None:
    for kind in sorted(EXPECTED[route].callers or set()):
        own, told = still.anna["ids"][kind], []
        for other in (still.bert["ids"][kind][field], UNKNOWN[field]):
            answer = still.ask(route, {**own, field: other}, still.anna["tokens"][kind])
            check(answer)
            told.append((answer.status, answer.text.replace(other, "ID")))

        assert told[0][0] == 404, (kind, told)
        assert told[0] == told[1], kind


@pytest.mark.parametrize("kind", [PC])
def test_anothers_file_in_a_receipt_cannot_be_told_from_none(still: Stage, kind: str) -> None:
    route = ("POST", "/devices/{device_id}/receipts")
    own = still.anna["ids"][kind]
    told = []
    for file_id in (still.bert["ids"][kind]["file_id"], UNKNOWN["file_id"]):
        answer = still.ask(route, {**own, "file_id": file_id}, still.anna["tokens"][kind])
        told.append((answer.status, answer.text.replace(file_id, "ID")))

    assert told[0] == told[1]


@pytest.mark.parametrize("route", ANSWERS_EACH)
def test_anothers_file_among_many_cannot_be_told_from_none(still: Stage, route: tuple[str, str]) -> None:
    for kind in sorted(EXPECTED[route].callers or set()):
        told = []
        for file_id in (still.bert["ids"][kind]["file_id"], UNKNOWN["file_id"]):
            answer = still.ask(route, {"file_id": file_id}, still.anna["tokens"][kind])
            check(answer)
            told.append((answer.status, answer.text.replace(file_id, "ID")))

        assert told[0] == told[1]
        (one,) = json.loads(told[0][1])["files"]
        assert (one["fileId"], one["outcome"], one["reason"]) == ("ID", "refused", "unknownFile")


ODD_IDS = [
    "x",
    "..",
    "%2e%2e",
    "owner%23x",
    "x" * 2000,
    "\u00e9",
    "%00",
    "0" * 32,
    "*",
    "' or 1=1",
    "profile",
    "#",
    " ",
]


@pytest.mark.parametrize("route", [route for route in GUARDED if "{" in route[1]])
def test_no_id_breaks_a_route(still: Stage, route: tuple[str, str]) -> None:
    for kind in sorted(EXPECTED[route].callers or set()):
        for odd in ODD_IDS:
            ids = dict.fromkeys(UNKNOWN, odd)
            make = EXPECTED[route].body
            body = make(UNKNOWN) if make else None
            answer = still.gateway.call(route[0], route[1].format(**ids), body, token=still.anna["tokens"][kind])
            check(answer)
            assert answer.status in (400, 404, 429), (odd, answer)


ODD_QUERIES = [
    "limit=0",
    "limit=x",
    "limit=1e9",
    "limit=",
    "limit=-1",
    "next=x",
    "next=",
    "next=%00",
    "next=" + "x" * 5000,
]


@pytest.mark.parametrize("route", [route for route in GUARDED if route[0] == "GET"])
def test_no_query_breaks_a_route(still: Stage, route: tuple[str, str]) -> None:
    for kind in sorted(EXPECTED[route].callers or set()):
        for odd in ODD_QUERIES:
            check(still.ask(route, still.anna["ids"][kind], still.anna["tokens"][kind], query=f"?{odd}"))


def test_a_path_that_is_no_route_is_the_gateways_to_refuse(still: Stage) -> None:
    assert still.gateway.call("GET", "/nowhere").status == 403


def test_what_the_authorizer_says_fits_the_caller(still: Stage) -> None:
    event = {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {still.anna['tokens'][PC]}",
        "methodArn": "arn:aws:execute-api:r:1:a/api/GET/me",
    }

    told = app.caller_token(event, None)

    pc: Caller = still.anna["pc"]
    assert told["principalId"] == ANNA
    assert told["context"] == {"ownerId": ANNA, "deviceId": pc.device_id, "deviceName": "den", "scopes": "pc"}
    assert told["policyDocument"]["Statement"][0]["Resource"] == ["arn:aws:execute-api:r:1:a/api/*/*"]
