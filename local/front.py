"""The clean front door: requests to the API's port, rewritten to the gateway's path. Knows no socket.

GET http://127.0.0.1:8700/health   →   GET http://127.0.0.1:4510/_aws/execute-api/<apiId>/api/health
"""

from urllib.parse import quote

from local.guard import App, Receive, Refusal, Scope, Send, answer

GATEWAY_STAGE = "api"
STARTING = Refusal(503, "StartingError", "Backhaul is still starting; try again in a few seconds")


class Front:
    """Sends what arrives on one port to the deployed API, and everything else straight on."""

    def __init__(self, app: App, port: int) -> None:
        self._app = app
        self._port = port
        self.api_id: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 503 while there is no API yet."""
        if scope["type"] not in ("http", "websocket") or (scope.get("server") or ("", 0))[1] != self._port:
            await self._app(scope, receive, send)
        elif self.api_id is None or scope["type"] == "websocket":
            await answer(scope, send, STARTING)
        else:
            await self._app(rewritten(scope, self.api_id), receive, send)


def rewritten(scope: Scope, api_id: str) -> Scope:
    """Copy a request, addressed to the deployed API."""
    prefix = f"/_aws/execute-api/{api_id}/{GATEWAY_STAGE}"
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    return {**scope, "path": prefix + scope["path"], "raw_path": prefix.encode() + raw_path}
