"""What PCs do: be paired and revoked, take files home, send receipts, lose files, lie."""

from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib import moments
from chalicelib.auth import devices, me, pairings
from chalicelib.auth.callers import Caller
from chalicelib.debts import laps, losses, owed, receipts
from tests.builders import OWNER, sha256, sqs_event
from tests.simulation.phones import Phones
from tests.simulation.promises import promise
from tests.simulation.world import PAIRED_QUEUE, PERSON, Pc

# For so long the gateway remembers what the authorizer said.
STILL_LET_IN = timedelta(seconds=60)
MOST_PCS = 3


class Pcs(Phones):
    """A world in which files come home."""

    def pair(self) -> None:
        """Have a PC ask, and its owner say yes."""
        if len(self.promises.pcs()) + len(self.codes) >= MOST_PCS:
            return
        told = pairings.ask(self.cloud, pairings.Ask("PC", "pc"), "192.0.2.1", "https://example.com")
        pairings.decide(self.cloud, PERSON, pairings.Decide(told.user_code, approve=True), "192.0.2.1")
        self.codes.append(told.device_code)

    def claim(self) -> None:
        """Have a PC fetch its key; one that got no answer asks again and again."""
        if not self.codes:
            return
        code = self.chance.choice(self.codes)

        def do() -> None:
            try:
                claimed = pairings.claim(self.cloud, pairings.Claim(code), "192.0.2.1")
            except pairings.ExpiredCodeError:
                self.codes = [one for one in self.codes if one != code]
                raise
            self.codes = [one for one in self.codes if one != code]
            self.promises.disks[claimed.device_id] = {}
            self.pcs.append(Pc(Caller(OWNER, claimed.device_id, frozenset({"pc"}))))

        self.act("claim", do)

    def revoke(self) -> None:
        if self.pcs and self.chance.random() < 0.4:
            self.revoke_one(self.chance.choice(self.pcs).device_id)

    def revoke_one(self, device_id: str) -> None:
        self.act(f"revocation of {device_id}", partial(devices.revoke, self.cloud, PERSON, device_id))

    def lap(self) -> None:
        seen = self.queues.seen(PAIRED_QUEUE)
        if seen:
            self.run_lap(self.chance.choice(seen))

    def run_lap(self, sent: Any) -> None:
        """Run what follows from a change of PCs; a message whose run failed or died stays, as in SQS."""

        def do() -> None:
            answer = laps.pcs_changed(self.cloud, sqs_event(sent.body))
            if not answer["batchItemFailures"] and sent in self.queues.queues[PAIRED_QUEUE]:
                self.queues.queues[PAIRED_QUEUE].remove(sent)

        self.act("lap", do)

    def poll(self) -> None:
        pcs = [pc for pc in self.pcs if self.is_let_in(pc)]
        if pcs:
            self.poll_as(self.chance.choice(pcs), self.chance.choice([1, 2, 5]))

    def poll_as(self, pc: Pc, limit: int) -> None:
        """Have a PC ask what it is owed, fetch it and write receipts, which are not yet sent."""

        def do() -> None:
            told = owed.page(self.cloud, pc.caller, pc.device_id, owed.Asked(limit=limit)).files
            taken = [notice for notice in told if self.fetch(pc, notice)]
            if taken:
                made = [receipts.Receipt(one["fileId"], one["sha256"], one["size"]) for one in taken]
                pc.unsent.append(made)

        self.act(f"poll of {pc.device_id}", do)

    def fetch(self, pc: Pc, notice: Any) -> bool:
        """Fetch an object as told; only what is owed no more may be gone."""
        file_id = notice["fileId"]
        stored = self.bucket.find(notice["key"], notice["versionId"])
        if stored is None:
            promise(not self.promises.is_owed(pc.device_id, file_id), f"file {file_id} is owed, its object is gone")
            return False
        promise(sha256(stored.body or b"") == notice["sha256"], f"file {file_id} has other bytes than its notice says")
        self.promises.disks[pc.device_id][file_id] = notice["sha256"]
        return True

    def send_receipts(self) -> None:
        pcs = [pc for pc in self.pcs if pc.unsent and self.is_let_in(pc)]
        if pcs:
            pc = self.chance.choice(pcs)
            self.send(pc, self.chance.choice(pc.unsent), again=self.chance.random() < 0.3)

    def send(self, pc: Pc, made: list[receipts.Receipt], *, again: bool) -> None:
        def do() -> None:
            receipts.take(self.cloud, pc.caller, pc.device_id, receipts.Receipts(made))
            if not again and made in pc.unsent:
                pc.unsent.remove(made)

        self.act(f"receipts of {pc.device_id} for {[one.file_id for one in made]}", do)

    def forge(self) -> None:
        """Receipt a file that the PC may not have, with a hash or a size made up."""
        files = [(file_id, file) for file_id, file in self.promises.files().items() if file.get("sha256")]
        if not (self.pcs and files):
            return
        pc, (file_id, file) = self.chance.choice(self.pcs), self.chance.choice(files)
        wrong = self.chance.choice([("0" * 64, file["size"]), (file["sha256"], file["size"] + 1)])
        made = receipts.Receipts([receipts.Receipt(file_id, *wrong)])

        def do() -> None:
            (answer,) = receipts.take(self.cloud, pc.caller, pc.device_id, made).receipts
            promise(answer.outcome == "refused", f"a forged receipt for file {file_id} was {answer.outcome}")

        self.act("forged receipt", do)

    def damage(self) -> None:
        """Have a PC find a file damaged or gone, and say so once or twice."""
        pcs = [pc for pc in self.pcs if self.promises.disks[pc.device_id] and self.is_let_in(pc)]
        if not pcs or self.stage.parked or self.stage.late:
            return  # a PC does one thing after the other
        pc = self.chance.choice(pcs)
        disk = self.promises.disks[pc.device_id]
        file_id = self.chance.choice(sorted(disk))
        disk[file_id] = ""  # nobody else knows until it is told
        pc.unsent = [[one for one in made if one.file_id != file_id] for made in pc.unsent]
        pc.unsent = [made for made in pc.unsent if made]
        pc.lost.add(file_id)
        for _ in range(self.chance.choice([1, 1, 2])):
            self.report(pc, [file_id])

    def report(self, pc: Pc, file_ids: list[str]) -> None:
        told = losses.Losses([losses.Loss(file_id, self.chance.choice(["damaged", "gone"])) for file_id in file_ids])

        def do() -> None:
            losses.take(self.cloud, pc.caller, pc.device_id, told)
            pc.lost -= set(file_ids)
            for file_id in [one for one in file_ids if not self.promises.disks[pc.device_id].get(one, "there")]:
                del self.promises.disks[pc.device_id][file_id]

        self.act(f"loss of {file_ids} at {pc.device_id}", do)

    def set_grace(self) -> None:
        days = self.chance.choice([0, 1, 7, None])
        self.act(f"grace of {days} days", partial(me.change, self.cloud, PERSON, me.OwnerSettings(grace_days=days)))

    def is_let_in(self, pc: Pc) -> bool:
        """Whether the gateway still lets a PC in: a minute after its key is gone it knows."""
        device = self.table.item(f"owner#{OWNER}", f"device#{pc.device_id}") or {}
        revoked_at = device.get("revokedAt", {}).get("S")
        return revoked_at is None or moments.from_text(revoked_at) + STILL_LET_IN > self.clock.moment
