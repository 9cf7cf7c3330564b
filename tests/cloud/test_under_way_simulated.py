"""Random schedules of phones that send one film in parts, give up, come back and are killed: it must come in, once."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.errors import Refusal
from chalicelib.incoming import uploads
from chalicelib.incoming.parts import MIB
from chalicelib.metadata import files
from chalicelib.upkeep import sweeps
from tests.builders import OWNER, Account, Phone, declare_large

FILM = 40 * MIB
STEPS = 60


class KilledError(BaseException):
    """The function died here."""


class World:
    """Two phones with the same film, and a sweep."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.account = Account()
        self.phones = [self.account.phone(), self.account.phone()]
        self.known: list[str] = []
        self.fuse: int | None = None
        self.kills = 0
        self.account.s3.before = self.account.s3.after = self._burn
        for event in ("before-call", "after-call"):
            self.account.dynamodb.meta.events.register(event, self._burn)

    def step(self) -> None:
        deeds: list[Callable[[], Any]] = [self.begin, self.send, self.send, self.send, self.complete, self.hear]
        self.survive(self.chance.choice([*deeds, self.call_off, self.sweep, self.tidy]))

    def begin(self) -> None:
        (begun,) = self.phone().begin(declare_large(FILM))
        self.known.append(begun.file_id)

    def send(self) -> None:
        if self.known:
            self.phone().send_parts(self.chance.choice(self.known), FILM, [self.chance.randint(1, 3)])

    def complete(self) -> None:
        if self.known:
            self.phone().complete(self.chance.choice(self.known))

    def hear(self) -> None:
        for key in list(self.account.s3.objects):
            self.account.hear(key)

    def call_off(self) -> None:
        if self.known and self.chance.random() < 0.3:
            uploads.abort(self.account.world, self.phone().caller, self.chance.choice(self.known))

    def sweep(self) -> None:
        self.account.clock.wind(hours=self.chance.choice([1, 5, 30, 200]))
        sweeps.sweep_pending(self.account.world)

    def tidy(self) -> None:
        """Throw an upload away, as the bucket's own rule does with an old one."""
        if self.account.s3.uploads and self.chance.random() < 0.2:
            self.account.s3.uploads.popitem()

    def phone(self) -> Phone:
        return self.chance.choice(self.phones)

    def survive(self, deed: Callable[[], Any]) -> None:
        self.fuse = self.chance.randrange(8) if self.chance.random() < 0.3 else None
        try:
            deed()
        except Refusal:
            pass
        except KilledError:
            self.kills += 1
        finally:
            self.fuse = None

    def _burn(self, *_: Any, **__: Any) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise KilledError

    def check(self) -> None:
        """Check what must hold at any moment."""
        found = [files.read(item) for item in self.account.items(f"owner#{OWNER}", "file#")]
        pending = [file for file in found if file.status == "pending"]
        usage = self.account.usage()
        assert usage.get("pendingFiles", 0) == len(pending)
        assert usage.get("pendingBytes", 0) == FILM * len(pending)
        assert usage.get("uploadedFiles", 0) == len(found) - len(pending)
        assert all(file.status in ("pending", "uploaded") for file in found)
        assert all(file.key in self.account.s3.objects for file in found if file.status == "uploaded")
        # Only a death may leave an upload that nobody knows; the bucket's own rule takes it.
        named = {file.upload_id for file in pending}
        assert len(set(self.account.s3.uploads) - named) <= self.kills

    def come_to_rest(self) -> str:
        """Let one phone be patient, with nobody killed."""
        phone = self.phones[0]
        for _ in range(3):
            (begun,) = phone.begin(declare_large(FILM))
            if begun.outcome == "multipart":
                phone.send_parts(begun.file_id, FILM)
                phone.complete(begun.file_id)
                self.account.hear(begun.key)
        return phone.see(begun.file_id).status


@pytest.mark.parametrize("seed", range(12))
def test_a_patient_phone_brings_its_film_in_whatever_happened_before(seed: int) -> None:
    with mock_aws():
        world = World(seed)
        for _ in range(STEPS):
            world.step()
            world.check()

        assert world.come_to_rest() == "uploaded"
        world.check()
        world.account.clock.wind(days=8)
        sweeps.sweep_pending(world.account.world)
        assert "pendingBytes" not in world.account.usage()
