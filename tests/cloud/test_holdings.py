"""What PCs say they have: files that were lost with the table are known again, and nothing else changes."""

from typing import Any

import pytest

from admin.audit import Orders, audit
from chalicelib.debts import holdings
from chalicelib.errors import NotAllowedError, NotFoundError
from chalicelib.metadata import files
from chalicelib.metadata.table import Delete, Key, Put
from tests.builders import BUCKET, OWNER, Account, Pc, declare, sha256

OLD = "01a1fd8c69007a088d015b6f28fc9e9c"
HOME_AT = "2025-01-02T03:04:05.678Z"


def holding(file_id: str = OLD, body: bytes = b"photo", **more: Any) -> holdings.Holding:
    return holdings.Holding(file_id, sha256(body), len(body), "Müritz.jpg", HOME_AT, **more)


def told(pc: Pc, *some: holdings.Holding) -> list[tuple[str, str | None]]:
    answers = holdings.take(pc.account.world, pc.caller, pc.device_id, holdings.Holdings(list(some))).files
    return [(answer.outcome, answer.reason) for answer in answers]


def the_file(account: Account, file_id: str = OLD) -> files.File | None:
    return files.find(account.world.table, OWNER, file_id)


def test_a_file_that_only_this_pc_has_is_known_again(account: Account) -> None:
    pc = account.pc()

    assert told(pc, holding(taken_at="2024-12-24T18:00:00Z")) == [("restored", None)]
    file = the_file(account)
    assert file
    assert (file.status, file.name, file.type, file.size) == ("downloaded", "Müritz.jpg", "image/jpeg", 5)
    assert (file.home, file.owed_to, file.created_at) == ({pc.device_id: HOME_AT}, frozenset(), HOME_AT)
    assert file.gone_at
    assert file.taken_at == "2024-12-24T18:00:00Z"


def test_a_phone_is_told_that_it_is_known(account: Account) -> None:
    told(account.pc(), holding())

    (begun,) = account.phone().begin(declare(b"photo"))

    assert (begun.outcome, begun.file_id) == ("duplicate", OLD)


def test_counters_agree_with_what_was_told(account: Account) -> None:
    told(account.pc(), holding(), holding("f" * 32, b"another"))

    assert account.usage() == {"downloadedFiles": 2, "downloadedBytes": 12, "goneFiles": 2, "goneBytes": 12}
    assert not [one for one in audit(account.world, Orders()) if one.finding.damage == "counters differ"]


def test_telling_it_twice_changes_nothing(account: Account) -> None:
    pc = account.pc()
    told(pc, holding())
    before = account.everything()

    assert told(pc, holding()) == [("repeated", None)]
    assert account.everything() == before


def test_what_is_owed_to_the_pc_is_taken_as_a_receipt(account: Account) -> None:
    pc = account.pc()
    pc.finish_laps()
    file_id = account.phone().bring(b"photo")

    assert told(pc, holding(file_id)) == [("taken", None)]
    file = the_file(account, file_id)
    assert file
    assert (file.status, file.gone_at) == ("downloaded", None)
    assert pc.owed() == []


def test_a_second_pc_that_has_it_too_is_not_mixed_up_with_the_first(account: Account) -> None:
    first, second = account.pc(), account.pc()
    told(first, holding())

    assert told(second, holding()) == [("refused", "notOwed")]


def purged(account: Account) -> None:
    account.world.table.put(Put({**files.gone_key(OWNER, OLD)._asdict(), "purgedAt": HOME_AT}))


def purged_contents(account: Account) -> None:
    at = files.hash_key(OWNER, sha256(b"photo"))
    account.world.table.put(Put({**at._asdict(), "fileId": OLD, "purgedAt": HOME_AT}))


def sent_anew(account: Account) -> None:
    account.phone().bring(b"photo")


def in_the_bucket(account: Account) -> None:
    """Lost in the table alone: the rebuilding from the bucket knows more of it."""
    account.put(f"originals/{OWNER}/{OLD}-Muritz.jpg", b"photo")


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (purged, "unwanted"),
        (purged_contents, "unwanted"),
        (sent_anew, "otherFile"),
        (in_the_bucket, "inCloud"),
    ],
)
def test_what_somebody_knows_better_is_refused(account: Account, happened: Any, reason: str) -> None:
    pc = account.pc()
    happened(account)
    before = account.everything()

    assert told(pc, holding()) == [("refused", reason)]
    assert account.everything() == before


@pytest.mark.parametrize(("happened", "reason"), [(purged_contents, "unwanted"), (sent_anew, "otherFile")])
def test_what_becomes_known_while_a_pc_tells_is_not_written_over(account: Account, happened: Any, reason: str) -> None:
    pc, at = account.pc(), files.hash_key(OWNER, sha256(b"photo"))
    known: list[Any] = []

    def meanwhile(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems":
            account.dynamodb.meta.events.unregister("before-call", meanwhile)
            happened(account)
            known.append(account.world.table.find(at))

    account.dynamodb.meta.events.register("before-call", meanwhile)

    assert told(pc, holding()) == [("refused", reason)]
    assert known == [account.world.table.find(at)]
    assert the_file(account) is None


@pytest.mark.parametrize(("body", "reason"), [(b"other", "otherSha256"), (b"photo", None)])
def test_other_contents_than_known_are_no_receipt(account: Account, body: bytes, reason: str | None) -> None:
    pc = account.pc()
    pc.finish_laps()
    file_id = account.phone().bring(b"photo")

    assert told(pc, holding(file_id, body))[0][1] == reason


@pytest.mark.parametrize("moment", ["yesterday", "2026-02-30T00:00:00Z", ""])
def test_a_moment_that_is_none_is_now(account: Account, moment: str) -> None:
    one = holdings.Holding(OLD, sha256(b"photo"), 5, "a.jpg", moment, moment)

    assert told(account.pc(), one) == [("restored", None)]
    file = the_file(account)
    assert file
    assert (file.created_at, file.taken_at) == (account.world.now_text(), None)


def test_nobody_tells_for_another_pc(account: Account) -> None:
    pc, other = account.pc(), account.pc()

    with pytest.raises((NotAllowedError, NotFoundError)):
        holdings.take(account.world, pc.caller, other.device_id, holdings.Holdings([holding()]))


def test_a_pc_that_was_revoked_a_moment_ago_tells_nothing(account: Account) -> None:
    pc = account.pc()
    pc.revoke()

    with pytest.raises(NotFoundError):
        told(pc, holding())
    assert the_file(account) is None


def test_after_the_table_is_lost_bucket_and_pc_make_it_whole(account: Account) -> None:
    pc = account.pc()
    pc.finish_laps()
    here, gone = account.phone().bring(b"here"), account.phone().bring(b"gone")
    pc.receipt(*pc.owed())
    file = the_file(account, gone)
    assert file
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    for item in account.everything():
        account.world.table.put(Delete(Key(item["pk"], item["sk"])))

    anew = account.pc()

    assert told(anew, holding(gone, b"gone"), holding(here, b"here")) == [("restored", None), ("refused", "inCloud")]
