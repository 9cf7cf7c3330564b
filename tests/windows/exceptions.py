"""The agent's tests that say nothing under Windows or under Wine, each with the reason. They run on Linux and macOS.

A pytest plugin: `-p tests.windows.exceptions`.
"""

from __future__ import annotations

import sys

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
