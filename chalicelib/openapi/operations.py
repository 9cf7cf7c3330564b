"""One operation: what a handler says of its route, in OpenAPI's words."""

from dataclasses import dataclass
from typing import Any

from chalice.app import Response

from chalicelib import page
from chalicelib.contract import Callers, Contract, Handler
from chalicelib.openapi import refusals
from chalicelib.openapi.examples import find_example
from chalicelib.openapi.schemas import Book, Json, Nothing

# The replies that are made by hand.
_THIS_DOCUMENT: Json = {
    "200": {
        "description": "This document.",
        "headers": {"ETag": {"description": "What this very document is known by.", "schema": {"type": "string"}}},
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "304": {"description": "The document is the one that If-None-Match names."},
}
_A_PAGE: Json = {
    "200": {
        "description": "A file of the page.",
        "headers": {"ETag": {"description": "What this very file is known by.", "schema": {"type": "string"}}},
        "content": {"text/*": {}, "image/svg+xml": {}, "application/manifest+json": {}},
    },
    "304": {"description": "The file is the one that If-None-Match names."},
}


@dataclass(frozen=True)
class Route:
    """A handler, and how it is reached."""

    method: str
    path: str
    handler: Handler
    contract: Contract

    @property
    def has_body(self) -> bool:
        """Whether what is asked comes in the body, not in the query."""
        return self.contract.asked is not None and self.method != "GET"


def operation(route: Route, book: Book) -> Json:
    """Describe one method of one path."""
    told: Json = {
        "operationId": _camel(route.handler.__name__),
        "summary": (route.handler.__doc__ or "").strip(),
        "tags": [route.path.split("/")[1] or "web"],
        "security": _security(route.contract.callers),
        "parameters": [*_path_parameters(route, book), *_query_parameters(route, book)],
        "responses": {**_success(route.contract.reply, book), **_refused(route, book)},
    }
    if route.has_body and route.contract.asked:
        told["requestBody"] = {"required": True, "content": _json(route.contract.asked[1], book)}
    return {name: value for name, value in told.items() if value or name == "security"}


def _security(callers: Callers) -> list[Json]:
    """Any one of these opens the route; the scopes beside a bearer are the roles it must hold."""
    return [{scheme: list(scopes)} for scheme, scopes in callers.items()]


def _path_parameters(route: Route, book: Book) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": book.schema(kind)}
        for name, kind in route.contract.path.items()
    ]


def _query_parameters(route: Route, book: Book) -> list[Json]:
    if route.has_body or not route.contract.asked:
        return []
    query = book.fields(route.contract.asked[1])
    return [
        {"name": name, "in": "query", "required": name in query["required"], "schema": schema}
        for name, schema in query["properties"].items()
    ]


def _success(reply: Any, book: Book) -> Json:
    if reply is Response:
        return _THIS_DOCUMENT
    if reply is page.Page:
        return _A_PAGE
    kind = Nothing if reply is None else reply
    return {"200": {"description": (kind.__doc__ or "Done.").strip(), "content": _json(kind, book)}}


def _refused(route: Route, book: Book) -> Json:
    framework = refusals.of_gateway(guarded=bool(route.contract.callers), has_body=route.has_body)
    return refusals.responses([*route.contract.refusals, *framework], book)


def _json(kind: Any, book: Book) -> Json:
    content: Json = {"schema": book.schema(kind)}
    example = find_example(kind)
    return {"application/json": content if example is None else {**content, "example": example}}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
