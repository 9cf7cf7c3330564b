"""The app's own routes and functions, called as API Gateway calls them; every event that it passes on is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import app as deployed
from tests.gateway import Answer, Gateway

if TYPE_CHECKING:
    from collections.abc import Callable

Event = dict[str, Any]


class Recording:
    """Stands for the app's module, and keeps the last event of each function."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.admitted: Callable[[], None] = lambda: None
        self.app = self
        self.routes = deployed.app.routes
        self.gateway = Gateway(self)

    def __call__(self, event: Event, context: Any) -> Any:
        """Answer a request, of whoever was admitted."""
        self.admitted()
        self.events["api_handler"] = event
        return deployed.app(event, context)

    def caller_token(self, event: Event, context: Any) -> Any:
        """Let a caller in."""
        self.events["caller_token"] = event
        return deployed.caller_token(event, context)

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        """Ask a route as a client does."""
        return self.gateway.call(method, path, body, token=token)
