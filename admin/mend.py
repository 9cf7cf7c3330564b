"""What may be put right without a person: by the writes the functions use, each on condition that it is still wrong.

A missing object and other bytes than declared are left alone: only a person can know where the right ones are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from admin.damage import Damage, Finding
from admin.listings import Household, Seen
from chalicelib import keys
from chalicelib.cloud import Cloud
from chalicelib.debts import catch_up, notices
from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.incoming import arrivals
from chalicelib.incoming.s3_events import Arrival
from chalicelib.keeping import retention
from chalicelib.metadata import copies, files, ledger
from chalicelib.metadata.files import File
from chalicelib.metadata.table import Check, Delete, Update

CHANGED = "changed meanwhile, look again"


@dataclass(frozen=True)
class Case:
    """A finding, with all that was seen of its file."""

    home: Household
    seen: Seen
    finding: Finding

    @property
    def file(self) -> File:
        """The file, of a finding that has one."""
        assert self.seen.file is not None
        return self.seen.file


def mend(world: Cloud, case: Case) -> str:
    """Put one thing right and say what was done; nothing, where only a person can."""
    how = _WAYS.get(case.finding.damage)
    if how is None:
        return ""
    try:
        return how(world, case)
    except (ConditionFailedError, CrowdedError):
        return CHANGED


def mend_pointer(world: Cloud, file: File, leads_to: str | None) -> str:
    """Let contents lead to a file that holds them, if they still lead where they were seen to."""
    at = files.hash_key(file.owner_id, file.sha256 or "")
    when = "#fileId = :was" if leads_to else "attribute_not_exists(#fileId)"
    values = {"file": file.file_id, "held": True} | ({"was": leads_to} if leads_to else {})
    return _pointed(world, Update(at, "SET #fileId = :file, #held = :held", when, values), "leads there now")


def drop_pointer(world: Cloud, owner_id: str, sha256: str, leads_to: str) -> str:
    """Forget contents that lead to no file."""
    at = files.hash_key(owner_id, sha256)
    return _pointed(world, Delete(at, "#fileId = :was", {"was": leads_to}), "forgotten")


def _pointed(world: Cloud, operation: Update | Delete, done: str) -> str:
    try:
        world.table.put(operation)
    except ConditionFailedError:
        return CHANGED
    return done


def _adopt(world: Cloud, case: Case) -> str:
    original = keys.parse(case.finding.detail)
    if original is None:
        return ""
    outcome = arrivals.take_in(world, Arrival(original))
    return "adopted" if outcome == arrivals.Outcome.UPLOADED else f"left as {outcome}"


def _have_looked_at(world: Cloud, case: Case) -> str:
    now = world.now_text()
    world.table.put(copies.look(case.home.owner_id, case.seen.file_id, now, now))
    return "the next hourly sweep looks at it"


def _keep(world: Cloud, case: Case) -> str:
    return "held back" if retention.keep(world, case.file) else "gone already"


def _write_debt(world: Cloud, case: Case) -> str:
    device_id, now = case.finding.device_id, world.now_text()
    at = files.file_key(case.home.owner_id, case.seen.file_id)
    world.table.write(
        Check(at, "contains(#owedTo, :device)", {"device": device_id}),
        ledger.still_claims(case.home.owner_id, device_id),
        ledger.owe(device_id, notices.of(case.file, world.settings.bucket), now),
    )
    return "debt written"


def _strike_debt(world: Cloud, case: Case) -> str:
    device_id = case.finding.device_id
    at = files.file_key(case.home.owner_id, case.seen.file_id)
    is_free = "attribute_not_exists(#owedTo) OR NOT contains(#owedTo, :device)"
    world.table.write(Check(at, is_free, {"device": device_id}), ledger.settle(device_id, case.seen.file_id))
    return "debt struck off"


def _owe(world: Cloud, case: Case) -> str:
    owed = catch_up.owe(world, case.home.pcs[case.finding.device_id], [case.file])
    return "owed again" if owed else CHANGED


_WAYS: dict[Damage, Callable[[Cloud, Case], str]] = {
    Damage.ORPHAN: _adopt,
    Damage.UNWANTED: _have_looked_at,
    Damage.HIDDEN: _have_looked_at,
    Damage.TAGGED: _have_looked_at,
    Damage.LEAVING: _keep,
    Damage.NO_DEBT: _write_debt,
    Damage.STRAY_DEBT: _strike_debt,
    Damage.NOT_OWED: _owe,
}
