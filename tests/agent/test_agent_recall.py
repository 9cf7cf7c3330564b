"""A running agent sends back what the cloud asks for, whole or in parts, and goes on where it was broken off."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from fake_cloud import DEVICE, FakeCloud
from fake_pc import Pc

from agent.config import Config
from agent.drive.catalog import Catalog, Receipt
from agent.drive.home import Home
from agent.drive.room import Room
from agent.errors import PausedError
from agent.fetch import notices
from agent.fetch.flights import Flights
from agent.fetch.intake import Intake
from agent.fetch.traffic import Traffic
from agent.parts import Parts
from agent.push.bucket import Bucket, pool
from agent.push.errors import UnreadableError
from agent.recall.api import Recall, RecallApi
from agent.recall.line import LimitedBucket
from agent.recall.recaller import Recaller
from agent.rounds import Rounds
from agent.show import status

MIB = 1024**2
PART = 16 * MIB


class Asking(FakeCloud):
    """A cloud that asks a PC for files."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, dict[str, Any]] = {}
        self.parts: dict[int, bytes] = {}
        self.puts: list[int] = []
        self.back: dict[str, bytes] = {}
        self.before_put: Callable[[int], int | None] = lambda _part: None

    def asks_for(self, body: bytes, file_id: str) -> None:
        self.asked[file_id] = {"fileId": file_id, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}

    def answer(self, path: str, query: dict[str, str], body: dict[str, Any], key: str) -> tuple[int, Any]:
        status, told = (200, None) if "/recalls/" in path else super().answer(path, query, body, key)
        if "/recalls/" not in path:
            return status, told
        file_id, what = path.split("/")[-2:]
        if file_id not in self.asked:
            return 404, {"Code": "NotFoundError", "Message": "there is no recall"}
        size = self.asked[file_id]["size"]
        if what == "complete":
            self._take(file_id, b"".join(self.parts[number] for number in sorted(self.parts)))
            return 200, {"fileId": file_id, "status": "downloaded"}
        if size <= PART:
            return 200, {"status": "downloaded", "link": self._link(file_id, 0)}
        have = [
            {"part": number, "size": len(part), "sha256": hashlib.sha256(part).hexdigest()}
            for number, part in self.parts.items()
        ]
        links = [self._link(file_id, one["part"]) for one in body["parts"] if one["part"] not in self.parts]
        return 200, {"status": "downloaded", "partSize": PART, "partCount": 2, "have": have, "links": links}

    def _link(self, file_id: str, part: int) -> dict[str, Any]:
        url = f"{self.url}put/{file_id}?part={part}"
        length = str(self._length(file_id, part))
        told = {"url": url, "method": "PUT", "headers": {"Content-Length": length}, "expiresAt": "x"}
        return told | ({"part": part} if part else {})

    def _length(self, file_id: str, part: int) -> int:
        size = int(self.asked[file_id]["size"])
        return {0: size, 1: PART, 2: size - PART}[part]

    def put(self, path: str, body: bytes) -> int:
        (told,) = parse_qs(urlsplit(path).query)["part"]
        part, file_id = int(told), urlsplit(path).path.rpartition("/")[2]
        refused = self.before_put(part) or (400 if len(body) < self._length(file_id, part) else None)
        if refused:
            return refused
        self.puts.append(part)
        if part:
            self.parts[part] = body
        else:
            self._take(file_id, body)
        return 200

    def _take(self, file_id: Any, body: bytes = b"") -> Any:
        if isinstance(file_id, dict):
            return super()._take(file_id)
        assert hashlib.sha256(body).hexdigest() == self.asked.pop(file_id)["sha256"]
        self.back[file_id] = body
        return None

    def _heartbeat(self, _query: dict[str, str], _body: dict[str, Any]) -> dict[str, Any]:
        told = {"catchingUp": {"since": "x", "owedSoFar": 7}, "elsewhere": {"files": 3, "countedAt": "x"}}
        return {"recalls": len(self.asked), **told} if self.asked else {}

    def _recalls(self, _query: dict[str, str], _body: dict[str, Any]) -> dict[str, Any]:
        return {"files": list(self.asked.values())}


@pytest.fixture
def cloud() -> Iterator[Asking]:
    with Asking() as running:
        yield running


def has(pc: Pc, cloud: Asking, body: bytes, path: str = "2024/a.jpg") -> str:
    """Let a PC have a file at home, as its catalog knows."""
    notice = notices.from_json(cloud.has(body))
    cloud.owed.clear()
    with Catalog(pc.home.catalog) as catalog:
        catalog.intend(notice, path)
        catalog.came_home(Receipt(notice.file_id, str(notice.sha256), notice.size, path))
        catalog.receipt_taken(notice.file_id)
    pc.puts(path, body)
    return notice.file_id


def recaller(pc: Pc, cloud: Asking, **more: Any) -> Recaller:
    stop = cast("threading.Event", more.pop("stop", threading.Event()))
    bucket = cast("Bucket", more.pop("bucket", Bucket(pool(1))))
    return Recaller(pc.home, RecallApi(cloud.url, DEVICE, pc.keys.find(DEVICE)), bucket, stop, **more)


def film() -> bytes:
    return b"".join(bytes([number]) * MIB for number in range(17))


def test_a_running_agent_sends_back_what_it_is_asked_for(pc: Pc, cloud: Asking) -> None:
    file_id = has(pc, cloud, b"a photo")
    cloud.asks_for(b"a photo", file_id)

    pc.start()
    cloud.wait_until(lambda: file_id in cloud.back)
    pc.stop()

    assert (cloud.back[file_id], pc.files()) == (b"a photo", {"2024/a.jpg": b"a photo"})
    told = pc.status()
    assert (told["recalls"], told["catchingUp"]) == (1, {"owedSoFar": 7})
    assert "1 file asked back" in status.text(told)
    assert "7 files so far" in status.text(told)
    assert "3 files only on other PCs" in status.text(told)


