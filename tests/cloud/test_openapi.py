"""The document tells all there is, truly: `tests.gateway` holds every answer of every other test against it as well."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

import app
from chalicelib import contract, openapi
from chalicelib.auth import scopes
from chalicelib.bodies import Reply
from chalicelib.errors import Refusal
from chalicelib.openapi.schemas import Book, SameNameError
from tests import documented
from tests.documented import UndocumentedError
from tests.expected import ADMIN, EXPECTED, PC, PERSON, PHONE
from tests.gateway import Answer, Gateway
from tests.reachable import refusals as refusals_within_reach

DOCUMENT = documented.document(app)
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    (method.upper(), path): told for path, methods in DOCUMENT["paths"].items() for method, told in methods.items()
}
HELD = {
    PERSON: (contract.PERSON, scopes.of_person(())),
    ADMIN: (contract.PERSON, scopes.of_person({"admin"})),
    PHONE: (contract.DEVICE, scopes.of_device("phone")),
    PC: (contract.DEVICE, scopes.of_device("pc")),
}


def every_refusal(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("chalicelib.") and not one.__name__.startswith("_"):
            yield one
        yield from every_refusal(one)


def within(told: Any, name: str) -> Iterator[Any]:
    """Find every value of this name, however deep."""
    if isinstance(told, dict):
        yield from ([told[name]] if name in told else [])
    for one in told.values() if isinstance(told, dict) else told if isinstance(told, list) else []:
        yield from within(one, name)


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_route_is_told_and_nothing_else() -> None:
    assert set(OPERATIONS) == {(method, path) for path, methods in app.app.routes.items() for method in methods}


@pytest.mark.parametrize("refusal", sorted(every_refusal(), key=str))
def test_every_refusal_is_told_with_its_status_and_details(refusal: type[Refusal]) -> None:
    ref = {"$ref": f"#/components/schemas/{refusal.__name__}"}
    told = [
        status
        for route, operation in OPERATIONS.items()
        for status in operation["responses"]
        if ref["$ref"] in within(documented.response(DOCUMENT, *route, int(status)), "$ref")
    ]

    assert set(told) == {str(refusal.STATUS_CODE)}
    properties = SCHEMAS[refusal.__name__]["properties"]
    assert properties["Code"]["const"] == refusal.__name__
    assert set(properties.get("Details", {}).get("properties", {})) == set(refusal.DETAILS)


@pytest.mark.parametrize("route", OPERATIONS)
def test_a_route_tells_every_refusal_that_its_source_can_come_to(route: tuple[str, str]) -> None:
    view = app.app.routes[route[1]][route[0]].view_function
    reachable = refusals_within_reach(app, view.__name__)

    assert reachable <= set(contract.of(view).refusals)
    assert set(contract.of(view).own_refusals) <= reachable


@pytest.mark.parametrize("route", OPERATIONS)
def test_who_may_call_is_told_as_it_is(route: tuple[str, str]) -> None:
    ways = OPERATIONS[route]["security"]
    may = {
        kind for kind, (scheme, held) in HELD.items() if any(scheme in way and set(way[scheme]) <= held for way in ways)
    }

    assert may == (EXPECTED[route].callers or set())


@pytest.mark.parametrize("route", OPERATIONS)
def test_a_guarded_route_tells_what_the_gateway_says(route: tuple[str, str]) -> None:
    guarded = app.app.routes[route[1]][route[0]].authorizer is not None

    assert bool(OPERATIONS[route]["security"]) is guarded
    assert guarded <= ({"401", "403", "429"} <= set(OPERATIONS[route]["responses"]))


def test_names_of_operations_are_unique() -> None:
    names = [told["operationId"] for told in OPERATIONS.values()]

    assert len(set(names)) == len(names)


def test_every_parameter_in_a_path_tells_its_form() -> None:
    for (_, path), told in OPERATIONS.items():
        given = {one["name"]: one["schema"] for one in told.get("parameters", []) if one["in"] == "path"}
        assert set(given) == {part[1:-1] for part in path.split("/") if part.startswith("{")}
        assert all("pattern" in schema or "maxLength" in schema for schema in given.values())


def test_every_body_has_an_example() -> None:
    lacking = [
        route
        for route, told in OPERATIONS.items()
        if "requestBody" in told and "example" not in told["requestBody"]["content"]["application/json"]
    ]

    assert lacking == []


def test_every_example_is_what_it_is_an_example_of() -> None:
    shown = [media for media in within(DOCUMENT["paths"], "application/json") if "example" in media]
    rules = {"components": {"schemas": documented.strict(SCHEMAS)}}

    for media in shown:
        Draft202012Validator({**media["schema"], **rules}, format_checker=FormatChecker()).validate(media["example"])
    assert len(shown) > 20


def test_patterns_mean_the_same_in_every_dialect() -> None:
    patterns = [pattern for pattern in within(DOCUMENT, "pattern") if isinstance(pattern, str)]

    assert [pattern for pattern in patterns if re.search(r"\\[ZAzswdbSWDB]", pattern)] == []


def test_replies_never_hold_null() -> None:
    assert {"type": "null"} not in SCHEMAS["FileShown"]["properties"]["size"].get("anyOf", [])
    assert "default" not in SCHEMAS["FileShown"]["properties"]["size"]


def test_two_types_of_one_name_are_a_mistake() -> None:
    class Missing(Reply, frozen=True):
        other: int

    book = Book()
    book.schema(app.missing.Missing)

    with pytest.raises(SameNameError, match="'Missing'"):
        book.schema(Missing)


# ---- How it is served ---------------------------------------------------------------------------------------------


def test_the_document_is_served_with_a_tag_and_may_be_kept() -> None:
    answer = Gateway(app).call("GET", "/openapi.json")

    assert answer.body == DOCUMENT
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert DOCUMENT["servers"] == [{"url": documented.URL}]


def test_who_has_the_document_gets_nothing_again() -> None:
    tag = openapi.answer(app.app.routes, "https://x", {}).headers["ETag"]

    again = openapi.answer(app.app.routes, "https://x", {"if-none-match": f"W/{tag}"})

    assert (again.status_code, again.body, again.headers["ETag"]) == (304, "", tag)
    assert openapi.answer(app.app.routes, "https://y", {"if-none-match": tag}).status_code == 200


def test_no_other_request_pays_for_the_document() -> None:
    told = "import app, sys; print([m for m in sys.modules if m.startswith('chalicelib.openapi')])"

    ran = subprocess.run([sys.executable, "-c", told], env=os.environ, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


# ---- What cannot be forgotten -------------------------------------------------------------------------------------


open_to = contract.opener(lambda kind: kind())


def test_a_handler_must_say_what_it_returns() -> None:
    def silent():  # noqa: ANN202 (the point)
        pass

    with pytest.raises(KeyError, match="return"):
        open_to(contract.ANYBODY)(silent)


def test_a_handler_takes_one_body() -> None:
    def greedy(one: app.missing.Hashes, other: app.missing.Hashes) -> None:
        pass

    with pytest.raises(TypeError, match="greedy must take one body or query, it takes 2"):
        open_to(contract.ANYBODY)(greedy)


def test_a_route_without_a_contract_cannot_be_told() -> None:
    other = app.Chalice("other")
    other.route("/x")(dict)

    with pytest.raises(KeyError, match="contract"):
        openapi.write(other.routes, "https://x")


FINE = {"status": "ok", "stage": "test", "version": "1"}


@pytest.mark.parametrize(
    ("status", "body", "headers", "says"),
    [
        (418, FINE, {}, "in no document"),
        (200, {**FINE, "extra": 1}, {}, "Additional properties are not allowed"),
        (200, {"status": "ok", "stage": "test"}, {}, "'version' is a required property"),
        (200, {**FINE, "status": "fine"}, {}, "'ok'"),
        (429, {"Code": "THROTTLED", "Message": "Too Many Requests"}, {}, "when to come again"),
        (500, {"Code": "ZeroDivisionError", "Message": "oops"}, {}, "is not valid under any"),
    ],
)
def test_an_answer_that_is_not_documented_fails_every_test(
    status: int, body: Any, headers: dict[str, str], says: str
) -> None:
    with pytest.raises(UndocumentedError, match=says):
        documented.check(app, "GET", "/health", Answer(status, body, headers, json.dumps(body)))
