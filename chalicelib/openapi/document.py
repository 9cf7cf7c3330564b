"""The whole document: what the API is called, where it is, its operations, and what they share."""

from collections.abc import Mapping
from typing import Any

from chalicelib import VERSION, contract
from chalicelib.contract import DEVICE, PERSON
from chalicelib.incoming import wanted
from chalicelib.openapi import refusals
from chalicelib.openapi.operations import Route, operation
from chalicelib.openapi.schemas import Book, Json

# The app's own table, by path and method; an entry has Chalice's `view_function` and `authorizer`.
Routes = Mapping[str, Mapping[str, Any]]

_ABOUT = """Brings files home through the owner's own AWS account. JSON in camelCase; what has no value is left out.

Refusals carry the name of their class in `Code`, a sentence in `Message`, and `Details` where a field can be named.
Codes in capitals are API Gateway's own. Lists go on with the opaque `next` of the page before. Unknown fields in a
request are ignored."""
_TAGS = {
    "auth": "Accounts: register, sign in, stay signed in.",
    "me": "The caller itself.",
    "uploads": "The permission to bring files in.",
    "upload-url": "The same for the simplest client.",
    "files": "What is kept, and how far it has come.",
    "albums": "Which files belong together, as their owner sees it.",
    "pairings": "How a device gets its key (RFC 8628).",
    "devices": "Phones and PCs; what a PC is owed, and its receipts.",
    "admin": "For those who run the stage.",
    "health": "That the service answers.",
    "openapi.json": "This document.",
}
_SCHEMES: Json = {
    PERSON: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "What a person gets at /auth/login: scopes owner, read, upload; admin for who is one.",
    },
    DEVICE: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "bh_<deviceId>_<secret>",
        "description": "What a device gets at /pairings/claim: a phone's scopes are read and upload, a PC's is pc.",
    },
}
# Types that no signature names: the members of a batch are read one by one.
_UNNAMED = (wanted.Wanted,)


def write(routes: Routes, url: str) -> Json:
    """Write the document of an app that is served at `url`."""
    book = Book()
    for kind in _UNNAMED:
        book.schema(kind)
    paths = {path: _path(path, methods, book) for path, methods in sorted(routes.items())}
    used = {tag for entry in paths.values() for told in entry.values() for tag in told["tags"]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Backhaul",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": url}],
        "tags": [{"name": tag, "description": about} for tag, about in _TAGS.items() if tag in used],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(book.components.items())),
            "responses": dict(sorted(book.responses.items())),
            "headers": refusals.HEADERS,
            "securitySchemes": _SCHEMES,
        },
    }


def _path(path: str, methods: Mapping[str, Any], book: Book) -> Json:
    return {
        method.lower(): operation(Route(method, path, entry.view_function, contract.of(entry.view_function)), book)
        for method, entry in sorted(methods.items())
    }
