"""What commands have in common: how they read what a person types, and how they count."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Read = TypeVar("Read")


def checked(parse: Callable[[str], Read]) -> Callable[[str], Read]:
    """Let a person read why a value was refused, not what the function is called that refused it."""

    def read(text: str) -> Read:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def several(number: int, thing: str = "file") -> str:
    """Count things, as a person would: `1 file`, `2,000 files`."""
    return f"{number:,} {thing}" + "s" * (number != 1)
