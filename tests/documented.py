"""Holds answers against the OpenAPI document, more strictly than a client should: what is not told may not be there."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from chalicelib import openapi

URL = "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/api"


class UndocumentedError(AssertionError):
    """Raised for an answer that the document does not foresee."""


@cache
def document(module: Any) -> Any:
    """Return the document of an app module."""
    return openapi.write(module.app.routes, URL)


def check(module: Any, method: str, path: str, answer: Any) -> None:
    """Refuse an answer that the document does not foresee."""
    where = f"{method} {path} {answer.status}"
    told = response(document(module), method, path, answer.status)
    if told is None:
        raise UndocumentedError(f"{where} is in no document: {answer}")
    if "application/json" in told.get("content", {}):
        errors = [error.message for error in _validator(module, method, path, answer.status).iter_errors(answer.body)]
        if errors:
            raise UndocumentedError(f"{where} is told otherwise: {errors}, got {answer.text}")
    if "Retry-After" in told.get("headers", {}) and not answer.headers.get("Retry-After", "").isdigit():
        raise UndocumentedError(f"{where} does not say when to come again")


def response(document: Any, method: str, path: str, status: int) -> Any:
    """Return what the document says of an answer, or `None`."""
    told = document["paths"][path][method.lower()]["responses"].get(str(status))
    reference = (told or {}).get("$ref")
    return document["components"]["responses"][reference.rpartition("/")[2]] if reference else told


def strict(schema: Any) -> Any:
    """Forbid what a schema does not name, wherever it names anything."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: strict(value) for name, value in schema.items()}
    if isinstance(told.get("properties"), dict) and told.get("type") == "object":
        told.setdefault("additionalProperties", False)
    return told


@cache
def _validator(module: Any, method: str, path: str, status: int) -> Draft202012Validator:
    told = response(document(module), method, path, status)
    schema = strict(told["content"]["application/json"]["schema"])
    return Draft202012Validator({**schema, **_components(module)}, format_checker=FormatChecker())


@cache
def _components(module: Any) -> Any:
    return {"components": {"schemas": strict(document(module)["components"]["schemas"])}}
