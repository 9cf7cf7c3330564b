"""An owner's data is erased, wherever it lay; somebody must have agreed, and nobody else's is touched."""

import argparse
from typing import Any

import pytest

from admin.__main__ import do_erase
from admin.erase import erase
from admin.errors import ErasureRefusedError, UnknownOwnerError
from admin.stage import Stage
from chalicelib.auth import closures
from chalicelib.metadata.table import Key, Put
from tests.builders import BUCKET, OWNER, STRANGER, Account
from tests.pool import Member, Pool


@pytest.fixture
def pool() -> Pool:
    people = {"anna@example.com": OWNER, "bert@example.com": STRANGER}
    return Pool({email: Member(owner_id, "x", confirmed=True) for email, owner_id in people.items()})


@pytest.fixture
def here(account: Account, pool: Pool) -> Stage:
    """Two owners with a PC, a file at home, one owed, a preview, an old version and something put aside each."""
    account.world.cognito = pool  # type: ignore[misc]
    for owner_id in (OWNER, STRANGER):
        pc = account.pc(owner_id)
        account.phone(owner_id).bring(f"owed {owner_id}".encode())
        file_id = account.phone(owner_id).bring(f"photo {owner_id}".encode())
        pc.receipt(pc.owed()[1])
        for prefix in ("originals", "previews", "quarantine"):
            account.put(f"{prefix}/{owner_id}/{file_id}-x", b"x")
        account.s3.delete_object(Bucket=BUCKET, Key=f"originals/{owner_id}/{file_id}-x")
    return Stage(account.world, {"s3": account.s3, "sqs": account.sqs}.__getitem__)


def run(here: Stage, answer: str = OWNER, owner_id: str = OWNER) -> list[str]:
    return erase(here, owner_id, lambda _: answer, lambda _: None)


def items_of(account: Account, owner_id: str) -> list[dict[str, Any]]:
    """Read all that names an owner; how often somebody asked lately is forgotten by itself within a day or two."""
    return [item for item in account.everything() if owner_id in str(item) and not item["pk"].startswith("limit#")]


def objects_of(account: Account, owner_id: str) -> list[str]:
    told = account.s3.list_object_versions(Bucket=BUCKET)
    every = [*told.get("Versions", []), *told.get("DeleteMarkers", [])]
    return [one["Key"] for one in every if owner_id in one["Key"]]


def queues(account: Account) -> int:
    return len(account.sqs.list_queues(QueueNamePrefix="backhaul-test-pc-").get("QueueUrls", []))


def test_nothing_is_left_but_a_mark_without_anything_of_theirs(here: Stage, account: Account, pool: Pool) -> None:
    assert run(here) == []

    left = items_of(account, OWNER)
    assert {item["sk"] for item in left if item["pk"] == f"owner#{OWNER}"} == {"profile"}
    assert all(item["pk"].startswith("owner") for item in left)
    assert objects_of(account, OWNER) == []
    assert OWNER not in {member.sub for member in pool.members.values()}


def test_an_hour_later_the_list_has_forgotten_them(here: Stage, account: Account) -> None:
    run(here)
    account.clock.wind(hours=1, minutes=1)

    closures.remove_closed(account.world)

    (mark,) = items_of(account, OWNER)
    assert set(mark) == {"pk", "sk", "createdAt", "closedAt", "ttl"}


def test_nobody_elses_data_is_touched(here: Stage, account: Account, pool: Pool) -> None:
    before = items_of(account, STRANGER), objects_of(account, STRANGER)

    run(here)

    assert (items_of(account, STRANGER), objects_of(account, STRANGER)) == before
    assert [member.sub for member in pool.members.values()] == [STRANGER]
    assert queues(account) == 1


@pytest.mark.parametrize("answer", ["", "yes", "y", OWNER[:-1], STRANGER])
def test_without_the_id_typed_nothing_is_touched(here: Stage, account: Account, answer: str) -> None:
    before = account.everything(), objects_of(account, OWNER)

    with pytest.raises(ErasureRefusedError):
        run(here, answer)

    assert (account.everything(), objects_of(account, OWNER)) == before


def test_it_may_be_done_again_and_asks_no_more_once_all_is_over(here: Stage, account: Account) -> None:
    assert run(here) == []
    assert run(here) == []
    account.clock.wind(hours=1, minutes=1)
    closures.remove_closed(account.world)

    assert run(here, answer="not asked") == []


def test_objects_without_a_profile_are_erased_too(here: Stage, account: Account) -> None:
    account.put("originals/nobody/" + "0" * 32 + "-x.jpg", b"x")

    assert run(here, "nobody", "nobody") == []
    assert objects_of(account, "nobody") == []


def test_what_is_coming_in_in_parts_is_thrown_away(here: Stage, account: Account) -> None:
    for owner_id in (OWNER, STRANGER):
        account.s3.create_multipart_upload(Bucket=BUCKET, Key=f"originals/{owner_id}/{'0' * 32}-film.mp4")

    assert run(here) == []

    (left,) = account.s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    assert left["Key"].split("/")[1] == STRANGER


def test_an_owner_nobody_knows_is_refused(here: Stage) -> None:
    with pytest.raises(UnknownOwnerError):
        run(here, "nobody", "nobody")


def test_what_came_in_behind_its_back_is_told(here: Stage, account: Account) -> None:
    run(here)
    account.clock.wind(hours=1, minutes=1)
    closures.remove_closed(account.world)
    account.world.table.put(Put({**Key(f"owner#{OWNER}", "file#late")._asdict(), "name": "late"}))
    account.put(f"previews/{OWNER}/late", b"x")

    assert run(here) == ["item file#late", f"object previews/{OWNER}/late"]


def test_a_script_may_agree_beforehand(here: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert do_erase(here, argparse.Namespace(owner=OWNER, yes_erase=OWNER)) == 0

    assert capsys.readouterr().out.splitlines()[-1] == "Nothing is left"
