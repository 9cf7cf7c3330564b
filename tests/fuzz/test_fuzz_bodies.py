"""Bodies that nobody meant to send: each is read as its type or refused by name, and no route breaks on any."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import app
from chalicelib import bodies, contract
from chalicelib.cloud import cloud
from chalicelib.errors import BadInputError
from chalicelib.openapi.examples import find_example
from tests.access import an_account
from tests.expected import EXPECTED, PERSON
from tests.fuzz.made_up import many, quick, spoilt, values
from tests.stage import ROUTES, Stage, set_up

ASKED = {(method, path): contract.of(app.app.routes[path][method].view_function).asked for method, path in ROUTES}
BODIES = {route: asked[1] for route, asked in ASKED.items() if asked and route[0] != "GET"}
QUERIES = {route: asked[1] for route, asked in ASKED.items() if asked and route[0] == "GET"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with an_account():
        cloud.cache_clear()
        yield set_up()
        cloud.cache_clear()


def read_or_refused(read: Any, given: Any, kind: type[Any]) -> None:
    """Whatever is given becomes a value of its type, or a refusal that names a field."""
    try:
        told = read(given, kind)
    except BadInputError as refusal:
        told = refusal
    assert isinstance(told, kind) or (told.details["field"] and len(told.message) < 1000)


def a_body(draw: Any, kind: type[Any]) -> bytes:
    """Make a body that is nearly right, any JSON, or no JSON at all."""
    form = draw(st.integers(0, 4))
    if form == 0:
        return draw(st.binary(max_size=60))
    told = draw(values) if form == 1 else spoilt(draw, find_example(kind))
    return json.dumps(told).encode()


@pytest.mark.parametrize("kind", sorted(set(BODIES.values()), key=str))
def test_any_body_is_read_or_refused(kind: type[Any]) -> None:
    @many
    @given(data=st.data())
    def holds(data: Any) -> None:
        read_or_refused(bodies.parse, a_body(data.draw, kind), kind)

    holds()


@pytest.mark.parametrize("kind", sorted(set(QUERIES.values()), key=str))
def test_any_query_is_read_or_refused(kind: type[Any]) -> None:
    names = st.sampled_from(["limit", "next"]) | st.text(max_size=5)
    texts = st.text(max_size=20) | st.integers().map(str) | st.floats().map(str)

    @many
    @given(query=st.dictionaries(names, texts, max_size=3))
    def holds(query: dict[str, str]) -> None:
        read_or_refused(bodies.convert, query, kind)

    holds()


@pytest.mark.parametrize("route", BODIES)
def test_no_body_breaks_a_route(stage: Stage, route: tuple[str, str]) -> None:
    method, path = route
    kinds = sorted(EXPECTED[route].callers or {PERSON})

    @quick
    @given(data=st.data(), kind=st.sampled_from(kinds), n=st.integers(0, 2**16 - 1))
    def holds(data: Any, kind: str, n: int) -> None:
        ids, token = stage.anna["ids"][kind], stage.anna["tokens"][kind]
        body = a_body(data.draw, BODIES[route]).decode("utf-8", "replace")

        answer = stage.gateway.call(method, path.format(**ids), body, token=token, address=f"2001:db8:0:{n:x}::1")

        assert answer.status < 500, (body, answer)

    holds()
