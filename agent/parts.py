"""What an agent at work is made of. Wired in `session`, handed to those who need several of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.fetch.breadth import Breadth
from agent.patience import backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.config import Config
    from agent.drive.catalog import Catalog
    from agent.drive.home import Home
    from agent.fetch.delivery import Courier
    from agent.wire.api import DeviceApi
    from agent.wire.inbox import Inbox


@dataclass(frozen=True)
class Parts:
    """One home folder's agent: where, how, and with what."""

    home: Home
    config: Config
    catalog: Catalog
    api: DeviceApi
    inbox: Inbox
    courier: Courier
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    patience: Callable[[int], float] = backoff
    breadth: Breadth = field(default_factory=Breadth)
    recall: Callable[[], None] = lambda: None
    """Begin to send back what the cloud asks for, beside all else."""
    may_fetch: Callable[[], bool] = lambda: True
    """Whether files may be begun now; asked every second while they may not. What is under way goes on."""
