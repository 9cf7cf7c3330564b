"""Recalls: a file that is only at home is asked of a PC, sent again, and kept; a PC's key can send nothing else."""

from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from chalicelib.auth import devices
from chalicelib.auth.callers import Caller
from chalicelib.auth.devices import Heartbeat
from chalicelib.auth.scopes import PERSON
from chalicelib.debts import losses, recalls
from chalicelib.debts.recalls import NotToRecallError
from chalicelib.errors import CrowdedError, NotAllowedError, NotFoundError
from chalicelib.incoming import objects, parts, strays, under_way
from chalicelib.incoming.quota import QuotaExceededError
from chalicelib.keeping import home_sweep, retention
from chalicelib.library import links
from chalicelib.limits import RECALL_BY_OWNER, TooManyRequestsError
from chalicelib.metadata import files
from chalicelib.metadata import recalls as kept
from chalicelib.metadata.files import File
from chalicelib.metadata.table import Delete, Put
from tests.builders import (
    BUCKET,
    OWNER,
    SETTINGS,
    STRANGER,
    Account,
    Pc,
    b64,
    declare_large,
    key_of,
    messages,
    part_hash,
    sha256,
)

PHOTO, OTHER = b"photo", b"other"
PARTS = under_way.AskedParts()
GIB = 1024**3


class KilledError(BaseException):
    """The function died here."""


def the_file(account: Account, file_id: str) -> File:
    found = files.find(account.world.table, OWNER, file_id)
    assert found is not None
    return found


def sweep(account: Account, **wait: float) -> None:
    account.clock.wind(**wait)
    home_sweep.sweep_home(account.world)


def at_home(account: Account, *pcs: Pc, bring: Callable[[], str] | None = None) -> str:
    file_id = bring() if bring else account.phone().bring(PHOTO)
    for pc in pcs:
        pc.receipt(*[notice for notice in pc.owed() if notice["fileId"] == file_id])
    return file_id


def gone(account: Account, *pcs: Pc, bring: Callable[[], str] | None = None) -> str:
    """Bring a file home, and let its cloud copy leave, expire, and be forgotten by S3, too."""
    file_id = at_home(account, *pcs, bring=bring)
    assert retention.let_go(account.world, the_file(account, file_id), pcs[0].device_id)
    file = the_file(account, file_id)
    account.s3.objects.pop(file.key, None)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    retention.note_gone(account.world, file)
    assert the_file(account, file_id).gone_at
    return file_id


def ask(account: Account, file_id: str, owner_id: str = OWNER) -> recalls.Recalled:
    return recalls.ask(account.world, Caller(owner_id, None, PERSON), file_id)


def asked(pc: Pc, **more: Any) -> list[str]:
    """Return the files that a PC is asked for."""
    return [one.file_id for one in recalls.page(pc.account.world, pc.caller, pc.device_id, recalls.Asked(**more)).files]


def standing(pc: Pc, file_id: str, *numbers: int) -> under_way.Standing:
    wanted = under_way.AskedParts([under_way.AskedPart(number, part_hash(number)) for number in numbers])
    return recalls.links(pc.account.world, pc.caller, pc.device_id, file_id, wanted)


def send(pc: Pc, file_id: str, body: bytes = PHOTO) -> str:
    """Send a file again as the PC does; return the new version, whose event is still on the way."""
    link = standing(pc, file_id).link
    assert link is not None
    return pc.account.put(key_of(link.url), body, link.headers["Content-Type"])


def hear(account: Account, file_id: str, version_id: str | None = None) -> None:
    account.hear(the_file(account, file_id).key, version_id)


def beat(pc: Pc) -> devices.Beaten:
    return devices.beat(pc.account.world, pc.caller, pc.device_id, Heartbeat())


def quarantined(account: Account) -> int:
    return len(account.s3.list_objects_v2(Bucket=BUCKET, Prefix="quarantine/").get("Contents", ()))


# ---- What need not be asked -----------------------------------------------------------------------------------------


def test_what_is_in_the_cloud_is_not_asked_for(account: Account) -> None:
    file_id = at_home(account, account.pc())

    with account.counting() as counted:
        outcome = ask(account, file_id).outcome

    assert (outcome, counted) == ("here", ["BatchGetItem"])


