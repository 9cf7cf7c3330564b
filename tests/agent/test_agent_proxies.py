"""Proxies: found as the system tells them, gone through by the API's client, and never between us and this PC."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3

from agent.errors import UnreachableError
from agent.wire import bucket, proxies
from agent.wire.api import Api
from agent.wire.credentials import Credentials

URL = "https://api.example.com/"


@pytest.mark.parametrize(
    ("url", "told", "found"),
    [
        (URL, {}, None),
        (URL, {"https": "http://proxy:3128"}, "http://proxy:3128"),
        (URL, {"https": "proxy:3128"}, "http://proxy:3128"),
        (URL, {"http": "http://proxy:3128"}, None),
        (URL, {"all": "http://proxy:3128"}, "http://proxy:3128"),
        ("http://127.0.0.1:8700/", {"http": "http://proxy:3128"}, None),
        ("http://[::1]:8700/", {"all": "http://proxy:3128"}, None),
        ("http://localhost/", {"all": "http://proxy:3128"}, None),
    ],
)
def test_a_proxy_is_found_as_the_system_tells(url: str, told: dict[str, str], found: str | None) -> None:
    assert proxies.proxy_for(url, lambda: told, lambda _: False) == found


def test_an_address_that_goes_past_the_proxy_does() -> None:
    assert proxies.proxy_for(URL, lambda: {"https": "http://proxy"}, lambda host: host == "api.example.com") is None


def test_a_password_of_a_proxy_is_never_shown() -> None:
    assert proxies.without_password("http://me:hush@proxy:3128/x") == "http://proxy:3128"
    assert proxies.without_password("http://me:hush@[::1]:3128") == "http://[::1]:3128"


@pytest.fixture
def asked() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Run a proxy that refuses everybody, and writes down where they wanted to go and who they say they are."""
    heard: list[tuple[str, str | None]] = []

    class Refusing(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_CONNECT(self) -> None:
            heard.append((self.path, self.headers.get("Proxy-Authorization")))
            self.send_error(407)

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


def test_the_api_is_asked_through_the_proxy(
    asked: tuple[str, list[tuple[str, str | None]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, heard = asked
    monkeypatch.setenv("https_proxy", f"http://me:hu%24h@{proxy}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    with pytest.raises(UnreachableError) as caught:
        Api(URL).claim("code")

    assert heard == [("api.example.com:443", "Basic " + base64.b64encode(b"me:hu$h").decode())]
    assert "hu" not in str(caught.value).replace("authentication", "")


def test_without_a_proxy_there_is_a_plain_client() -> None:
    made = proxies.pool("http://127.0.0.1/", urllib3.Timeout(1))

    assert not isinstance(made, urllib3.ProxyManager)


@pytest.mark.parametrize(("region", "host"), [("eu-central-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")])
def test_china_has_hosts_of_its_own(region: str, host: str) -> None:
    held = Credentials("AK", "secret", "token", region, "bkt", "https://queue", None, "2026-11-21T10:00:00Z")

    assert f"https://bkt.s3.{region}.{host}" in str(bucket.store_for(held).config)
