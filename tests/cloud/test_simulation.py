"""Random schedules of everything that may happen, killed anywhere, against the real code: the promises must hold.

Each seed is a schedule. After every step the table must agree with itself and with what PCs really have; when the
world has come to rest, every file that reached the bucket and was not called off must be on every PC.
"""

import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from moto import mock_aws

from chalicelib import arrivals, laps, receipts, sweeps, uploads
from chalicelib.errors import Refusal
from chalicelib.metadata.items import Item
from tests.builders import BUCKET, OWNER, Account, Pc, declare, s3_event, s3_record, sha256, sqs_event

CONTENTS = [b"one", b"two two", b"three three three"]
STEPS = 40


class KilledError(BaseException):
    """The function died here."""


class World:
    """One owner's phones and PCs, the messages under way, and what each PC has on its disk."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.account = Account()
        self.account.owner()
        self.phone = self.account.phone()
        self.pcs: list[Pc] = []
        self.links: list[tuple[str, bytes]] = []
        self.events: list[dict[str, Any]] = []
        self.laps: list[str] = []
        self.disks: dict[str, set[str]] = {}
        self.stored: dict[str, bytes] = {}
        self.called_off: set[str] = set()
        self.fuse: int | None = None
        for client in (self.account.s3, self.account.dynamodb, self.account.sqs):
            client.meta.events.register("before-call", self._burn)
            client.meta.events.register("after-call", self._burn)

    def step(self) -> None:
        deeds: list[Callable[[], None]] = [
            *[self.begin, self.put, self.put, self.hear, self.hear, self.hear, self.forget_event],
            *[self.pair, self.lap, self.lap, self.take_home, self.take_home, self.forge, self.call_off, self.sweep],
        ]
        self.chance.choice(deeds)()

    def begin(self) -> None:
        body = self.chance.choice(CONTENTS)
        self.survive(lambda: self.remember(self.phone.begin(declare(body))[0], body), self.lives())

    def remember(self, begun: Any, body: bytes) -> None:
        if begun.link:
            self.links.append((begun.key, body))

    def put(self) -> None:
        """Put an object as a signed link lets it be put: these bytes, and only once."""
        if not self.links:
            return
        key, body = self.chance.choice(self.links)
        if key in self.stored:
            return
        self.account.put(key, body)
        self.stored[key] = body
        self.events += [s3_event(s3_record(key))] * self.chance.choice([0, 1, 1, 2, 3])

    def hear(self) -> None:
        if self.events:
            event = self.chance.choice(self.events)
            self.survive(lambda: arrivals.object_arrived(self.account.world, event), self.lives())

    def forget_event(self) -> None:
        if self.events:
            self.events.remove(self.chance.choice(self.events))

    def pair(self) -> None:
        if len(self.pcs) < 3:
            pc = self.account.pc()
            self.pcs.append(pc)
            self.disks[pc.device_id] = set()
            self.laps += [json.dumps({"ownerId": OWNER, "deviceId": pc.device_id})] * 2

    def lap(self) -> None:
        """Run a lap; a message whose run failed or died stays, as in SQS."""
        if not self.laps:
            return
        body = self.chance.choice(self.laps)
        answer: list[dict[str, Any]] = []
        self.survive(lambda: answer.append(laps.pcs_changed(self.account.world, sqs_event(body))), self.lives())
        if answer == [{"batchItemFailures": []}]:
            self.laps.remove(body)

    def take_home(self) -> None:
        """Fetch some of what a PC is owed, and send the receipts once, twice, or not at all."""
        if not self.pcs:
            return
        pc = self.chance.choice(self.pcs)
        notices = [notice for notice in pc.owed() if self.chance.random() < 0.7]
        for notice in notices:
            stored = self.account.s3.get_object(Bucket=BUCKET, Key=notice["key"], VersionId=notice["versionId"])
            assert sha256(stored["Body"].read()) == notice["sha256"]
            self.disks[pc.device_id].add(notice["fileId"])
        for _ in range(self.chance.choice([0, 1, 1, 2]) if notices else 0):
            self.survive(lambda: pc.receipt(*notices), self.lives())

    def forge(self) -> None:
        """Receipt a file the PC has not got, with a hash made up."""
        keys = list(self.stored)
        if not (self.pcs and keys):
            return
        file_id = self.chance.choice(keys).split("/")[-1][:32]
        forged = receipts.Receipt(file_id, "0" * 64, 3)
        pc = self.chance.choice(self.pcs)
        receipts.take(self.account.world, pc.caller, pc.device_id, receipts.Receipts([forged]))

    def call_off(self) -> None:
        if not self.links or self.chance.random() < 0.5:
            return
        file_id = self.chance.choice(self.links)[0].split("/")[-1][:32]
        try:
            self.survive(lambda: uploads.abort(self.account.world, self.phone.caller, file_id), self.lives())
        except Refusal:
            return
        if self.account.item(f"owner#{OWNER}", f"gone#{file_id}"):
            self.called_off.add(file_id)

    def sweep(self) -> None:
        self.account.clock.wind(minutes=self.chance.choice([1, 20, 200, 1500]))
        self.survive(lambda: sweeps.sweep_pending(self.account.world), self.lives())

    def come_to_rest(self) -> None:
        """Let time pass with nothing lost and nobody killed."""
        for _ in range(3):
            self.account.clock.wind(hours=9)
            sweeps.sweep_pending(self.account.world)
        for key in self.stored:  # what was released before it came has no item to be swept: its event is not lost twice
            arrivals.object_arrived(self.account.world, s3_event(s3_record(key)))
        for _ in range(2):
            self.account.clock.wind(minutes=11)
            for pc in self.pcs:
                pc.run_lap()
        for pc in self.pcs:
            notices = pc.owed()
            self.disks[pc.device_id] |= {notice["fileId"] for notice in notices}
            if notices:
                pc.receipt(*notices)

    def lives(self) -> int | None:
        """Choose at which call to die, before or after it; mostly, not at all."""
        return self.chance.randrange(10) if self.chance.random() < 0.3 else None

    def survive(self, deed: Callable[[], Any], fuse: int | None) -> None:
        self.fuse = fuse
        try:
            deed()
        except KilledError:
            pass
        finally:
            self.fuse = None

    def _burn(self, **_: Any) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise KilledError

    def files(self) -> list[Item]:
        return self.account.items(f"owner#{OWNER}", "file#")

    def check(self) -> None:
        """Check what must hold at any moment."""
        files = {item["sk"].removeprefix("file#"): item for item in self.files()}
        self.check_counters(files)
        for file_id, item in files.items():
            self.check_file(file_id, item)
        owed = {(pc.device_id, notice["fileId"]) for pc in self.pcs for notice in pc.owed()}
        assert owed == {(pc, file_id) for file_id, item in files.items() for pc in item.get("owedTo", ())}

    def check_counters(self, files: dict[str, Item]) -> None:
        counted: Counter[str] = Counter()
        for item in files.values():
            counted[f"{item['status']}Files"] += 1
            counted[f"{item['status']}Bytes"] += item["size"]
        assert self.account.usage() == dict(counted)

    def check_file(self, file_id: str, item: Item) -> None:
        home, owed_to = set(item.get("home", {})), item.get("owedTo", frozenset())
        assert not home & owed_to
        assert all(file_id in self.disks[device_id] for device_id in home), "a home that has not got the file"
        if item["status"] == "pending":
            assert not home | owed_to
            return
        assert sha256(self.stored[item["key"]]) == item["sha256"]
        assert (item["status"] == "downloaded") == bool(home and not owed_to)
        assert file_id not in self.called_off


@pytest.mark.parametrize("seed", range(14))
def test_the_promises_hold_whatever_happens(seed: int) -> None:
    with mock_aws():
        world = World(seed)
        for _ in range(STEPS):
            world.step()
            world.check()

        world.come_to_rest()
        world.check()

        arrived = {key.split("/")[-1][:32] for key in world.stored} - world.called_off
        for disk in world.disks.values():
            assert disk >= arrived
        assert {item["status"] for item in world.files()} <= ({"downloaded"} if world.pcs else {"uploaded"})