def test_a_copy_that_s3_still_has_is_held_back_without_a_pc(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    sweep(account, days=7)
    account.s3.delete_object(Bucket=BUCKET, Key=the_file(account, file_id).key)
    sweep(account, days=2)

    assert ask(account, file_id).outcome == "here"
    assert (asked(pc), account.phone().see(file_id).cloud_copy) == ([], "kept")


def test_what_nobody_has_is_said_so(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    pc.revoke()

    assert ask(account, file_id).outcome == "nobodyHasIt"


def test_what_never_arrived_or_was_thrown_away_is_not_recalled(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    trashed = gone(account, pc)
    phone.throw_away(trashed)

    for file_id in (phone.send(OTHER).file_id, trashed):
        with pytest.raises(NotToRecallError):
            ask(account, file_id)


@pytest.mark.parametrize("file_id", ["0" * 32, "x", "..", ""])
def test_what_is_not_there_cannot_be_recalled(account: Account, file_id: str) -> None:
    with pytest.raises(NotFoundError):
        ask(account, file_id)


def test_only_its_owner_may_recall_a_file(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    file_id = gone(account, pc)

    with pytest.raises(NotFoundError):
        ask(account, file_id, STRANGER)
    for caller in (pc.caller, phone.caller):
        with pytest.raises(NotAllowedError):
            recalls.ask(account.world, caller, file_id)
    assert asked(pc) == []


def test_a_recall_that_would_not_fit_is_refused(account: Account) -> None:
    file_id = gone(account, account.pc())
    account.world.settings = replace(SETTINGS, quota_bytes=len(PHOTO) - 1)

    with pytest.raises(QuotaExceededError):
        ask(account, file_id)


def test_recalls_are_bounded_for_each_owner(account: Account) -> None:
    file_id = gone(account, account.pc())
    start = int(account.clock().timestamp()) // RECALL_BY_OWNER.seconds * RECALL_BY_OWNER.seconds
    for part in range(8):
        used_up = {"pk": f"limit#recall-owner#{OWNER}.{part}#{start}", "sk": "count", "count": RECALL_BY_OWNER.most}
        account.world.table.put(Put(used_up))

    with pytest.raises(TooManyRequestsError):
        ask(account, file_id)


# ---- Asked ----------------------------------------------------------------------------------------------------------


def test_each_pc_that_has_the_file_is_asked(account: Account) -> None:
    den, attic = account.pc(), account.pc()
    file_id = gone(account, den, attic)
    empty = account.pc()

    told = ask(account, file_id)

    assert (told.outcome, told.device_ids) == ("asked", sorted([den.device_id, attic.device_id]))
    assert (asked(den), asked(attic), asked(empty)) == ([file_id], [file_id], [])


def test_what_is_asked_can_be_seen(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    before = account.phone().see(file_id).recall

    ask(account, file_id)

    with pytest.raises(links.OnlyAtHomeError) as refused:
        links.get(account.world, account.phone().caller, file_id, links.AskedVariant())
    assert (before, account.phone().see(file_id).recall, refused.value.details["recall"]) == (None, "asked", "asked")


def test_the_heartbeat_tells_how_many_wait(account: Account) -> None:
    pc, other = account.pc(), account.pc(STRANGER)
    file_id = gone(account, pc)
    before = beat(pc).recalls

    ask(account, file_id)

    assert (before, beat(pc).recalls, beat(other).recalls) == (0, 1, 0)
    assert pc.heard()[-1:] == [{"recall": True}]


def test_asking_again_changes_nothing(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)

    said = [ask(account, file_id), ask(account, file_id)]

    assert said[0] == said[1]
    assert (asked(pc), beat(pc).recalls) == ([file_id], 1)


def test_a_page_goes_on_where_the_one_before_ended(account: Account) -> None:
    pc = account.pc()
    found = sorted(gone(account, pc, bring=lambda n=n: account.phone().bring(b"%d" % n)) for n in range(3))
    for file_id in found:
        ask(account, file_id)

    first = recalls.page(account.world, pc.caller, pc.device_id, recalls.Asked(limit=2))

    assert [one.file_id for one in first.files] == found[:2]
    assert asked(pc, limit=2, next=first.next) == found[2:]


def test_a_pc_that_lost_the_file_is_asked_no_more(account: Account) -> None:
    pc, other = account.pc(), account.pc()
    file_id = gone(account, pc, other)
    ask(account, file_id)

    losses.take(account.world, pc.caller, pc.device_id, losses.Losses([losses.Loss(file_id, "gone")]))

    with pytest.raises(NotFoundError):
        standing(pc, file_id)
    assert (asked(pc), beat(pc).recalls, asked(other)) == ([], 0, [file_id])
    losses.take(account.world, other.caller, other.device_id, losses.Losses([losses.Loss(file_id, "gone")]))
    assert account.phone().see(file_id).recall is None


def test_what_a_revoked_pc_was_asked_for_is_forgotten(account: Account) -> None:
    pc = account.pc()
    ask(account, gone(account, pc))

    pc.revoke()
    pc.finish_laps()

    assert account.items(f"pc#{pc.device_id}", "recall#") == []


def test_what_is_thrown_away_is_not_awaited_until_it_is_had_back(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    file_id = gone(account, pc)
    ask(account, file_id)

    phone.throw_away(file_id)
    in_trash = asked(pc)
    phone.restore(file_id)

    assert (in_trash, asked(pc)) == ([], [file_id])


# ---- Sent -----------------------------------------------------------------------------------------------------------


def test_a_file_that_was_sent_again_is_in_the_cloud_again(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    file_id = gone(account, pc)
    counted = account.usage()
    ask(account, file_id)

    version = send(pc, file_id)
    hear(account, file_id, version)

    seen = phone.see(file_id)
    assert (seen.status, seen.cloud_copy, seen.recall, seen.home.keys()) == ("downloaded", "kept", None, {pc.device_id})
    assert f"versionId={version}" in links.get(account.world, phone.caller, file_id, links.AskedVariant()).url
    assert (asked(pc), pc.owed(), beat(pc).recalls) == ([], [], 0)
    assert counted.keys() - account.usage().keys() == {"goneFiles", "goneBytes"}


def test_the_deeds_are_remembered(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)
    hear(account, file_id, send(pc, file_id))

    told = [one["what"] for one in account.items(f"owner#{OWNER}", "activity#")]

    assert {"recalled", "cameBack"} <= set(told)


@pytest.mark.parametrize(("days", "copy"), [(29, "kept"), (31, "leaving")])
def test_however_short_the_grace_it_stays_for_thirty_days(account: Account, days: int, copy: str) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)
    hear(account, file_id, send(pc, file_id))

    sweep(account, days=days)

    assert account.phone().see(file_id).cloud_copy == copy


def test_a_pc_that_was_paired_meanwhile_is_owed_it_then(account: Account) -> None:
    den = account.pc()
    file_id = gone(account, den)
    late = account.pc()
    ask(account, file_id)

    version = send(den, file_id)
    hear(account, file_id, version)

    (notice,) = late.owed()
    assert (notice["fileId"], notice["versionId"], den.owed()) == (file_id, version, [])
    assert [one["fileId"] for one in late.heard()] == [file_id]
    assert late.receipt(notice) == [("taken", None)]
    assert account.phone().see(file_id).status == "downloaded"


def test_it_stays_for_thirty_days_whoever_takes_it_home_meanwhile(account: Account) -> None:
    den = account.pc()
    file_id = gone(account, den)
    late = account.pc()
    ask(account, file_id)
    hear(account, file_id, send(den, file_id))
    late.receipt(*late.owed())

    stood = [account.phone().see(file_id).cloud_copy for days in (0, 29, 1) if sweep(account, days=days) is None]

    assert stood == ["kept", "kept", "leaving"]


def test_a_link_is_for_that_file_alone(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)

    link = standing(pc, file_id).link

    assert link is not None
    assert (link.method, key_of(link.url)) == ("PUT", the_file(account, file_id).key)
    signed = {"Content-Length": "5", "x-amz-checksum-sha256": b64(PHOTO), "If-None-Match": "*"}
    assert signed.items() <= link.headers.items()
    for name in signed:
        assert name.lower() in link.url


def test_no_pc_gets_a_link_that_is_not_asked_for_this_file(account: Account) -> None:
    pc, other, stranger = account.pc(), account.pc(), account.pc(STRANGER)
    file_id, not_asked = (gone(account, pc, other, bring=lambda b=b: account.phone().bring(b)) for b in (PHOTO, OTHER))
    ask(account, file_id)
    here = at_home(account, pc, bring=lambda: account.phone().bring(b"here"))
    late = account.pc()

    refused = [(stranger, file_id), (late, file_id), (pc, not_asked), (pc, here), (pc, "0" * 32), (pc, "x")]
    for who, which in refused:
        with pytest.raises(NotFoundError) as first:
            standing(who, which)
        with pytest.raises(NotFoundError):
            recalls.complete(account.world, who.caller, who.device_id, which)
        assert first.value.message == f"there is no recall {which!r}"
    with pytest.raises(NotFoundError):
        recalls.links(account.world, pc.caller, other.device_id, file_id, PARTS)
    for caller in (account.phone().caller, Caller(OWNER, None, PERSON)):
        with pytest.raises(NotAllowedError):
            recalls.links(account.world, caller, pc.device_id, file_id, PARTS)
        with pytest.raises(NotAllowedError):
            recalls.page(account.world, caller, pc.device_id, recalls.Asked())


def test_a_pc_without_its_own_item_gets_no_link(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)
    account.world.table.put(Delete(kept.key(pc.device_id, file_id)))

    with pytest.raises(NotFoundError):
        standing(pc, file_id)


def test_a_revoked_pc_gets_no_link(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)
    pc.revoke()

    with pytest.raises(NotFoundError):
        standing(pc, file_id)


def test_what_came_back_is_not_to_be_sent_again(account: Account) -> None:
    den, attic = account.pc(), account.pc()
    file_id = gone(account, den, attic)
    ask(account, file_id)
    version = send(den, file_id)

    hear(account, file_id, version)
    before = account.everything()
    hear(account, file_id, version)

    assert account.everything() == before
    for pc in (den, attic):
        with pytest.raises(NotFoundError):
            standing(pc, file_id)


def test_other_bytes_end_the_asking_and_are_put_aside(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)

    hear(account, file_id, send(pc, file_id, OTHER))
    troubles = [one["what"] for one in account.troubles()]
    sweep(account, hours=1)

    seen = account.phone().see(file_id)
    assert (seen.cloud_copy, seen.recall, asked(pc), quarantined(account)) == ("gone", None, [], 1)
    assert troubles == ["other bytes than recalled"]
    assert ask(account, file_id).outcome == "asked"
    hear(account, file_id, send(pc, file_id))
    assert account.phone().see(file_id).cloud_copy == "kept"


def test_bytes_that_nobody_waits_for_are_put_aside(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    version = account.put(the_file(account, file_id).key, PHOTO)

    hear(account, file_id, version)
    sweep(account, hours=1)

    assert (account.phone().see(file_id).cloud_copy, quarantined(account)) == ("gone", 1)


def test_an_arrival_that_nobody_heard_of_is_found(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)
    version = send(pc, file_id)

    sweep(account, minutes=31)

    assert (the_file(account, file_id).version_id, quarantined(account)) == (version, 0)
    assert account.phone().see(file_id).cloud_copy == "kept"


def test_whoever_lacks_what_the_sweep_found_is_owed_it_and_not_rung(account: Account) -> None:
    den = account.pc()
    file_id = gone(account, den)
    late = account.pc()
    ask(account, file_id)
    version = send(den, file_id)

    sweep(account, minutes=31)

    assert [notice["versionId"] for notice in late.owed()] == [version]
    assert late.heard() == []


def test_other_bytes_that_nobody_heard_of_end_the_asking_too(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)
    send(pc, file_id, OTHER)

    sweep(account, minutes=31)

    assert (account.phone().see(file_id).recall, asked(pc), quarantined(account)) == (None, [], 1)
    assert [one["what"] for one in account.troubles()][:1] == ["other bytes than recalled"]


def test_what_the_sweep_cannot_hash_is_reported_and_stays(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    ask(account, file_id)
    standing(pc, file_id)
    account.put(the_file(account, file_id).key, PHOTO, checked=False)
    monkeypatch.setattr(objects, "MOST_PUT_BYTES", len(PHOTO) - 1)

    sweep(account, minutes=31)

    assert (account.phone().see(file_id).recall, quarantined(account)) == ("asked", 0)
    assert [one["what"] for one in account.troubles()] == ["object too large to hash"]


def test_what_comes_back_while_a_sweep_looks_at_it_stays(account: Account) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    account.hear(the_file(account, file_id).key, account.put(the_file(account, file_id).key, OTHER))
    account.s3.delete_object(Bucket=BUCKET, Key=the_file(account, file_id).key)

    def meanwhile(model: Any, **_: Any) -> None:
        if model.name == "ListObjectVersions":
            account.s3.meta.events.unregister("before-call", meanwhile)
            other = Thread(target=come_back)
            other.start()
            other.join()

    def come_back() -> None:
        ask(account, file_id)
        hear(account, file_id, send(pc, file_id))

    account.s3.meta.events.register("before-call", meanwhile)
    sweep(account, hours=1)

    assert (account.phone().see(file_id).cloud_copy, quarantined(account)) == ("kept", 0)


def test_what_a_pc_sent_before_it_was_revoked_is_in_the_cloud(account: Account) -> None:
    den = account.pc()
    file_id = gone(account, den)
    ask(account, file_id)
    version = send(den, file_id)
    den.revoke()
    den.finish_laps()
    late = account.pc()
    assert the_file(account, file_id).status == "lost"

    hear(account, file_id, version)
    sweep(account, hours=1)

    seen = account.phone().see(file_id)
    assert (seen.status, seen.cloud_copy, quarantined(account)) == ("uploaded", "kept", 0)
    assert [notice["versionId"] for notice in late.owed()] == [version]
    assert files.held(account.world.table, OWNER, [sha256(PHOTO)]) == {sha256(PHOTO)}
    assert (account.usage()["uploadedFiles"], account.usage().get("lostFiles", 0)) == (1, 0)


def test_what_a_pc_sent_before_it_was_revoked_is_found_without_its_event(account: Account) -> None:
    den = account.pc()
    file_id = gone(account, den)
    ask(account, file_id)
    send(den, file_id)
    den.revoke()
    den.finish_laps()

    sweep(account, hours=1)
    late = account.pc()
    late.finish_laps()

    assert (account.phone().see(file_id).status, quarantined(account)) == ("uploaded", 0)
    assert [notice["fileId"] for notice in late.owed()] == [file_id]


def test_bytes_too_large_to_be_put_aside_keep_no_sweep_from_its_work(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    pc = account.pc()
    file_id = gone(account, pc)
    key = the_file(account, file_id).key
    version = account.put(key, OTHER)
    monkeypatch.setattr(objects, "MOST_PUT_BYTES", len(OTHER) - 1)

    hear(account, file_id, version)
    sweep(account, hours=1)

    tags = account.s3.get_object_tagging(Bucket=BUCKET, Key=key, VersionId=version)["TagSet"]
    assert (tags, quarantined(account)) == ([strays.TAG], 0)


def test_what_is_purged_meanwhile_stays_purged(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    file_id = gone(account, pc)
    ask(account, file_id)
    link = standing(pc, file_id).link
    assert link is not None
    phone.throw_away(file_id)
    sweep(account, days=31)

    account.put(key_of(link.url), PHOTO)
    account.hear(key_of(link.url))
    sweep(account, hours=1)

    with pytest.raises(NotFoundError):
        phone.see(file_id)
    assert "Contents" not in account.s3.list_objects_v2(Bucket=BUCKET, Prefix="originals/")


# ---- Large files ----------------------------------------------------------------------------------------------------


def large(account: Account, size: int) -> Callable[[], str]:
    return lambda: account.phone().bring_large(size)


def send_parts(pc: Pc, file_id: str, size: int, numbers: range) -> None:
    plan = parts.cut(size)
    for start in range(0, len(numbers), under_way.MOST_LINKS):
        for link in standing(pc, file_id, *numbers[start : start + under_way.MOST_LINKS]).links or ():
            assert pc.account.s3.put_part(link, plan.size_of(link.part), part_hash(link.part)) == 200


def test_several_pcs_bring_the_parts_of_one_file_and_the_cloud_hashes_the_whole(account: Account) -> None:
    den, attic, size = account.pc(), account.pc(), 640 * 1024**2
    file_id = gone(account, den, attic, bring=large(account, size))
    ask(account, file_id)
    before = to_hash(account)

    send_parts(den, file_id, size, range(1, 20))
    with pytest.raises(under_way.PartsMissingError):
        recalls.complete(account.world, den.caller, den.device_id, file_id)
    send_parts(attic, file_id, size, range(20, 41))
    recalls.complete(account.world, attic.caller, attic.device_id, file_id)
    hear(account, file_id)

    assert (before, to_hash(account)) == ([], [the_file(account, file_id).key])
    assert account.phone().see(file_id).recall == "asked"


def test_what_is_too_large_to_hash_is_taken_at_the_pcs_word(account: Account) -> None:
    pc, size = account.pc(), 6 * GIB
    file_id = gone(account, pc, bring=large(account, size))
    ask(account, file_id)

    send_parts(pc, file_id, size, range(1, 385))
    recalls.complete(account.world, pc.caller, pc.device_id, file_id)
    recalls.complete(account.world, pc.caller, pc.device_id, file_id)
    hear(account, file_id)

    seen = account.phone().see(file_id)
    assert (seen.cloud_copy, seen.sha256, asked(pc)) == ("kept", declare_large(size)["sha256"], [])


def test_what_came_back_a_moment_ago_is_begun_no_more(account: Account) -> None:
    den, attic, size = account.pc(), account.pc(), 6 * GIB
    file_id = gone(account, den, attic, bring=large(account, size))
    ask(account, file_id)

    def come_back() -> None:
        send_parts(den, file_id, size, range(1, 385))
        recalls.complete(account.world, den.caller, den.device_id, file_id)
        hear(account, file_id)

    before(account, "UpdateItem", come_back)
    told = standing(attic, file_id, 1)

    assert (told.status, told.links, told.part_size) == ("downloaded", None, None)
    assert (the_file(account, file_id).gone_at, the_file(account, file_id).upload_id) == (None, None)


def before(account: Account, call: str, deed: Callable[[], None]) -> None:
    """Have something happen just before a call to the table, once."""

    def meanwhile(model: Any, **_: Any) -> None:
        if model.name == call:
            account.dynamodb.meta.events.unregister("before-call", meanwhile)
            deed()

    account.dynamodb.meta.events.register("before-call", meanwhile)


def to_hash(account: Account) -> list[str]:
    """Return the keys of what the consumer with more time is to hash."""
    return [one["key"] for one in messages(account.sqs, account.world.media_queue_url) if "key" in one]


# ---- Death on any line ----------------------------------------------------------------------------------------------


def die_at(account: Account, number: int) -> Callable[[], None]:
    """Die at the n-th call from now on, once; return what ends that."""
    seen = [0]

    def now(model: Any, **_: Any) -> None:
        seen[0] += 1
        if seen[0] == number:
            raise KilledError(model.name)

    clients = (account.dynamodb, account.s3, account.sqs)
    for client in clients:
        client.meta.events.register("before-call", now, unique_id=f"die-{number}")

    def over() -> None:
        for client in clients:
            client.meta.events.unregister("before-call", unique_id=f"die-{number}")

    return over


@pytest.mark.parametrize("number", range(1, 8, 2))
def test_whoever_dies_on_the_way_the_next_try_ends_it(account: Account, number: int) -> None:
    den = account.pc()
    file_id = gone(account, den)
    late = account.pc()

    def way() -> None:
        ask(account, file_id)
        if the_file(account, file_id).gone_at:
            if not account.s3.list_object_versions(Bucket=BUCKET, Prefix="originals/").get("Versions"):
                send(den, file_id)
            hear(account, file_id)

    for at in (number, number + 1, number + 8, number + 13):
        over = die_at(account, at)
        try:
            way()
        except KilledError:
            pass
        finally:
            over()
    way()
    sweep(account, hours=1)

    assert (account.phone().see(file_id).cloud_copy, asked(den), quarantined(account)) == ("kept", [], 0)
    assert [one["fileId"] for one in late.owed()] == [file_id]
    assert account.usage()["uploadedFiles"] == 1
    assert "goneFiles" not in account.usage()


def test_a_file_that_changes_all_the_time_is_given_up_with_a_clear_word(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    file_id = gone(account, pc)

    def meanwhile(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems":
            account.dynamodb.meta.events.unregister("before-call", meanwhile)
            phone.throw_away(file_id)

    account.dynamodb.meta.events.register("before-call", meanwhile)

    with pytest.raises((NotToRecallError, CrowdedError)):
        ask(account, file_id)
    assert account.phone().see(file_id).recall is None
    assert sha256(PHOTO) == account.phone().see(file_id).sha256
