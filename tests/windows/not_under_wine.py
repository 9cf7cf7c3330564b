"""Tests that pass or fail under Wine for Wine's own reasons, each with what Wine does otherwise than Windows.

They run on Linux and macOS; on Windows itself nobody has run them. A pytest plugin: `-p tests.windows.not_under_wine`.
"""

from __future__ import annotations

import sys

import pytest

REASONS = {
    "test_a_link_that_leads_outside_is_not_followed": "Wine makes symbolic links that Windows programs cannot tell",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what Wine would judge wrongly."""
    for item in items:
        reason = REASONS.get(item.name.partition("[")[0])
        if reason is not None and under_wine():
            item.add_marker(pytest.mark.skip(reason=reason))


def under_wine() -> bool:
    """Tell Wine from Windows: Wine's ntdll says so."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.windll.ntdll, "wine_get_version")
