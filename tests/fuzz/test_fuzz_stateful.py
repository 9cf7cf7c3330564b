"""Long ways through the API, made up by a machine: what one answer names, the next request is about.

The ways are those that the document itself shows: which reply names a file, a device, an album, and which route takes
it.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from hypothesis import settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ensure_resource_availability,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    use_after_free,
)

import app
from chalicelib.cloud import cloud
from tests import documented
from tests.access import an_account, make_client
from tests.builders import key_of, s3_event, s3_record
from tests.expected import EXPECTED, PC, PERSON, PHONE
from tests.fuzz.made_up import EXAMPLES, quick
from tests.fuzz.served import Served
from tests.needed import ENVIRONMENT
from tests.stage import Stage, empty, set_up

STEPS = 20
ways = settings(quick, max_examples=EXAMPLES // 2, stateful_step_count=STEPS)
ASKED_FOR_ALL = {"GET /files", "GET /albums", "GET /changes", "GET /devices", "GET /me", "POST /files/search"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ensure_resource_availability,
    use_after_free,
    ignored_auth,
]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with an_account():
        cloud.cache_clear()
        yield set_up()
        cloud.cache_clear()


def arrive(begun: dict[str, Any]) -> None:
    """Put an object where a link leads, and have S3 tell of it."""
    key = key_of(begun["uploadUrl"])
    put = make_client("s3").put_object(Bucket=ENVIRONMENT["BACKHAUL_BUCKET"], Key=key, Body=b"b")
    app.object_arrived(s3_event(s3_record(key, put["VersionId"], ENVIRONMENT["BACKHAUL_BUCKET"])), None)


def test_whatever_way_is_taken_each_answer_is_documented_and_no_way_leads_past_the_guard(stage: Stage) -> None:
    schema = schemathesis.openapi.from_dict(documented.document(app))
    schema.app = Served(stage.gateway)
    answered: dict[str, set[int]] = {}

    class Ways(schema.as_state_machine()):  # type: ignore[misc] # made at run time
        met = 0

        def setup(self) -> None:
            """Give each way an owner of its own, with devices, an album, and files that are in."""
            Ways.met += 1
            empty(stage.world.table)
            self.owner = stage._owner(str(UUID(int=Ways.met, version=4)))
            asked, token = {"fileName": "b.jpg", "fileType": "image/jpeg"}, self.owner["tokens"][PHONE]
            arrive(stage.gateway.call("POST", "/upload-url", asked, token=token).body)

        def before_call(self, case: Any) -> None:
            """Ask for every other list as a whole, and for what is there: else most ways end at 404."""
            if len(self.recorder.cases) % 2:
                case.query = {}
                own = self.owner["ids"][PC]
                case.path_parameters = {
                    name: own.get(name, asked) for name, asked in (case.path_parameters or {}).items()
                }

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            route = (case.operation.method.upper(), case.operation.path)
            kinds = sorted(EXPECTED[route].callers or {PERSON})
            kind = kinds[len(self.recorder.cases) % len(kinds)]
            return {"headers": {"Authorization": f"Bearer {self.owner['tokens'][kind]}"}}

        def after_call(self, response: Any, case: Any) -> None:
            super().after_call(response, case)
            answered.setdefault(case.operation.label, set()).add(response.status_code)

        def validate_response(self, response: Any, case: Any, **sent: Any) -> None:
            known = {"headers": sent["headers"], "transport_kwargs": sent, "recorder": self.recorder}
            case.validate_response(response, checks=CHECKS, **known)

    Ways.run(settings=ways)

    assert {label for label, found in answered.items() if 200 in found} - ASKED_FOR_ALL
