import signal
from collections.abc import Iterator

import pytest
from whole_system import WholeSystem

SYSTEMS = pytest.StashKey[list[WholeSystem]]()


@pytest.fixture(scope="session")
def one_system(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[WholeSystem]:
    """The only one, for all tests: a first start takes most of the time."""
    system = WholeSystem(tmp_path_factory.mktemp("e2e"))
    pytestconfig.stash.setdefault(SYSTEMS, []).append(system)
    yield system
    if system.process is not None and system.process.poll() is None:
        system.end(signal.SIGTERM)


@pytest.fixture
def system(one_system: WholeSystem) -> WholeSystem:
    """A system that is up, whatever the test before did to it."""
    one_system.ensure_up()
    return one_system


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell how long the starts took; a number to watch, not one to fail on."""
    for system in config.stash.get(SYSTEMS, []):
        starts = ", ".join(f"{seconds:.1f}" for seconds in system.start_seconds)
        terminalreporter.write_line(f"starts of the whole system, the first one first: {starts} s")
