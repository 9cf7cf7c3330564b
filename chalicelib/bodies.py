"""Untrusted JSON becomes a typed, frozen value, or a refusal that names the field."""

import json
import re
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from msgspec import Meta

from chalicelib.errors import BadInputError

MOST_BYTES = 1024 * 1024

Body = TypeVar("Body")
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z", description="A UUIDv7 without hyphens: ids sort by time.")]
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """The base of all request types: camelCase outside, snake_case inside; unknown fields are ignored."""


class Reply(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The base of all reply types: what is `None` is left out."""


def parse(raw: bytes, kind: type[Body]) -> Body:
    """Read a request body as `kind`; the message of a refusal names field, value and expectation."""
    if len(raw) > MOST_BYTES:
        raise BadInputError("body", f"at most {MOST_BYTES} bytes", len(raw))
    try:
        return _decode(raw or b"null", kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), kind) from error
    except (ValueError, RecursionError) as error:
        raise BadInputError("body", "JSON") from error


def convert(values: dict[str, Any], kind: type[Body]) -> Body:
    """Read query parameters, which are all text, as `kind`."""
    try:
        return msgspec.convert(values, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), kind) from error


def to_json(reply: Any) -> Any:
    """Turn a reply into what Chalice serializes."""
    return msgspec.to_builtins(reply)


def _decode(raw: bytes, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.json.decode(_mended(raw), type=kind)


def _mended(raw: bytes) -> bytes:
    """Replace halves of characters, which JavaScript sends for a name cut in an emoji and UTF-8 cannot hold."""
    text = json.dumps(json.loads(raw), ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _refusal(message: str, kind: type[Any]) -> BadInputError:
    field, expected = _read(message)
    unknown = re.fullmatch(r"Invalid enum value (.*)", expected, re.DOTALL)
    return (
        BadInputError(field, _choices(kind, field), unknown[1].strip("'"))
        if unknown
        else BadInputError(field, expected)
    )


def _choices(kind: type[Any], field: str) -> str:
    """Name what msgspec does not: the values it would have taken."""
    choices = next((get_args(one.type) for one in msgspec.structs.fields(kind) if one.encode_name == field), ())
    return " or ".join(map(repr, choices)) or "a value it is documented with"


def _read(message: str) -> tuple[str, str]:
    """Take apart what msgspec says, as ``Expected `int` >= 1 - at `$.files[0].size` ``, into field and expectation."""
    where = re.search(r" - at `\$\.?(.*)`$", message)
    field = (where[1] if where else "") or "body"
    told = message[: where.start()] if where else message
    missing = re.fullmatch(r"Object missing required field `(.*)`", told)
    if missing:
        return (missing[1] if field == "body" else f"{field}.{missing[1]}"), "given"
    return field, told.removeprefix("Expected ").removeprefix("expected ")
