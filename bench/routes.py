"""What each route costs without AWS: the app's own time, from API Gateway's event to the answer, in a warm process."""

from __future__ import annotations

import hashlib
import io
import logging
import sys
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from bench.recording import Recording
from bench.tape import RecordedPool, Tape
from chalicelib import cloud as clouds
from chalicelib import log
from tests.access import an_account, make_client
from tests.builders import BUCKET, b64, s3_event, s3_record
from tests.expected import EXPECTED, PC, PERSON, PHONE
from tests.stage import ROUTES, UNKNOWN, Stage, empty, set_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Route = tuple[str, str]
BODY = b"\xff\xd8\xffa photo"
MANY = 100
TRASHED = [("POST", "/files/{file_id}/restore"), ("POST", "/files/{file_id}/purge")]
TRASHED += [("POST", "/files/restore"), ("POST", "/files/purge")]
PENDING = [("POST", "/uploads/{file_id}/links"), ("POST", "/uploads/{file_id}/complete")]
PENDING += [("DELETE", "/uploads/{file_id}")]
HEAD = "| request | status | AWS calls | p50 ms | p99 ms | CPU ms |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Took:
    """What a request took, each time: wall and processor milliseconds."""

    name: str
    status: int
    calls: int
    wall: Sequence[float]
    cpu: Sequence[float]

    def line(self) -> str:
        """Lay it out as a row."""
        told = f"{median(self.wall):.2f} | {quantiles(self.wall, n=100)[98]:.2f} | {median(self.cpu):.2f}"
        return f"| {self.name} | {self.status} | {self.calls} | {told} |"


def section(times: int, only: Sequence[Route] = ()) -> str:
    """Measure all routes, or some, and lay out the figures."""
    with _bench(times) as bench:
        rows = [bench.route(route) for route in only or sorted(ROUTES, key=lambda one: (one[1], one[0]))]
        rows += [] if only else [*bench.many(), *bench.authorizer()]
    return "\n".join([HEAD, *(row.line() for row in rows)])


