"""How the tests are shared out when several processes run them (`make test`): what needs one system stays together."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from tests import leaks

# Moto and botocore make many objects that stay: with the usual thresholds a third of the time goes into looking.
gc.set_threshold(100_000, 50, 100)

TOGETHER = {
    "tests/e2e/": "the whole system",
    "tests/infra/test_infra_for_real.py": "a deploy for real",
    "tests/browser/test_browser_account.py": "a phone and the whole system",
    "tests/browser/test_browser_page.py": "a phone and the whole system",
}
"""A test anywhere else may run in any process, beside any other."""
STARTS = "seconds to start the whole system"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each group to one process. Marks for `--dist loadgroup` say nothing any more: pytest 9.2 hides them."""
    from xdist.scheduler import LoadScopeScheduling  # here, since nobody else needs it to be there

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((group for where, group in TOGETHER.items() if nodeid.startswith(where)), nodeid)

    return Together(config, log)


def pytest_configure() -> None:
    leaks.begin()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Search what the test logged and printed: a secret in it fails the run, whatever the test was about."""
    told: list[str] = []
    try:
        yield
    finally:
        told = leaks.WATCH.taken(text for _, what, text in item._report_sections if what in ("stdout", "stderr"))
    if told:
        pytest.fail(f"the log tells what nobody may know: {told}", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how long the starts took; a number to watch, not one to fail on."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    told = [said for report in reports for said in getattr(report, "user_properties", []) if said[0] == STARTS]
    for _, starts in told[-1:]:
        terminalreporter.write_line(f"starts of the whole system, the first one first: {starts} s")
