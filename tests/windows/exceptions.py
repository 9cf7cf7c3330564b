"""The agent's tests that say nothing under Windows or under Wine, each with the reason. They run on Linux and macOS.

A pytest plugin: `-p tests.windows.exceptions`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

NO_PERMISSION_BITS = "Windows has no permission bits; there the key is in the credential store"
NO_SIGNALS = "Windows has no signals between processes; tests/windows presses Ctrl-C instead"
ON_WINDOWS = {
    "test_pairing_prints_two_json_lines_and_keeps_the_key_from_others": NO_PERMISSION_BITS,
    "test_without_a_credential_store_the_key_is_kept_in_a_file_and_it_is_said": NO_PERMISSION_BITS,
    "test_a_key_file_others_may_read_is_closed": NO_PERMISSION_BITS,
    "test_files_come_home_and_a_stop_is_clean": NO_SIGNALS,
    "test_ctrl_c_stops_it_too": NO_SIGNALS,
    "test_an_idle_agent_uses_no_time": "reads the time used from /proc",
}
UNDER_WINE = {
    "test_the_bucket_is_believed_by_its_root_alone": "obstore asks Windows, and Wine's answer is worth nothing",
    "test_a_link_that_leads_outside_is_not_followed": "Wine makes symbolic links that Windows programs cannot tell",
}

PURE = "pure: text and numbers in, text and numbers out"
FAKES = "everything that Windows does in it is a fake"
LEFT_TO_LINUX = {
    "test_agent_bench_figures.py": PURE,
    "test_agent_config.py": PURE,
    "test_agent_crowds.py": "whose turn it is, and how many bytes there are; disk, names and processes are run's",
    "test_agent_document.py": "compares a document with the program",
    "test_agent_nearby.py": "when there is to be another look; download's tests look at Windows' drive",
    "test_agent_package.py": "reads what pip is told",
    "test_agent_install.py": FAKES + "; test_windows_startup.py, when named, asks the real ones",
    "test_agent_qr.py": PURE,
    "test_agent_ranges.py": "the order of bytes and whose they are; download's tests write them to Windows' drive",
    "test_agent_rules.py": PURE,
    "test_agent_screen.py": PURE + ", and a terminal that Windows has not",
    "test_agent_startup.py": PURE + "; test_windows_startup.py, when named, asks the real ones",
    "test_agent_welcome.py": FAKES,
}
"""Files that Windows cannot fail differently; run there all the same when they are named."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave whole files to Linux, unless somebody names them."""
    named = any(collection_path.name in one for one in config.invocation_params.args)
    return True if collection_path.name in LEFT_TO_LINUX and not named else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what would be judged wrongly here."""
    reasons = ON_WINDOWS | (UNDER_WINE if under_wine() else {})
    for item in items:
        reason = reasons.get(item.name.partition("[")[0])
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


def under_wine() -> bool:
    """Tell Wine from Windows: Wine's ntdll says so."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.windll.ntdll, "wine_get_version")
