"""What each route of the app expects of its callers. A route that is not in this table fails the tests of access."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.pool import APP_CODE, CODE

Ids = Mapping[str, str]
PERSON, PHONE, PC, ADMIN = "person", "phone", "pc", "admin"
SIGNED_IN = frozenset({PERSON, ADMIN})
SENDERS = frozenset({PERSON, ADMIN, PHONE})
DEVICES = frozenset({PHONE, PC})
EVERYBODY = frozenset({PERSON, ADMIN, PHONE, PC})
NOBODY: frozenset[str] = frozenset()

EMAIL, PASSWORD = "anna@example.com", "Correct-horse-1"
A_SHA256 = "a" * 64


@dataclass(frozen=True)
class Expected:
    """Who may call (`None`: anybody, without a credential), with what body made from ids, and what is answered."""

    callers: frozenset[str] | None
    body: Callable[[Ids], Any] | None = None
    # What is answered to who may: of the files that the tests have, none has arrived.
    granted: int = 200


def _declared(_: Ids) -> Any:
    return {"files": [{"name": "a.jpg", "type": "image/jpeg", "size": 1, "sha256": A_SHA256}]}


def _receipt(ids: Ids) -> Any:
    return {"receipts": [{"fileId": ids["file_id"], "sha256": A_SHA256, "size": 1}]}


def _files(ids: Ids) -> Any:
    return {"fileIds": [ids["file_id"]]}


def _loss(ids: Ids) -> Any:
    return {"losses": [{"fileId": ids["file_id"], "what": "gone"}]}


def _holding(ids: Ids) -> Any:
    return {"files": [{"fileId": ids["file_id"], "sha256": A_SHA256, "size": 1, "name": "a.jpg"}]}


def _email(_: Ids) -> Any:
    return {"email": EMAIL}


EXPECTED: dict[tuple[str, str], Expected] = {
    ("GET", "/health"): Expected(None),
    ("GET", "/openapi.json"): Expected(None),
    ("GET", "/"): Expected(None),
    ("GET", "/pair"): Expected(None),
    ("GET", "/web/{name}"): Expected(None),
    ("POST", "/auth/register"): Expected(None, lambda _: {"email": "new@example.com", "password": PASSWORD}),
    ("POST", "/auth/confirm"): Expected(None, lambda _: {"email": EMAIL, "code": CODE}),
    ("POST", "/auth/resend"): Expected(None, _email),
    ("POST", "/auth/login"): Expected(None, lambda _: {"email": EMAIL, "password": PASSWORD}),
    ("POST", "/auth/challenge"): Expected(None, lambda _: {"session": f"x|{'s' * 40}", "code": APP_CODE}),
    ("POST", "/auth/refresh"): Expected(None, lambda _: {"refreshToken": "none"}),
    ("POST", "/auth/logout"): Expected(None, lambda _: {"refreshToken": "none"}),
    ("POST", "/auth/forgot"): Expected(None, _email),
    ("POST", "/auth/reset"): Expected(None, lambda _: {"email": EMAIL, "code": CODE, "password": PASSWORD}),
    ("POST", "/auth/password"): Expected(SIGNED_IN, lambda _: {"password": PASSWORD, "newPassword": PASSWORD + "2"}),
    ("POST", "/auth/mfa"): Expected(SIGNED_IN, lambda _: {}),
    ("POST", "/auth/mfa/verify"): Expected(SIGNED_IN, lambda _: {"code": APP_CODE}),
    ("DELETE", "/auth/mfa"): Expected(SIGNED_IN, lambda _: {"password": PASSWORD}),
    ("GET", "/me"): Expected(EVERYBODY),
    ("DELETE", "/me"): Expected(SIGNED_IN, lambda _: {"password": PASSWORD}),
    ("GET", "/activity"): Expected(SIGNED_IN),
    ("GET", "/usage"): Expected(SENDERS),
    ("GET", "/analytics/overview"): Expected(SIGNED_IN),
    ("GET", "/analytics/storage"): Expected(SIGNED_IN),
    ("GET", "/admin/owners"): Expected(frozenset({ADMIN})),
    ("POST", "/pairings"): Expected(None, lambda _: {"name": "den", "kind": "pc", "platform": "an OS"}),
    ("GET", "/pairings/{user_code}"): Expected(SIGNED_IN),
    ("POST", "/pairings/approve"): Expected(SIGNED_IN, lambda ids: {"userCode": ids["user_code"], "approve": True}),
    ("POST", "/pairings/claim"): Expected(None, lambda _: {"deviceCode": "x" * 43}),
    ("GET", "/devices"): Expected(SIGNED_IN),
    ("PATCH", "/devices/{device_id}"): Expected(SIGNED_IN, lambda _: {"name": "attic"}),
    ("DELETE", "/devices/{device_id}"): Expected(SIGNED_IN | DEVICES),
    ("POST", "/devices/{device_id}/heartbeat"): Expected(DEVICES, lambda _: {"version": "1"}),
    ("POST", "/devices/{device_id}/credentials"): Expected(frozenset({PC}), lambda _: {}),
    ("GET", "/devices/{device_id}/owed"): Expected(frozenset({PC, PERSON, ADMIN})),
    ("POST", "/devices/{device_id}/receipts"): Expected(frozenset({PC}), _receipt),
    ("POST", "/devices/{device_id}/losses"): Expected(frozenset({PC}), _loss),
    ("POST", "/devices/{device_id}/holdings"): Expected(frozenset({PC}), _holding),
    ("GET", "/devices/{device_id}/recalls"): Expected(frozenset({PC})),
    ("POST", "/devices/{device_id}/recalls/{file_id}/links"): Expected(
        frozenset({PC}), lambda _: {"parts": []}, granted=404
    ),
    ("POST", "/devices/{device_id}/recalls/{file_id}/complete"): Expected(frozenset({PC}), lambda _: {}, granted=404),
    ("POST", "/files/{file_id}/recall"): Expected(SIGNED_IN, lambda _: {}, granted=409),
    ("POST", "/uploads"): Expected(SENDERS, _declared),
    ("POST", "/upload-url"): Expected(SENDERS, lambda _: {"fileName": "a.jpg", "fileType": "image/jpeg"}),
    ("DELETE", "/uploads/{file_id}"): Expected(SENDERS),
    ("POST", "/uploads/{file_id}/links"): Expected(SENDERS, lambda _: {"parts": []}),
    ("POST", "/uploads/{file_id}/complete"): Expected(SENDERS, lambda _: {}),
    ("PATCH", "/me"): Expected(SIGNED_IN, lambda _: {"graceDays": 30}),
    ("DELETE", "/files/{file_id}"): Expected(SENDERS, granted=409),
    ("POST", "/files/{file_id}/restore"): Expected(SENDERS, lambda _: {}, granted=409),
    ("POST", "/files/{file_id}/purge"): Expected(SIGNED_IN, lambda _: {}, granted=409),
    ("POST", "/files/trash"): Expected(SENDERS, _files),
    ("POST", "/files/restore"): Expected(SENDERS, _files),
    ("POST", "/files/purge"): Expected(SIGNED_IN, _files),
    ("POST", "/files/missing"): Expected(SENDERS, lambda _: {"hashes": [A_SHA256]}),
    ("GET", "/files"): Expected(SENDERS),
    ("GET", "/changes"): Expected(SENDERS),
    ("POST", "/files/search"): Expected(SENDERS, lambda _: {"text": "lake 2024"}),
    ("POST", "/albums"): Expected(SENDERS, lambda _: {"name": "Müritzsee"}),
    ("GET", "/albums"): Expected(SENDERS),
    ("PATCH", "/albums/{album_id}"): Expected(SENDERS, lambda _: {"name": "Ostsee", "version": 0}),
    ("DELETE", "/albums/{album_id}"): Expected(SENDERS),
    ("GET", "/albums/{album_id}/files"): Expected(SENDERS),
    ("POST", "/albums/{album_id}/files"): Expected(SENDERS, lambda ids: {"add": [ids["file_id"]]}),
    ("PATCH", "/files/{file_id}"): Expected(SENDERS, lambda _: {"version": 0, "favourite": True}),
    ("GET", "/files/{file_id}/link"): Expected(SENDERS, granted=409),
    ("POST", "/files/links"): Expected(SENDERS, lambda ids: {"files": [{"fileId": ids["file_id"]}]}),
    ("GET", "/files/{file_id}"): Expected(SENDERS),
}
