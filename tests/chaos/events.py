"""S3's events as AWS may tell them: in turn, twice, late or never. Knows the emulator's insides.

AWS keeps events in a queue of its own; the emulator starts a function for each at once, and a hundred uploads would
have a hundred Pythons import boto3 side by side. So they take turns here.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.weather import Weather

FUNCTION = "object_arrived"
MOST_AT_ONCE = {FUNCTION: 3, "media_queued": 2, "pcs_changed": 1}
Tell = Callable[[dict[str, Any], dict[str, Any]], None]
Execute = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


def take_over(weather: Weather, raging: Path) -> None:
    """Stand between S3 and the function that hears of arrivals."""
    # Here and not above: it reads its settings when it is imported.
    from ministack.services import lambda_svc

    lambda_svc.invoke_async_with_retry = unreliable(lambda_svc.invoke_async_with_retry, weather, raging)
    lambda_svc._execute_function = in_turn(lambda_svc._execute_function)


def unreliable(tell: Tell, weather: Weather, raging: Path) -> Tell:
    """Wrap what tells a function of an event."""

    def told(function: dict[str, Any], event: dict[str, Any]) -> None:
        is_ours = raging.exists() and _name(function).endswith(FUNCTION)
        fault = weather.next("event") if is_ours else None
        if fault is None:
            tell(function, event)
            return
        weather.note(fault.name)
        for _ in range(fault.times):
            here = contextvars.copy_context()
            later = threading.Timer(fault.delay, here.run, (tell, function, event))
            later.daemon = True
            later.start()

    return told


def in_turn(execute: Execute) -> Execute:
    """Wrap what runs a function. It may call itself on the way, which takes no second turn."""
    gates, here = {name: threading.Semaphore(most) for name, most in MOST_AT_ONCE.items()}, threading.local()

    def executed(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        gate = next((gate for name, gate in gates.items() if _name(function).endswith(name)), None)
        if gate is None or getattr(here, "has_turn", False):
            return execute(function, event)
        with gate:
            here.has_turn = True
            try:
                return execute(function, event)
            finally:
                here.has_turn = False

    return executed


def _name(function: dict[str, Any]) -> str:
    config = function.get("config") or function
    return str(config.get("FunctionName", ""))
