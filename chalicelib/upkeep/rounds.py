"""A scheduled function's round: its parts one after the other. One that fails keeps no other from running."""

from collections.abc import Callable

from chalicelib.cloud import Cloud
from chalicelib.metadata import watches

Part = Callable[[Cloud], None]


def run(world: Cloud, name: str, *parts: Part) -> None:
    """Run every part, then mark that all ran to their end; or raise the first error, and leave no mark."""
    failures = [error for error in (_failure(world, part) for part in parts) if error]
    if failures:
        raise failures[0]
    watches.ran(world.table, name, world.now_text())


def _failure(world: Cloud, part: Part) -> Exception | None:
    try:
        part(world)
    except Exception as error:  # noqa: BLE001 (raised by `run`; one part must not keep all behind it waiting)
        return error
    return None
