"""Every way an operation says no: our refusals by class, Chalice's own, and what API Gateway answers without us."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from types import NoneType
from typing import Any, get_args

from chalicelib.errors import Refusal
from chalicelib.openapi.schemas import REF, Book, Json

HEADERS: Json = {
    "RetryAfter": {"description": "When to come again, in seconds.", "required": True, "schema": {"type": "integer"}}
}
_ASKS_FOR_PATIENCE = {429, 503}


@dataclass(frozen=True)
class Framework:
    """An error that is no class of ours: what stands in `Code`, or the form of it, and when it is told."""

    name: str
    status: int
    code: Json
    when: str
    message: tuple[str, ...] = ("string",)


_GATEWAY_NAME = "GatewayError"
_GATEWAY: Json = {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$", "examples": ["UNAUTHORIZED", "THROTTLED"]}


def _const(name: str) -> Json:
    return {"type": "string", "const": name}


def _gateway(status: int) -> Framework:
    return Framework(_GATEWAY_NAME, status, _GATEWAY, "Told by API Gateway itself.", ("string", "null"))


_ALWAYS = (
    _gateway(403),
    _gateway(429),
    _gateway(500),
    Framework("InternalServerError", 500, _const("InternalServerError"), "Told when we are at fault."),
    _gateway(502),
    _gateway(504),
)
_OF_A_BODY = (
    _gateway(413),
    Framework("UnsupportedMediaType", 415, _const("UnsupportedMediaType"), "Told when a body is not JSON by type."),
    _gateway(415),
)
_OF_A_GUARD = (_gateway(401),)


def of_gateway(*, guarded: bool, has_body: bool) -> list[Framework]:
    """Return what callers may hear before, or instead of, our handler."""
    return [*_ALWAYS, *(_OF_A_BODY if has_body else ()), *(_OF_A_GUARD if guarded else ())]


def responses(every: Iterable[type[Refusal] | Framework], book: Book) -> Json:
    """Group refusals by status; each, and each group of them, becomes a component."""
    # The gateway's goes last: it fits any code, and simple clients take the first that fits.
    ordered = sorted(every, key=lambda one: (_status(one), _name(one) == _GATEWAY_NAME, _name(one)))
    return {str(status): _shared(status, list(same), book) for status, same in groupby(ordered, key=_status)}


def _shared(status: int, same: list[type[Refusal] | Framework], book: Book) -> Json:
    name = f"{'Or'.join(map(_name, same))}{status}"
    if name not in book.responses:
        book.responses[name] = _response(status, same, book)
    return {"$ref": f"#/components/responses/{name}"}


def _response(status: int, same: list[type[Refusal] | Framework], book: Book) -> Json:
    for one in same:
        book.add(_name(one), _schema(one))
    kinds = [{"$ref": REF.format(name=_name(one))} for one in same]
    told: Json = {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(map(_name, same))}.",
        "content": {"application/json": {"schema": kinds[0] if len(kinds) == 1 else {"oneOf": kinds}}},
    }
    if status in _ASKS_FOR_PATIENCE:
        told["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return told


def _schema(one: type[Refusal] | Framework) -> Json:
    if isinstance(one, Framework):
        return _error(one.name, one.when, one.code, list(one.message))
    schema = _error(one.__name__, (one.__doc__ or "").strip(), _const(one.__name__), ["string"])
    if one.DETAILS:
        schema["required"].append("Details")
        schema["properties"]["Details"] = _details(one)
    return schema


def _error(title: str, about: str, code: Json, message: list[str]) -> Json:
    kind: Any = message[0] if len(message) == 1 else message
    return {
        "title": title,
        "type": "object",
        "description": about,
        "required": ["Code", "Message"],
        "properties": {"Code": code, "Message": {"type": kind}},
    }


def _details(one: type[Refusal]) -> Json:
    book = Book()
    properties = {name: book.schema(_told(kind)) for name, kind in one.DETAILS.items()}
    required = sorted(name for name, kind in one.DETAILS.items() if _told(kind) is kind)
    return {"type": "object", "required": required, "properties": properties}


def _told(kind: Any) -> Any:
    """Return the type of a detail where it is told; one that may be None is left out instead, as in other answers."""
    some = [one for one in get_args(kind) if one is not NoneType]
    return some[0] if len(some) < len(get_args(kind)) else kind


def _status(one: type[Refusal] | Framework) -> int:
    return one.status if isinstance(one, Framework) else one.STATUS_CODE


def _name(one: type[Refusal] | Framework) -> str:
    return one.name if isinstance(one, Framework) else one.__name__
