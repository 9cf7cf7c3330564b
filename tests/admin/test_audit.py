"""The audit finds each kind of damage, changes nothing unless told, and mends what is safe to mend."""

from collections.abc import Callable
from typing import Any

import pytest

from admin import listings
from admin.audit import Orders, Told, audit
from admin.damage import Damage
from admin.errors import UnknownOwnerError
from chalicelib.keeping import home_sweep, retention
from chalicelib.metadata import files
from chalicelib.metadata.table import Delete, Key, Put, Update
from tests.builders import BUCKET, OWNER, STRANGER, Account, Pc, sha256

BODY = b"photo"


class Home:
    """An owner with a file that is at home, one that is owed, and one in the trash."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.pc: Pc = account.pc()
        self.pc.finish_laps()
        phone = account.phone()
        self.at_home = phone.bring(b"at home")
        self.pc.receipt(*self.pc.owed())
        self.owed = phone.bring(BODY)
        self.trashed = phone.bring(b"rubbish")
        phone.throw_away(self.trashed)

    def file(self, file_id: str) -> files.File:
        found = files.find(self.account.world.table, OWNER, file_id)
        assert found is not None
        return found

    def audit(self, *, mend: bool = False, tags: bool = False, owner_id: str | None = None) -> list[Told]:
        return list(audit(self.account.world, Orders(mend, tags), owner_id))

    def found(self, **orders: Any) -> list[Damage]:
        return [told.finding.damage for told in self.audit(**orders)]

    def set(self, file_id: str, does: str, **values: Any) -> None:
        self.account.world.table.put(Update(files.file_key(OWNER, file_id), does, values=values))

    def delete_object(self, file_id: str, *, version: bool) -> None:
        file = self.file(file_id)
        which = {"VersionId": file.version_id} if version else {}
        self.account.s3.delete_object(Bucket=BUCKET, Key=file.key, **which)

    def debt(self, file_id: str) -> Key:
        return Key(f"pc#{self.pc.device_id}", f"owed#{file_id}")

    def everything(self) -> Any:
        page = self.account.s3.list_object_versions(Bucket=BUCKET)
        objects = [
            (one["Key"], one["VersionId"]) for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        return self.account.everything(), objects


@pytest.fixture
def home(account: Account) -> Home:
    return Home(account)


def lose_object(home: Home) -> None:
    home.delete_object(home.owed, version=True)


def hide_object(home: Home) -> None:
    home.delete_object(home.owed, version=False)


def recount(home: Home, before: files.File, *after: files.File) -> None:
    """Have the counters agree with damage that is not theirs."""
    change = files.share("uploaded", after)
    change.subtract(files.share("uploaded", [before]))
    home.account.world.table.write(*files.counted(OWNER, change))


def shorten(home: Home) -> None:
    before = home.file(home.owed)
    home.set(home.owed, "SET #size = :size", size=4)
    recount(home, before, home.file(home.owed))


def forget_file(home: Home) -> None:
    """As if the table had lost it, with all that goes with it."""
    file = home.file(home.owed)
    lost = files.file_key(OWNER, home.owed), files.hash_key(OWNER, file.sha256 or ""), home.debt(home.owed)
    home.account.world.table.write(*map(Delete, lost))
    recount(home, file)


def come_back(home: Home) -> None:
    """An object of a file that was called off."""
    gone = files.gone_key(OWNER, "0" * 31 + "a")
    home.account.world.table.put(Put({**gone._asdict(), "ttl": 2**31}))
    home.account.put(f"originals/{OWNER}/{'0' * 31}a-x.jpg", b"late")


def tag(home: Home) -> None:
    file = home.file(home.owed)
    tags = {"TagSet": [retention.TAG]}
    home.account.s3.put_object_tagging(Bucket=BUCKET, Key=file.key, VersionId=file.version_id, Tagging=tags)


def leave(home: Home) -> None:
    home.set(home.owed, "SET #taggedAt = :now", now=home.account.world.now_text())


def drop_debt(home: Home) -> None:
    home.account.world.table.put(Delete(home.debt(home.owed)))


def invent_debt(home: Home) -> None:
    home.account.world.table.put(Put({**home.debt(home.at_home)._asdict(), "notice": {}, "owedSince": "x"}))


def invent_debt_of_nothing(home: Home) -> None:
    home.account.world.table.put(Put({**home.debt("0" * 32)._asdict(), "notice": {}, "owedSince": "x"}))


def forget_home(home: Home) -> None:
    home.set(home.at_home, f"REMOVE #home.#{home.pc.device_id}")


def drop_pointer(home: Home) -> None:
    home.account.world.table.put(Delete(files.hash_key(OWNER, sha256(BODY))))


def turn_pointer(home: Home) -> None:
    home.account.world.table.put(
        Update(files.hash_key(OWNER, sha256(BODY)), "SET #fileId = :x", values={"x": "f" * 32})
    )


def point_nowhere(home: Home) -> None:
    home.account.world.table.put(Put({**files.hash_key(OWNER, "0" * 64)._asdict(), "fileId": "f" * 32, "held": True}))


def miscount(home: Home) -> None:
    home.account.world.table.put(Update(Key(f"owner#{OWNER}", "usage#3"), "ADD #uploadedFiles :by", values={"by": 7}))


MENDED = [
    (hide_object, Damage.HIDDEN),
    (forget_file, Damage.ORPHAN),
    (come_back, Damage.UNWANTED),
    (tag, Damage.TAGGED),
    (leave, Damage.LEAVING),
    (drop_debt, Damage.NO_DEBT),
    (invent_debt, Damage.STRAY_DEBT),
    (invent_debt_of_nothing, Damage.STRAY_DEBT),
    (forget_home, Damage.NOT_OWED),
    (drop_pointer, Damage.POINTER),
    (turn_pointer, Damage.POINTER),
    (point_nowhere, Damage.POINTER),
    (miscount, Damage.COUNTER),
]
LEFT = [(lose_object, Damage.MISSING), (shorten, Damage.SIZE)]
Harm = Callable[[Home], None]


def test_what_is_well_is_found_well(home: Home) -> None:
    assert home.found(tags=True) == []


def test_what_is_on_its_way_is_no_damage(home: Home) -> None:
    phone = home.account.phone()
    phone.begin(b"never sent")
    phone.send(b"its event is still to come")
    home.account.pc()

    assert home.found() == []


def test_a_copy_that_was_let_go_is_no_damage(home: Home) -> None:
    home.account.clock.wind(days=8)
    home_sweep.sweep_home(home.account.world)
    assert home.file(home.at_home).tagged_at is not None
    home.delete_object(home.at_home, version=False)

    assert home.found(tags=True) == []


@pytest.mark.parametrize(("harm", "damage"), MENDED, ids=lambda one: getattr(one, "__name__", ""))
def test_damage_is_found_without_any_change_and_mended_if_told(home: Home, harm: Harm, damage: Damage) -> None:
    harm(home)
    before = home.everything()

    assert home.found(tags=True) == [damage]
    assert home.everything() == before
    assert [bool(told.done) for told in home.audit(mend=True, tags=True)] == [True]
    home_sweep.sweep_home(home.account.world)
    assert home.found(tags=True) == []


@pytest.mark.parametrize(("harm", "damage"), LEFT, ids=lambda one: getattr(one, "__name__", ""))
def test_what_only_a_person_can_judge_is_found_and_left(home: Home, harm: Harm, damage: Damage) -> None:
    harm(home)
    before = home.everything()

    told = home.audit(mend=True, tags=True)

    assert [(one.finding.damage, one.done) for one in told] == [(damage, "")]
    assert home.everything() == before


def test_an_adopted_object_is_owed_like_any_other(home: Home) -> None:
    forget_file(home)

    home.audit(mend=True)

    assert home.file(home.owed).owed_to == {home.pc.device_id}
    assert home.owed in [notice["fileId"] for notice in home.pc.owed()]


def test_an_object_without_any_owner_is_found(home: Home) -> None:
    home.account.put(f"originals/{STRANGER}/{'0' * 31}b-x.jpg", b"whose")

    assert [(told.owner_id, told.finding.damage) for told in home.audit()] == [(STRANGER, Damage.ORPHAN)]


class Hiding:
    """A bucket whose objects are all hidden by markers, told in two pages; moto shows what is hidden, S3 does not."""

    def list_objects_v2(self, **_: Any) -> dict[str, Any]:
        return {}

    def list_object_versions(self, *, Prefix: str, KeyMarker: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        owner_id = STRANGER if KeyMarker else OWNER
        more = {} if KeyMarker else {"IsTruncated": True, "NextKeyMarker": f"{Prefix}{owner_id}/"}
        return {"CommonPrefixes": [{"Prefix": f"{Prefix}{owner_id}/"}], **more}


def test_an_owner_whose_copies_are_all_hidden_is_named_too(account: Account) -> None:
    account.world.s3 = Hiding()

    assert list(listings.in_bucket(account.world)) == [OWNER, STRANGER]


def test_an_object_whose_key_is_none_of_ours_is_told_and_left(home: Home) -> None:
    home.account.put(f"originals/{OWNER}/by hand.jpg", b"whose")

    (told,) = home.audit(mend=True)

    assert (told.finding.damage, told.finding.detail, told.done) == (
        Damage.ORPHAN,
        f"originals/{OWNER}/by hand.jpg",
        "",
    )


def test_one_owner_can_be_looked_at_alone(home: Home) -> None:
    home.account.put(f"originals/{STRANGER}/{'0' * 31}b-x.jpg", b"whose")

    assert home.found(owner_id=OWNER) == []


def test_an_owner_nobody_knows_is_said_to_be_unknown(home: Home) -> None:
    with pytest.raises(UnknownOwnerError, match="neither a profile nor an object"):
        home.audit(owner_id=STRANGER)


def test_what_is_put_right_while_the_audit_reads_is_not_told(home: Home) -> None:
    drop_debt(home)
    lists: list[None] = []

    def settles_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "ListObjectVersions" and len(lists) == 1:
            home.set(home.owed, "REMOVE #owedTo SET #home.#pc = :now", now="x")
        lists.append(None)

    home.account.world.table.put(Update(files.file_key(OWNER, home.owed), "SET #pc = :x", values={"x": "x"}))
    home.account.s3.meta.events.register("before-call", settles_meanwhile)

    assert Damage.NO_DEBT not in home.found()


def test_counters_that_move_meanwhile_are_not_touched(home: Home) -> None:
    miscount(home)

    def another_arrives(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not arrived:
            arrived.append(None)
            home.account.phone().bring(b"meanwhile")

    arrived: list[None] = []
    home.account.dynamodb.meta.events.register("before-call", another_arrives)
    (told,) = home.audit(mend=True)

    assert told.done == ""
    assert home.account.usage()["uploadedFiles"] == 9


def test_a_busy_owners_counters_are_left_for_another_time(home: Home) -> None:
    miscount(home)
    usage = Key(f"owner#{OWNER}", "usage#0")

    def moves_always(params: Any, model: Any, **_: Any) -> None:
        if model.name == "Query" and "file#" in str(params):
            home.account.world.table.put(Update(usage, "ADD #pendingFiles :by", values={"by": 1}))

    home.account.dynamodb.meta.events.register("before-call", moves_always)

    assert home.found() == []


def test_pages_are_read_on_and_their_ends_meet(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "_PAGE", 2)
    for n in range(5):
        home.account.phone().bring(f"{n}".encode())
    whole = [seen.file_id for seen in sides(home)]

    assert home.found() == []
    assert whole == sorted(whole)
    assert len(whole) == 8


def sides(home: Home) -> list[listings.Seen]:
    found = listings.household(home.account.world, OWNER)
    assert found is not None
    return list(listings.side_by_side(home.account.world, found))


def test_a_page_of_versions_may_end_within_an_object(home: Home) -> None:
    key = home.file(home.owed).key
    for n in range(4):
        home.account.put(key, f"later {n}".encode())
    client, world = home.account.s3._client, home.account.world

    class Short:
        """A bucket that lists two at a time."""

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def list_object_versions(self, **asked: Any) -> Any:
            return client.list_object_versions(**asked, MaxKeys=2)

    world.s3 = Short()  # type: ignore[misc]
    versions = [version for seen in sides(home) for version in seen.versions if version.key == key]

    assert len({version.version_id for version in versions}) == len(versions) == 5
