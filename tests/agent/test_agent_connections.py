"""The agent's connections to the API."""

import http.server
import threading
from concurrent.futures import ThreadPoolExecutor

from agent.wire.api import DeviceApi


class TwoAtOnce(http.server.BaseHTTPRequestHandler):
    """Answers no request until a second one is there."""

    protocol_version = "HTTP/1.1"
    both = threading.Barrier(2)
    connections = 0

    def setup(self) -> None:
        super().setup()
        type(self).connections += 1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.both.wait(60)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def test_loop_and_doorbell_each_keep_their_connection_to_the_api() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), TwoAtOnce) as server, ThreadPoolExecutor(2) as threads:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        api = DeviceApi(f"http://127.0.0.1:{server.server_port}", "0" * 32, "a-key")

        for _ in range(3):
            list(threads.map(lambda _: api.heartbeat(1, 0), range(2)))

        api._http.clear()  # type: ignore[attr-defined]
        server.shutdown()
        serving.join()
    assert TwoAtOnce.connections == 2
