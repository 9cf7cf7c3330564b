"""What can go wrong while something is built to be shipped.

ShippingError
├── WrongIngredientError   an ingredient is not the one that was pinned
└── ToolFailedError        pip or uv did not do what it was asked
"""

from __future__ import annotations

from collections.abc import Sequence


class ShippingError(Exception):
    """Raised when nothing can be shipped; the message says why."""


class WrongIngredientError(ShippingError):
    """Raised when an ingredient is not the one that was pinned."""

    def __init__(self, name: str, expected: str, got: str) -> None:
        super().__init__(f"{name} must have sha256 {expected}, got {got}")
        self.name, self.expected, self.got = name, expected, got


class ToolFailedError(ShippingError):
    """Raised when pip or uv did not do what it was asked."""

    def __init__(self, command: Sequence[str], said: str) -> None:
        super().__init__(f"`{' '.join(command)}` failed: {said.strip()}")
        self.command, self.said = list(command), said
