"""Requests made up by a machine from the document: whatever is asked, by whomever, the answer is a documented one."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import app
from chalicelib import contract
from chalicelib.cloud import cloud
from tests import documented
from tests.access import an_account
from tests.expected import EXPECTED, PERSON
from tests.fuzz.made_up import quick
from tests.fuzz.served import Served
from tests.stage import ROUTES, Stage, set_up

# Not among them: that what the document forbids is refused. A bad file in a batch is answered on its own, and what
# the document does not know is ignored.
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with an_account():
        cloud.cache_clear()
        yield set_up()
        cloud.cache_clear()


@pytest.fixture(scope="module")
def api(stage: Stage) -> Any:
    made = schemathesis.openapi.from_dict(documented.document(app))
    made.app = Served(stage.gateway)
    return made


def ways(route: tuple[str, str]) -> list[GenerationMode]:
    """Right requests and, where there is anything to get wrong, wrong ones."""
    said = contract.of(app.app.routes[route[1]][route[0]].view_function)
    return list(GenerationMode) if said.path or said.asked else [GenerationMode.POSITIVE]


@pytest.mark.parametrize(("route", "mode"), [(route, mode) for route in ROUTES for mode in ways(route)])
def test_a_made_up_request_gets_a_documented_answer(
    stage: Stage, api: Any, route: tuple[str, str], mode: GenerationMode
) -> None:
    method, path = route
    kinds = sorted(EXPECTED[route].callers or {PERSON})

    @quick
    @given(case=api[path][method].as_strategy(mode), kind=st.sampled_from(kinds), own=st.booleans())
    def holds(case: Any, kind: str, own: bool) -> None:
        # A made-up id is nobody's. What takes things away keeps it, or there would soon be nothing left to ask about.
        if own and method != "DELETE":
            ids = stage.anna["ids"][kind]
            case.path_parameters = {name: ids.get(name, asked) for name, asked in (case.path_parameters or {}).items()}
        answer = case.call(headers={"Authorization": f"Bearer {stage.anna['tokens'][kind]}"})

        assert answer.status_code < 500, (case.body, answer.text)
        case.validate_response(answer, checks=CHECKS)

    holds()
