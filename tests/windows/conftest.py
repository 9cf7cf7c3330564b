"""What only Windows can show. On other systems these tests are not collected: `make test-windows` runs them."""

from __future__ import annotations

import sys

import pytest
from not_under_wine import REASONS

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what Wine would judge wrongly."""
    for item in items:
        reason = REASONS.get(item.name) or REASONS.get(item.name.partition("[")[0])
        if reason is not None and under_wine():
            item.add_marker(pytest.mark.skip(reason=reason))


def under_wine() -> bool:
    """Tell Wine from Windows: Wine's ntdll says so."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.windll.ntdll, "wine_get_version")
