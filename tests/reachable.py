"""Which refusals a handler can come to, read from the source: what it refers to, and what that refers to, and so on.

Methods are found by name alone, so it may see too much, never too little: an object's class is not known here.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import chalicelib
from chalicelib.errors import Refusal

Node = tuple[str, str]
# The pool judges a password only where one is set, and there ours has judged it before.
SILENT = ("annotation", "returns", "decorator_list")
NEVER = {(("chalicelib.auth.user_pool", "_ALWAYS"), "WeakPasswordError")}


def refusals(module: ModuleType, handler: str) -> set[type[Refusal]]:
    """Return the public refusals within reach of a function."""
    _, found = _walk(module, handler)
    return {kind for kind in found if not kind.__name__.startswith("_")}


def nodes(module: ModuleType, handler: str) -> set[Node]:
    """Return the functions and methods within reach of a function, itself included."""
    return _walk(module, handler)[0]


def _walk(module: ModuleType, handler: str) -> tuple[set[Node], set[type[Refusal]]]:
    seen: set[Node] = set()
    left: list[Node] = [(module.__name__, handler)]
    found: set[type[Refusal]] = set()
    while left:
        node = left.pop()
        if node in seen:
            continue
        seen.add(node)
        for other in _references(node):
            if (node, other[1]) in NEVER:
                continue
            if _is_refusal(*other):
                found.add(getattr(importlib.import_module(other[0]), other[1]))
            else:
                left.append(other)
    return seen, found


def _is_refusal(module: str, name: str) -> bool:
    kind = getattr(importlib.import_module(module), name.partition(".")[0], None)
    return isinstance(kind, type) and issubclass(kind, Refusal)


def _references(node: Node) -> Iterator[Node]:
    module = importlib.import_module(node[0])
    for body in sources(node[0]).get(node[1], []):
        for part in _spoken(body):
            yield from _resolved(module, part)


def _resolved(module: ModuleType, part: ast.AST) -> Iterator[Node]:
    if isinstance(part, ast.Name) and hasattr(module, part.id):
        target = getattr(module, part.id)
        origin = getattr(target, "__module__", None) or module.__name__
        known = str(origin).startswith("chalicelib") and hasattr(target, "__name__")
        yield (origin, target.__name__) if known else (module.__name__, part.id)
    if isinstance(part, ast.Attribute):
        base = getattr(module, part.value.id, None) if isinstance(part.value, ast.Name) else None
        if isinstance(base, ModuleType):
            if base.__name__.startswith("chalicelib"):
                yield base.__name__, part.attr
        else:
            yield from _methods().get(part.attr, [])


def _spoken(body: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs: neither annotations nor what is only caught."""
    yield body
    for name, value in ast.iter_fields(body):
        if name in SILENT or (name == "type" and isinstance(body, ast.ExceptHandler)):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield from _spoken(one)


@cache
def sources(module: str) -> dict[str, list[ast.AST]]:
    """Find what each name of a module stands for, methods as Class.method."""
    found: dict[str, list[ast.AST]] = {}
    for part in ast.parse(inspect.getsource(importlib.import_module(module))).body:
        for name, body in _named(part):
            found.setdefault(name, []).append(body)
    return found


def _named(part: Any) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(part, ast.FunctionDef):
        yield part.name, part
    if isinstance(part, ast.ClassDef):
        yield from ((f"{part.name}.{one.name}", one) for one in part.body if isinstance(one, ast.FunctionDef))
    if isinstance(part, ast.Assign):
        yield from ((one.id, part.value) for one in part.targets if isinstance(one, ast.Name))
    if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.value:
        yield part.target.id, part.value


@cache
def _methods() -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        if module.name.startswith("chalicelib.openapi"):
            continue
        for name in sources(module.name):
            if "." in name and not _is_refusal(module.name, name):
                found.setdefault(name.partition(".")[2], []).append((module.name, name))
    return found
