"""What a new PC cannot be owed, since only other PCs have it any more, is told plainly and not passed over."""

import pytest

from chalicelib.auth import devices
from chalicelib.auth.callers import Caller
from chalicelib.auth.devices import Elsewhere, Heartbeat
from chalicelib.auth.scopes import PERSON
from chalicelib.debts import catch_up
from chalicelib.metadata.files import File, Status
from tests.builders import BUCKET, OWNER, Account, Pc
from tests.thrown import sweep, take_home, the_file

MINE, OTHERS = "d" * 32, "e" * 32


def only_at_home(account: Account, *bodies: bytes) -> Pc:
    """Bring files home to a PC, and let their cloud copies go; return that PC."""
    pc = account.pc()
    keys = [the_file(account, account.phone().bring(body)).key for body in bodies]
    take_home(pc)
    sweep(account, days=8)
    for key in keys:
        account.s3.delete_object(Bucket=BUCKET, Key=key)
    sweep(account, days=2)
    return pc


def elsewhere(account: Account, pc: Pc) -> Elsewhere | None:
    owner = Caller(OWNER, None, PERSON)
    (found,) = [one.elsewhere for one in devices.every(account.world, owner).devices if one.device_id == pc.device_id]
    return found


def test_a_new_pc_is_told_how_many_files_only_other_pcs_have(account: Account) -> None:
    only_at_home(account, b"one", b"two")
    account.phone().bring(b"in the cloud")
    new = account.pc()

    new.finish_laps()

    assert len(new.owed()) == 1
    assert elsewhere(account, new) == Elsewhere(2, account.world.now_text())


def test_it_is_told_once_the_first_lap_is_over(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """And over several pages: the second lap counts anew, or each would count twice."""
    monkeypatch.setattr(catch_up, "_FILES_IN_ONE_PAGE", 1)
    only_at_home(account, b"one", b"two")
    new = account.pc()

    new.run_lap()
    first = elsewhere(account, new)
    new.finish_laps()
    second = elsewhere(account, new)

    assert (first and first.files, second and second.files) == (2, 2)


def test_a_pc_that_comes_while_a_copy_is_going_is_told_of_it_too(account: Account) -> None:
    """Nobody knew it was gone before the lap wanted to hold it back."""
    old = account.pc()
    file_id = account.phone().bring(b"photo")
    take_home(old)
    sweep(account, days=8)
    file = the_file(account, file_id)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    new = account.pc()

    new.finish_laps()

    assert new.owed() == []
    assert elsewhere(account, new) == Elsewhere(1, account.world.now_text())


def test_a_pc_learns_it_from_its_heartbeat(account: Account) -> None:
    only_at_home(account, b"one")
    new = account.pc()
    new.finish_laps()

    told = devices.beat(account.world, new.caller, new.device_id, Heartbeat())

    assert told.elsewhere == Elsewhere(1, account.world.now_text())


def test_of_a_pc_that_is_owed_all_there_is_nothing_is_elsewhere(account: Account) -> None:
    account.phone().bring(b"photo")
    new = account.pc()
    before = elsewhere(account, new)

    new.finish_laps()

    assert before is None
    assert elsewhere(account, new) == Elsewhere(0, account.world.now_text())


def a_file(status: Status, **more: object) -> File:
    told = {"owner_id": OWNER, "file_id": "f" * 32, "name": "a", "type": "b/c", "key": "k", "created_at": "2026"}
    return File(**{**told, "status": status, **more})  # type: ignore[arg-type] # made up


@pytest.mark.parametrize(
    ("file", "is_elsewhere"),
    [
        (a_file(Status.DOWNLOADED, home={OTHERS: "2026"}, tagged_at="2026", gone_at="2026"), True),
        (a_file(Status.DOWNLOADED, home={MINE: "2026"}, tagged_at="2026", gone_at="2026"), False),
        (a_file(Status.DOWNLOADED, home={OTHERS: "2026"}, tagged_at="2026"), False),
        (a_file(Status.UPLOADED), False),
        (a_file(Status.LOST, gone_at="2026"), False),
        (a_file(Status.TRASHED, home={OTHERS: "2026"}, gone_at="2026"), False),
    ],
)
def test_only_what_another_pc_has_and_the_cloud_has_not_is_elsewhere(file: File, is_elsewhere: bool) -> None:
    assert catch_up.is_elsewhere(file, MINE) == is_elsewhere
