import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib.auth.public_keys import KeysUnavailableError, PublicKeys, keys_at
from tests.access import KID, NOW, Signer, pool


class Publisher:
    """Somebody who publishes keys, and counts who asks."""

    def __init__(self, *documents: Any) -> None:
        self.documents = list(documents)
        self.asked = 0

    def __call__(self) -> Any:
        self.asked += 1
        document = self.documents[min(self.asked, len(self.documents)) - 1]
        if isinstance(document, Exception):
            raise document
        return document


def test_keys_are_fetched_once_and_kept() -> None:
    publisher = Publisher(pool().jwks())
    keys = PublicKeys(publisher)

    for _ in range(3):
        keys.find(KID, NOW)

    assert publisher.asked == 1


def test_an_unknown_key_is_asked_for_at_most_once_a_minute() -> None:
    publisher = Publisher(pool().jwks())
    keys = PublicKeys(publisher)

    for second in range(120):
        keys.find(f"unknown-{second}", NOW + timedelta(seconds=second))

    assert publisher.asked == 2


def test_a_new_key_of_the_pool_is_believed_after_a_minute() -> None:
    newer = Signer(kid="newer")
    keys = PublicKeys(Publisher(pool().jwks(), newer.jwks()))
    keys.find(KID, NOW)

    assert keys.find("newer", NOW + timedelta(minutes=1)) is not None


def test_a_key_the_pool_withdrew_is_forgotten() -> None:
    keys = PublicKeys(Publisher(pool().jwks(), Signer(kid="newer").jwks()))
    keys.find(KID, NOW)
    keys.find("newer", NOW + timedelta(minutes=1))

    assert keys.find(KID, NOW + timedelta(minutes=1)) is None


@pytest.mark.parametrize("trouble", [OSError("down"), ValueError("not JSON"), {}, {"keys": []}])
def test_what_was_known_outlives_trouble(trouble: Any) -> None:
    keys = PublicKeys(Publisher(pool().jwks(), trouble))
    keys.find(KID, NOW)
    keys.find("unknown", NOW + timedelta(minutes=1))

    assert keys.find(KID, NOW + timedelta(minutes=1)) is not None


def test_knowing_nothing_is_our_trouble_and_not_the_callers() -> None:
    with pytest.raises(KeysUnavailableError):
        PublicKeys(Publisher(OSError("down"))).find(KID, NOW)


def test_after_trouble_at_the_start_the_next_minute_asks_again() -> None:
    keys = PublicKeys(Publisher(OSError("down"), pool().jwks()))
    with pytest.raises(KeysUnavailableError):
        keys.find(KID, NOW)

    assert keys.find(KID, NOW + timedelta(minutes=1)) is not None


@pytest.mark.parametrize(
    "odd",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "odd", "alg": "HS256"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "odd"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "odd"},
        {"kty": "RSA", "n": "!", "e": "AQAB", "kid": "odd"},
        {"kty": "RSA", "n": "AQAB", "kid": "odd"},
        {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB", "kid": "odd"},
    ],
)
def test_only_whole_rsa_signing_keys_are_taken(odd: Any) -> None:
    keys = PublicKeys(Publisher({"keys": [odd, *pool().jwks()["keys"]]}))

    assert keys.find("odd", NOW) is None


def test_one_address_has_one_set_of_keys() -> None:
    assert keys_at("http://127.0.0.1:9/a") is keys_at("http://127.0.0.1:9/a")


def test_nobody_listening_is_our_trouble() -> None:
    with pytest.raises(KeysUnavailableError):
        keys_at("http://127.0.0.1:9/nobody").find(KID, NOW)


@contextmanager
def answering(status: int, told: bytes) -> Iterator[str]:
    """Answer every question so; yield the address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/keys"
        finally:
            server.shutdown()
            thread.join()


def test_keys_are_fetched_from_where_the_pool_publishes_them() -> None:
    with answering(200, json.dumps(pool().jwks()).encode()) as url:
        assert keys_at(url).find(KID, NOW) is not None


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_not_read(status: int) -> None:
    with answering(status, json.dumps(pool().jwks()).encode()) as url, pytest.raises(KeysUnavailableError):
        keys_at(url).find(KID, NOW)


@pytest.mark.parametrize("told", [b"[]", b"<html>", b'{"keys": 5}', b""])
def test_any_other_document_holds_no_keys(told: bytes) -> None:
    with answering(200, told) as url, pytest.raises(KeysUnavailableError):
        keys_at(url).find(KID, NOW)
