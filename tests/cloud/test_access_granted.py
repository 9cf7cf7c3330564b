"""What the right credential opens, and that nothing said beside it matters."""

from collections.abc import Iterator

import pytest

from chalicelib.cloud import cloud
from tests.access import BERT, an_account
from tests.expected import EXPECTED, PERSON
from tests.stage import (
    GUARDED,
    OPEN,
    ROUTES,
    UNKNOWN,
    Items,
    Stage,
    all_items,
    check,
    items_of,
    refused,
    set_back,
    set_up,
)


@pytest.fixture(scope="module")
def new_stage() -> Iterator[tuple[Stage, Items]]:
    with an_account():
        cloud.cache_clear()
        stage = set_up()
        yield stage, all_items(stage.world.table)
        cloud.cache_clear()


@pytest.fixture
def stage(new_stage: tuple[Stage, Items]) -> Stage:
    """A stage as if nobody had used it yet: what is granted changes things."""
    stage, items = new_stage
    set_back(stage, items)
    return stage


@pytest.mark.parametrize(
    ("route", "kind"), [(route, kind) for route in GUARDED for kind in sorted(EXPECTED[route].callers or set())]
)
def test_the_right_key_opens_its_routes(stage: Stage, route: tuple[str, str], kind: str) -> None:
    answer = stage.ask(route, stage.anna["ids"][kind], stage.anna["tokens"][kind])

    check(answer)
    assert answer.status == EXPECTED[route].granted, answer


@pytest.mark.parametrize("route", OPEN)
def test_an_open_route_asks_nobody_who_they_are(stage: Stage, route: tuple[str, str]) -> None:
    answer = stage.ask(route, UNKNOWN, None)

    check(answer)
    assert not refused(answer) or answer.body["Code"] == "SessionEndedError", answer


@pytest.mark.parametrize("route", GUARDED)
def test_who_one_claims_to_be_does_not_matter(stage: Stage, route: tuple[str, str]) -> None:
    kind = min(EXPECTED[route].callers or set())
    before = items_of(stage, BERT)
    theirs = stage.bert["ids"][kind]
    lies = {"ownerId": BERT, "userId": BERT, "owner_id": BERT, "sub": BERT, "scopes": "admin", "callerId": BERT}
    lies |= {"deviceId": theirs["device_id"], "principalId": BERT, "key": f"originals/{BERT}/x"}
    method = route[0]
    query = f"?ownerId={BERT}&userId={BERT}&scopes=admin"

    answer = stage.ask(
        route, stage.anna["ids"][kind], stage.anna["tokens"][kind], more=None if method == "GET" else lies, query=query
    )

    check(answer)
    if route != ("GET", "/admin/owners"):
        assert BERT not in answer.text
        assert theirs["device_id"] not in answer.text
    assert items_of(stage, BERT) == before


ODD_BODIES = [
    None,
    "",
    "{",
    "null",
    "[]",
    "{}",
    '"text"',
    "7",
    "\u0000",
    '{"email": 7, "files": 7, "receipts": {}, "name": [], "userCode": null, "deviceCode": {}, "password": []}',
    '{"files": [], "receipts": [], "email": "", "password": "", "code": "", "session": "", "refreshToken": ""}',
    '{"files": [7, null, {}], "receipts": [7]}',
    "[" * 20_000,
    '{"a":' * 20_000,
    '{"email": "' + "x" * 100_000 + '"}',
    '{"name": "\\ud800", "fileName": "\\ud800", "fileType": "\\ud800", "kind": "pc", "userCode": "\\ud800"}',
    '{"email": "a@b.cc", "password": "\\u0000", "code": "000000", "refreshToken": "x", "session": "|||"}',
]


@pytest.mark.parametrize("route", [route for route in ROUTES if route[0] != "GET"])
def test_no_body_breaks_a_route(stage: Stage, route: tuple[str, str]) -> None:
    kind = max(EXPECTED[route].callers or {PERSON})
    token = stage.anna["tokens"][kind] if EXPECTED[route].callers is not None else None
    path = route[1].format(**stage.anna["ids"][kind])
    for body in ODD_BODIES:
        check(stage.gateway.call(route[0], path, body, token=token))
