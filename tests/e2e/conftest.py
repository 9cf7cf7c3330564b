import signal
from collections.abc import Iterator

import pytest
from whole_system import WholeSystem

from tests import leaks
from tests.conftest import STARTS


@pytest.fixture(scope="session")
def one_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeSystem]:
    """The only one, for all tests: a first start takes most of the time."""
    system = WholeSystem(tmp_path_factory.mktemp("e2e"))
    yield system
    if system.process is not None and system.process.poll() is None:
        system.end(signal.SIGTERM)
    assert leaks.in_logs(system.project.parent) == [], "a log tells what nobody may know"


@pytest.fixture
def system(one_system: WholeSystem, request: pytest.FixtureRequest) -> WholeSystem:
    """A system that is up, whatever the test before did to it."""
    one_system.ensure_up()
    starts = ", ".join(f"{seconds:.1f}" for seconds in one_system.start_seconds)
    request.node.user_properties.append((STARTS, starts))
    return one_system
