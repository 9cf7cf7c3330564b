"""Waiting a while for whoever has a file open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""How long to wait, in seconds, for antivirus or an indexer to let go of a file: about three seconds in all."""


def patiently(deed: Callable[[], object], sleep: Callable[[float], None] = time.sleep) -> None:
    """Do what antivirus or an indexer may forbid for a moment."""
    for pause in PATIENCE:
        try:
            deed()
        except PermissionError:
            sleep(pause)
        else:
            return
    deed()