class _Bench:
    """A stage whose requests are made once, and then again and again from their tape."""

    def __init__(self, tape: Tape, times: int) -> None:
        self._tape, self._times = tape, times
        self._stage: Stage
        self._recording: Recording

    def _afresh(self) -> None:
        empty(clouds.cloud().table)
        self._stage = set_up()
        self._recording = Recording()
        self._stage.gateway = self._recording.gateway
        names = self._cognito().meta.method_to_api_mapping
        self._stage.world.cognito = RecordedPool(self._stage.world.cognito, self._tape, names)  # type: ignore[misc]

    def route(self, route: Route) -> Took:
        """Ask a route for what its test asks for, about a file that has arrived where that matters."""
        self._afresh()
        anna, callers = self._stage.anna, EXPECTED[route].callers
        kind = next((one for one in (PERSON, PHONE, PC) if one in (callers or ())), None) or "admin"
        if callers is not None and route not in PENDING:
            self._arrive(anna["ids"][PERSON]["file_id"])
        if route in TRASHED:
            self._stage.ask(("DELETE", "/files/{file_id}"), anna["ids"][PERSON], anna["tokens"][PERSON])
        ids = UNKNOWN if callers is None else anna["ids"][kind]
        token = None if callers is None else anna["tokens"][kind]
        return self._measured(" ".join(route), lambda: self._stage.ask(route, ids, token))

    def many(self) -> Iterator[Took]:
        """Ask for as much at once as phones, PCs and the page do."""
        self._afresh()
        anna = self._stage.anna
        bodies = [BODY + str(n).encode() for n in range(MANY)]
        hashes = [hashlib.sha256(body).hexdigest() for body in bodies]
        declared = [
            {"name": f"{n}.jpg", "type": "image/jpeg", "size": len(bodies[n]), "sha256": one}
            for n, one in enumerate(hashes)
        ]
        phone, pc, pc_id = anna["tokens"][PHONE], anna["tokens"][PC], anna["ids"][PC]["device_id"]
        begun: list[Any] = []
        yield self._measured(f"POST /uploads, {MANY} files", lambda: self._begin(declared, phone, begun))
        for one, body in zip(begun, bodies, strict=True):
            self._put(one["key"], body)
        others = [hashlib.sha256(f"other {n}".encode()).hexdigest() for n in range(9 * MANY)]
        known = {"hashes": hashes + others}
        asked: dict[str, Callable[[], Any]] = {
            "POST /files/missing, 1,000 hashes": lambda: self._ask("POST", "/files/missing", phone, known),
            f"GET /files, {MANY} of them": lambda: self._ask("GET", f"/files?limit={MANY}", phone),
            f"POST /files/links, {MANY} previews": lambda: self._ask("POST", "/files/links", phone, _links(begun)),
            f"GET owed, {MANY} files": lambda: self._ask("GET", f"/devices/{pc_id}/owed?limit=500", pc),
            f"POST receipts, {MANY} files": lambda: self._ask(
                "POST", f"/devices/{pc_id}/receipts", pc, _receipts(begun, declared)
            ),
        }
        for name, ask in asked.items():
            yield self._measured(name, ask)

    def authorizer(self) -> Iterator[Took]:
        """Let in a person and a device: a function of its own, asked once a minute and caller."""
        self._afresh()
        for what, kind in (("an access token", PERSON), ("a device's key", PC)):
            token = self._stage.anna["tokens"][kind]
            self._measured("", lambda token=token: self._ask("GET", "/me", token))  # type: ignore[misc]
            yield self._measured(f"caller_token, {what}", lambda t=token: self._ask("GET", "/me", t), "caller_token")  # type: ignore[misc]

    def _ask(self, method: str, path: str, token: str, body: Any = None) -> Any:
        return self._recording.call(method, path, body, token=token)

    def _begin(self, declared: Any, token: str, begun: list[Any]) -> Any:
        answer = self._ask("POST", "/uploads", token, {"files": declared})
        begun[:] = answer.body["files"]
        return answer

    def _arrive(self, file_id: str) -> None:
        shown = self._ask("GET", f"/files/{file_id}", self._stage.anna["tokens"][PERSON]).body
        found = self._stage.world.table._client.scan(TableName=BUCKET)["Items"]  # noqa: SLF001 (nothing else tells a key)
        keys = {item["key"]["S"] for item in found if file_id in str(item.get("key")) and "S" in item.get("key", {})}
        assert len(keys) == 1, shown
        self._put(keys.pop(), BODY)

    def _put(self, key: str, body: bytes) -> None:
        import app  # noqa: PLC0415 (as Lambda has it)

        put = make_client("s3").put_object(
            Bucket=BUCKET, Key=key, Body=body, ContentType="image/jpeg", ChecksumSHA256=b64(body)
        )
        app.object_arrived(s3_event(s3_record(key, put["VersionId"])), None)

    def _measured(self, name: str, ask: Callable[[], Any], function: str = "api_handler") -> Took:
        """Ask once and keep what AWS answers; then call the function alone, with those answers."""
        world = self._stage.world
        with self._tape.running():
            self._tape.record()
            # What the authorizer asked for belongs to another function.
            self._recording.admitted = self._tape.record if function == "api_handler" else lambda: None
            status = ask().status
            event, pool = self._recording.events[function], world.cognito
            world.cognito = self._cognito()  # type: ignore[misc]
            took = [self._once(name, function, event, status) for _ in range(self._times + 1)][1:]
            world.cognito = pool  # type: ignore[misc]
        return Took(name, status, self._tape.calls, [wall for wall, _ in took], [cpu for _, cpu in took])

    def _cognito(self) -> Any:
        """Make a real client, which builds, signs and reads its calls as any other."""
        return self._stage.world._make_client("cognito-idp")  # noqa: SLF001 (the world has a pool of the test's own)

    def _once(self, name: str, function: str, event: Any, status: int) -> tuple[float, float]:
        import app  # noqa: PLC0415 (as Lambda has it)

        handler = app.app if function == "api_handler" else getattr(app, function)
        self._tape.play()
        before = time.perf_counter(), time.process_time()
        answer = handler(event, None)
        after = time.perf_counter(), time.process_time()
        got = answer.get("statusCode", status)
        if got != status:
            raise ValueError(f"{name} was answered {got} from the tape, {status} before: {answer}")
        return 1000 * (after[0] - before[0]), 1000 * (after[1] - before[1])


def _links(begun: Sequence[Any]) -> Any:
    return {"files": [{"fileId": one["fileId"]} for one in begun]}


def _receipts(begun: Sequence[Any], declared: Sequence[Any]) -> Any:
    pairs = zip(begun, declared, strict=True)
    return {"receipts": [{"fileId": b["fileId"], "sha256": d["sha256"], "size": d["size"]} for b, d in pairs]}


@contextmanager
def _log_kept_to_itself() -> Iterator[None]:
    """Let log lines be written as ever, but not where the figures go."""
    handler = next(one for one in log.logger.handlers if isinstance(one.formatter, log.JsonLine))
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(io.StringIO())
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        handler.setStream(before or sys.stdout)


@contextmanager
def _bench(times: int) -> Iterator[_Bench]:
    tape = Tape()
    with _log_kept_to_itself(), an_account():
        clouds._session.cache_clear()  # noqa: SLF001 (its clients must hear of the tape)
        clouds.cloud.cache_clear()
        tape.listen(clouds._session())  # noqa: SLF001 - as above
        try:
            yield _Bench(tape, times)
        finally:
            clouds._session.cache_clear()  # noqa: SLF001 - as above
            clouds.cloud.cache_clear()
