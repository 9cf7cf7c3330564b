"""Changes to another library's classes: guarded, so that none is made twice, and able to be taken back.

The marker sits on the function itself, so a second installation in one process (a test, a reloader) adds nothing.
"""

from collections.abc import Callable
from typing import Any

Around = Callable[[Callable[..., Any]], Callable[..., Any]]
_MARK = "_backhaul"
_ABSENT = object()


class Patches:
    """What was changed, in order."""

    def __init__(self) -> None:
        self._undo: list[tuple[type, str, Any]] = []

    def wrap(self, owner: type, name: str, around: Around) -> None:
        """Put a function of ours around a method or a read-only property of a class."""
        found = vars(owner)[name]
        inner: Any = found.fget if isinstance(found, property) else found
        if hasattr(inner, _MARK):
            return
        outer = around(inner)
        setattr(outer, _MARK, True)
        self._set(owner, name, property(outer) if isinstance(found, property) else outer)

    def add(self, owner: type, name: str, method: Callable[..., Any]) -> None:
        """Give a class a method it does not have."""
        if name not in vars(owner):
            self._set(owner, name, method)

    def undo(self) -> None:
        """Take every change back, the last one first."""
        while self._undo:
            owner, name, before = self._undo.pop()
            if before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)

    def _set(self, owner: type, name: str, value: Any) -> None:
        self._undo.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)