def test_a_ring_is_answered_at_once_and_its_message_deleted(pc: Pc, cloud: Asking) -> None:
    file_id = has(pc, cloud, b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.calls["heartbeat"])
    with cloud.lock:
        cloud.asks_for(b"a photo", file_id)

    message = cloud.ring({"recall": True})
    cloud.wait_until(lambda: file_id in cloud.back and cloud.messages[message]["deleted"])

    assert cloud.back == {file_id: b"a photo"}


@pytest.mark.parametrize(
    ("told", "calls"), [({}, 0), ({"recalls": 0}, 0), ({"recalls": "many"}, 1), ({"recalls": 3}, 1)]
)
def test_only_an_agent_that_is_asked_for_something_asks_for_what(home: Home, told: dict[str, Any], calls: int) -> None:
    rung: list[None] = []
    nobody = cast("Any", None)
    api = cast("Any", SimpleNamespace(heartbeat=lambda *_: told))
    with Catalog(home.catalog) as catalog:
        parts = Parts(home, Config(), catalog, api, nobody, nobody, recall=lambda: rung.append(None))
        flights, room = Flights(), Room(home, 0, parts.clock)

        Rounds(parts, flights, Intake(parts, flights), room)._beat()

    assert len(rung) == calls


def test_who_was_broken_off_sends_only_what_lacks(pc: Pc, cloud: Asking) -> None:
    file_id, stop = has(pc, cloud, film()), threading.Event()
    cloud.asks_for(film(), file_id)
    cloud.before_put = lambda part: (stop.set(), 503)[1] if part == 2 else None  # type: ignore[func-returns-value]

    broken = recaller(pc, cloud, stop=stop)
    broken.ring()
    assert broken._thread is not None
    broken._thread.join()
    first, cloud.before_put = list(cloud.puts), lambda _part: None
    recaller(pc, cloud).make_pass()

    assert (first, cloud.puts, cloud.back[file_id] == film()) == ([1], [1, 2], True)


def test_one_file_that_gives_trouble_holds_up_no_other(pc: Pc, cloud: Asking) -> None:
    bad, good = has(pc, cloud, b"bad", "bad.jpg"), has(pc, cloud, b"good", "good.jpg")
    for file_id, body in ((bad, b"bad"), (good, b"good")):
        cloud.asks_for(body, file_id)
    once = iter([400])
    cloud.before_put = lambda _part: next(once, None)

    made = recaller(pc, cloud, clock=lambda: 0.0)
    made.make_pass()
    made.make_pass()

    assert cloud.back == {good: b"good"}


def test_a_paused_agent_sends_nothing_back(pc: Pc, cloud: Asking) -> None:
    cloud.asks_for(b"a photo", has(pc, cloud, b"a photo"))

    made = recaller(pc, cloud, may_send=lambda: False)
    made.ring()

    assert (made._thread, cloud.puts) == (None, [])


@pytest.mark.parametrize("body", [b"a photo", film()], ids=["whole", "in parts"])
def test_every_byte_that_goes_back_is_let_through_by_the_limit(pc: Pc, cloud: Asking, body: bytes) -> None:
    left: list[int] = []
    cloud.asks_for(body, has(pc, cloud, body))

    recaller(pc, cloud, bucket=LimitedBucket(pool(1), left.append)).make_pass()

    assert sum(left) == len(body)
    assert list(cloud.back.values()) == [body]


def test_a_running_agent_holds_what_goes_back_to_its_limit(
    pc: Pc, cloud: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(Traffic, "leaving", lambda _traffic, count: left.append(count))
    cloud.asks_for(b"a photo", has(pc, cloud, b"a photo"))

    pc.start()
    cloud.wait_until(lambda: cloud.back)

    assert left == [7]


def test_a_pause_in_the_middle_of_a_file_leaves_it_for_later(pc: Pc, cloud: Asking) -> None:
    cloud.asks_for(b"a photo", has(pc, cloud, b"a photo"))

    def refuse(_count: int) -> None:
        raise PausedError

    made = recaller(pc, cloud, bucket=LimitedBucket(pool(1), refuse))
    with pytest.raises(PausedError):
        made.make_pass()

    recaller(pc, cloud).make_pass()
    assert list(cloud.back.values()) == [b"a photo"]


def test_a_drive_that_is_unplugged_in_the_middle_loses_nothing(pc: Pc, cloud: Asking) -> None:
    file_id = has(pc, cloud, b"a photo")
    cloud.asks_for(b"a photo", file_id)
    marks = iter([pc.home.mark(), "another drive"])
    pc.home.mark = lambda: next(marks)  # type: ignore[method-assign]
    (pc.home.folder / "2024/a.jpg").unlink()

    recaller(pc, cloud).make_pass()

    assert (cloud.losses, cloud.puts) == ([], [])


def test_a_file_that_nobody_may_read_is_not_lost(pc: Pc, cloud: Asking, home: Home) -> None:
    file_id = has(pc, cloud, b"a photo")
    cloud.asks_for(b"a photo", file_id)
    made = recaller(pc, cloud)
    refused: list[Recall] = []

    def find(recall: Recall, *_: object) -> None:
        refused.append(recall)
        raise UnreadableError("a.jpg", "another program has it")

    made._find_and_send = find  # type: ignore[method-assign, assignment]
    made.make_pass()

    assert ([one.file_id for one in refused], cloud.losses, home.folder.exists()) == ([file_id], [], True)
