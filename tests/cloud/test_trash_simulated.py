"""Random schedules of what throws away, gets back and expires, killed anywhere: nothing is lost or miscounted."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.errors import CrowdedError
from chalicelib.keeping import home_sweep
from chalicelib.metadata.items import Item
from tests.builders import BUCKET, OWNER, Account, declare
from tests.thrown import purge

CONTENTS = [b"one", b"two two", b"three three three"]
STEPS = 45


class KilledError(BaseException):
    """The function died here."""


class World:
    """One owner, a phone, PCs that take home what they like, and S3's lifecycle."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.account = Account()
        self.phone = self.account.phone()
        self.pcs = [self.account.pc()]
        self.hidden_at: dict[str, datetime] = {}
        self.fuse: int | None = None
        for client in (self.account.s3, self.account.dynamodb, self.account.sqs):
            client.meta.events.register("before-call", self._burn)
            client.meta.events.register("after-call", self._burn)

    def step(self) -> None:
        deeds: list[Callable[[], Any]] = [
            *[self.bring, self.bring, self.take_home, self.take_home, self.take_home, self.pair, self.lap],
            *[self.throw_away, self.throw_away, self.restore, self.purge, self.sweep, self.sweep, self.sweep],
            *[self.expire, self.expire],
        ]
        self.chance.choice(deeds)()

    def bring(self) -> None:
        """Bring contents in, sometimes with the wish to have them back; the event always comes."""
        wish = self.chance.random() < 0.4
        (begun,) = self.phone.begin(declare(body := self.chance.choice(CONTENTS), restore=wish))
        if begun.link:
            self.account.put(begun.key, body)
            self.account.hear(begun.key)

    def take_home(self) -> None:
        pc = self.chance.choice(self.pcs)
        notices = pc.owed()
        for notice in notices:
            stored = self.account.s3.get_object(Bucket=BUCKET, Key=notice["key"], VersionId=notice["versionId"])
            assert len(stored["Body"].read()) == notice["size"], "owed, and not to be had"
        if notices:
            self.survive(lambda: pc.receipt(*notices))

    def pair(self) -> None:
        if len(self.pcs) < 3 and self.chance.random() < 0.3:
            self.pcs.append(self.account.pc())
            self.pcs[-1].finish_laps()

    def lap(self) -> None:
        self.survive(self.chance.choice(self.pcs).run_lap)

    def throw_away(self) -> None:
        self.survive(lambda: self.phone.throw_away(*self.some()))

    def restore(self) -> None:
        self.survive(lambda: self.phone.restore(*self.some()))

    def purge(self) -> None:
        if self.chance.random() < 0.5:
            self.survive(lambda: purge(self.account, *self.some()))

    def sweep(self) -> None:
        self.account.clock.wind(days=self.chance.choice([0, 1, 2, 8, 31]))
        self.survive(lambda: home_sweep.sweep_home(self.account.world))

    def expire(self) -> None:
        """Do what the bucket's lifecycle does: a marker upon what is tagged; what is under it goes in time."""
        told = self.account.s3.list_object_versions(Bucket=BUCKET)
        looked_at = {item["sk"].removeprefix("look#") for item in self.account.items(f"owner#{OWNER}", "look#")}
        for one in told.get("Versions", ()):
            version = {"Bucket": BUCKET, "Key": one["Key"], "VersionId": one["VersionId"]}
            if not one["IsLatest"]:
                old = self.account.clock() - self.hidden_at.setdefault(one["VersionId"], self.account.clock())
                # The sweep, which runs every hour, has looked long before.
                if old >= timedelta(days=30) and one["Key"].split("/")[-1][:32] not in looked_at:
                    self.account.s3.delete_object(**version)
                continue
            self.hidden_at.pop(one["VersionId"], None)
            if self.tagged(one):
                self.account.s3.delete_object(Bucket=BUCKET, Key=one["Key"])

    def tagged(self, one: Any) -> bool:
        told = self.account.s3.get_object_tagging(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])
        return bool(told["TagSet"])

    def some(self) -> list[str]:
        files = [item["sk"].removeprefix("file#") for item in self.files()]
        return [file_id for file_id in files if self.chance.random() < 0.6] or ["0" * 32]

    def survive(self, deed: Callable[[], Any]) -> None:
        self.fuse = self.chance.randrange(12) if self.chance.random() < 0.3 else None
        try:
            deed()
        except (KilledError, CrowdedError):
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

    def versions(self) -> set[tuple[str, str]]:
        told = self.account.s3.list_object_versions(Bucket=BUCKET)
        return {(one["Key"], one["VersionId"]) for one in told.get("Versions", ())}

    def check(self) -> None:
        """Check what must hold at any moment."""
        files = {item["sk"].removeprefix("file#"): item for item in self.files()}
        there = self.versions()
        counted: Counter[str] = Counter()
        for item in files.values():
            for name in (item["status"], *(["gone"] if "goneAt" in item else [])):
                counted.update({f"{name}Files": 1, f"{name}Bytes": item["size"]})
            self.check_file(item, safe=(item["key"], item["versionId"]) in there)
        assert self.account.usage() == dict(counted)
        owed = {(pc.device_id, notice["fileId"]) for pc in self.pcs for notice in pc.owed()}
        assert owed == {(pc, file_id) for file_id, item in files.items() for pc in item.get("owedTo", ())}

    def check_file(self, item: Item, *, safe: bool) -> None:
        home, owed_to = set(item.get("home", {})), item.get("owedTo", frozenset())
        assert not home & owed_to
        assert safe or item["status"] == "purging" or home, "lost"
        assert safe or not owed_to, "owed, and not to be had"
        if item["status"] in ("uploaded", "downloaded"):
            assert (item["status"] == "downloaded") == bool(home and not owed_to)
        else:
            assert not owed_to

    def come_to_rest(self) -> None:
        """Let what died be put right, and then let S3 expire what it will."""
        for _ in range(3):
            self.account.clock.wind(hours=1)
            home_sweep.sweep_home(self.account.world)
        self.expire()
        self.account.clock.wind(days=2)
        home_sweep.sweep_home(self.account.world)

    def check_rest(self) -> None:
        """Check that nothing is tagged but what is marked, and that what is to stay is the newest version."""
        told = self.account.s3.list_object_versions(Bucket=BUCKET)
        newest = {one["Key"]: one for one in told.get("Versions", ()) if one["IsLatest"]}
        for item in self.files():
            if item["status"] != "purging" and "taggedAt" not in item:
                assert newest[item["key"]]["VersionId"] == item["versionId"]
                assert not self.tagged(newest[item["key"]])


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_or_miscounted_whatever_happens(seed: int) -> None:
    with mock_aws():
        world = World(seed)
        for _ in range(STEPS):
            world.step()
            world.check()

        world.come_to_rest()
        world.check()
        world.check_rest()
