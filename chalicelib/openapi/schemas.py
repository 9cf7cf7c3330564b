"""Our types as JSON Schema: what msgspec says of them, put so that generators of clients understand it."""

from types import UnionType
from typing import Any, get_args

import msgspec

from chalicelib.bodies import Reply

Json = dict[str, Any]
REF = "#/components/schemas/{name}"
_NULL = {"type": "null"}


class Nothing(Reply, frozen=True):
    """Done; there is nothing to tell."""


class SameNameError(TypeError):
    """Raised when two types would be one component: names of types are part of the API."""

    def __init__(self, name: str) -> None:
        super().__init__(f"two types of the API are called {name!r}")


class Book:
    """The components that the document holds so far."""

    def __init__(self) -> None:
        self.components: Json = {}
        self.responses: Json = {}

    def schema(self, kind: Any) -> Json:
        """Return the schema of a type, a reference where it is a component."""
        if isinstance(kind, UnionType):
            return {"oneOf": [self.schema(one) for one in get_args(kind)]}
        (schema,), components = msgspec.json.schema_components([kind], ref_template=REF)
        for name, component in components.items():
            self.add(name, _tidy(_without_null(component) if _is_reply(kind) else component))
        told: Json = _tidy(schema)
        return told

    def fields(self, kind: type[msgspec.Struct]) -> Json:
        """Return the schema of a type whose fields stand on their own: those of a query."""
        _, components = msgspec.json.schema_components([kind], ref_template=REF)
        told: Json = _tidy(_without_null(components[kind.__name__]))
        return told

    def add(self, name: str, schema: Json) -> None:
        """Put a component in."""
        if self.components.setdefault(name, schema) != schema:
            raise SameNameError(name)


def _is_reply(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Reply)


def _without_null(told: Json) -> Json:
    """Replies and queries leave out what is not there, so `null` never occurs in them."""
    properties = {name: _not_null(schema) for name, schema in told.get("properties", {}).items()}
    return {**told, "properties": properties} if properties else told


def _not_null(schema: Json) -> Json:
    if _NULL not in schema.get("anyOf", []):
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    kinds = [kind for kind in schema["anyOf"] if kind != _NULL]
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def _tidy(schema: Any) -> Any:
    r"""Write patterns as every dialect reads them, `\Z` being Python's for `$`, and tell the type of what is listed."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _tidy(value) for name, value in schema.items()}
    if isinstance(told.get("pattern"), str):
        told["pattern"] = told["pattern"].replace(r"\Z", "$")
    return {"type": "string", **told} if isinstance(told.get("enum"), list) else told
