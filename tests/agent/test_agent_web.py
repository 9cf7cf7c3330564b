"""`status --web`: a page on this PC alone, for who asks this PC by its own address."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator

import pytest
from fake_cloud import HUSH
from fake_pc import Pc

from agent.show import web


@pytest.fixture
def server() -> Iterator[web.Server]:
    with web.Server(lambda: "5 files <home>") as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def get(
    server: web.Server, path: str = "/", *, host: str | None = None, method: str = "GET"
) -> tuple[int, str, dict[str, str]]:
    asked = http.client.HTTPConnection("127.0.0.1", server.server_port)
    asked.request(method, path, headers={"Host": host} if host else {})
    reply = asked.getresponse()
    told = reply.status, reply.read().decode(), dict(reply.getheaders())
    asked.close()
    return told


def test_the_page_shows_the_status(server: web.Server) -> None:
    status, body, headers = get(server)

    assert (status, "5 files &lt;home&gt;" in body) == (200, True)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}"]
)
def test_a_name_that_was_made_to_lead_here_is_shown_nothing(server: web.Server, host: str) -> None:
    status, body, _ = get(server, host=host.format(port=server.server_port))

    assert (status, "5 files" in body) == (421, False)


def test_there_is_one_page_and_nothing_to_be_done_with_it(server: web.Server) -> None:
    assert [get(server, "/x")[0], get(server, method="POST")[0], get(server, method="DELETE")[0]] == [404, 501, 501]


def test_the_page_tells_no_secret_and_bears_a_drive_that_is_away(pc: Pc) -> None:
    shown = web.told(pc.home)
    pc.home.marker.unlink()

    assert "test PC" in shown
    assert HUSH not in shown
    assert "is not there" in web.told(pc.home)
