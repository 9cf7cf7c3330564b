"""Whom the agent believes to be the cloud. `tls/` holds a root that nobody knows, and a server's key that it signed."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import certifi
import obstore
import pytest
import urllib3
from obstore.exceptions import BaseError

from agent.errors import UnreachableError
from agent.wire import trust
from agent.wire.api import Api
from agent.wire.bucket import store_for
from agent.wire.credentials import Credentials

TLS = Path(__file__).parent / "tls"
ROOT = TLS / "root.pem"


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))  # unread, it would be answered with a reset
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", "Sat, 21 Nov 2026 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815 - called by this name

    def log_message(self, *_: object) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A caller that does not believe us hangs up."""


@pytest.fixture
def address() -> Iterator[str]:
    server = Quiet(("127.0.0.1", 0), Hello)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def credentials(address: str) -> Credentials:
    return Credentials("AK", "secret", "token", "eu-central-1", "b", "https://q", address, "2026-11-21T10:00:00Z")


def test_a_cloud_with_an_unknown_root_is_not_believed(address: str) -> None:
    with pytest.raises(UnreachableError, match="SSLError"):
        Api(address).claim("code")


def test_a_cloud_whose_root_is_in_the_bundle_is_believed(address: str) -> None:
    http = urllib3.PoolManager(retries=False, ssl_context=trust.context(str(ROOT)))

    assert Api(address, http).claim("code") == {}


def test_a_known_root_is_not_enough_for_another_name(address: str) -> None:
    http = urllib3.PoolManager(retries=False, ssl_context=trust.context(str(ROOT)), assert_hostname="example.org")

    with pytest.raises(UnreachableError, match="SSLError"):
        Api(address, http).claim("code")


def test_the_bucket_is_believed_by_its_root_alone(address: str) -> None:
    with pytest.raises(BaseError):
        obstore.get(store_for(credentials(address)), "k")

    assert obstore.get(store_for(credentials(address), ROOT.read_text()), "k").bytes() == b"{}"


def test_the_roots_of_amazon_are_there_whatever_the_system_has() -> None:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(certifi.where())
    known = {dict(part[0] for part in root["subject"]).get("commonName") for root in made.get_ca_certs()}  # type: ignore[misc,union-attr]

    assert {f"Amazon Root CA {number}" for number in (1, 2, 3, 4)} <= known


def test_on_windows_the_file_of_roots_holds_the_systems_and_the_bundles() -> None:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    made.load_verify_locations(trust.bundle_file(windows=True))

    assert "Amazon Root CA 1" in str(made.get_ca_certs())
    assert len(made.get_ca_certs()) >= len(ssl.create_default_context().get_ca_certs())


def test_on_windows_the_file_of_roots_is_made_anew_when_it_was_tidied_away() -> None:
    Path(trust.bundle_file(windows=True)).unlink()

    assert Path(trust.bundle_file(windows=True)).exists()
