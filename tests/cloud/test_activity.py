"""Who did what when: told to the owner alone, the latest first, for 90 days."""

from typing import Any

import pytest

from chalicelib import cursors
from chalicelib.auth import accounts, devices, me, mfa, pairings
from chalicelib.auth.accounts import ChangePassword, Login
from chalicelib.auth.callers import Caller
from chalicelib.bodies import convert
from chalicelib.errors import BadCursorError, BadInputError, NotAllowedError
from chalicelib.keeping import home_sweep
from chalicelib.library import activity
from chalicelib.metadata import history, ledger, owners
from tests.access import ANNA, BERT, Clock, a_device, a_person, a_world
from tests.builders import OWNER, STRANGER, Account
from tests.pool import APP_CODE, Member, Pool

PERSON = Caller(OWNER, None, frozenset({"owner", "read", "upload"}))
EMAIL, PASSWORD = "anna@example.com", "Correct-horse-1"
HERE = "203.0.113.7"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Any:
    with a_world(clock, user_pool=Pool({EMAIL: Member(ANNA, PASSWORD, confirmed=True)})) as world:
        yield world


def told(account: Account, caller: Caller = PERSON, **asked: Any) -> activity.Deeds:
    return activity.page(account.world, caller, activity.Asked(**asked))


def happened(world: Any, **asked: Any) -> list[activity.Deed]:
    return activity.page(world, a_person(), activity.Asked(**asked)).activity


def remember(account: Account, count: int, what: str = "uploaded", owner_id: str = OWNER) -> list[str]:
    """Write so many deeds down, a second apart; return their ids in order."""
    ids = []
    for _ in range(count):
        ids.append(account.world.new_id())
        account.world.table.put(ledger.remember(owner_id, what, account.clock(), ids[-1]))
        account.clock.wind(seconds=1)
    return ids


def test_an_upload_and_its_way_home_are_told_with_who_did_it(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(b"photo")
    account.clock.wind(seconds=1)
    pc.receipt(*pc.owed())

    deeds = told(account).activity

    assert [(deed.what, deed.by, deed.device_id) for deed in deeds] == [
        ("receipted", "device", pc.device_id),
        ("uploaded", "device", phone.caller.device_id),
    ]
    assert deeds[1].file_id == file_id


def test_devices_are_told_by_the_name_they_have_today(account: Account) -> None:
    pc = account.pc()
    account.phone().bring(b"photo")
    pc.receipt(*pc.owed())
    devices.rename(account.world, PERSON, pc.device_id, devices.Rename("attic"))

    assert told(account, kind="home").activity[0].device_name == "attic"


def test_trash_restore_and_purge_are_told(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(b"photo")
    for deed in (phone.throw_away, phone.restore, phone.throw_away):
        account.clock.wind(seconds=1)
        deed(file_id)
    account.clock.wind(days=31)
    home_sweep.sweep_home(account.world)

    deeds = told(account, kind="files").activity

    assert [deed.what for deed in deeds] == ["purged", "trashed", "restored", "trashed", "uploaded"]
    assert [deed.by for deed in deeds] == ["backhaul", *["device"] * 4]


def test_a_revocation_is_told_once(account: Account) -> None:
    pc = account.pc()

    pc.revoke()
    pc.revoke()

    assert [(one.what, one.by, one.device_id) for one in told(account, kind="devices").activity] == [
        ("revoked", "owner", pc.device_id)
    ]


def test_a_key_that_was_handed_out_twice_is_taken_back_by_nobody(account: Account) -> None:
    pc = account.pc()

    devices.take_back(account.world, OWNER, pc.device_id)

    assert [one.by for one in told(account, kind="devices").activity] == ["backhaul"]


def test_a_pairing_is_told_with_where_the_device_asked_from(world: Any) -> None:
    asked = pairings.ask(world, pairings.Ask("den", "phone"), HERE, "https://backhaul.example")
    pairings.decide(world, a_person(), pairings.Decide(asked.user_code, approve=True), "198.51.100.1")
    claimed = pairings.claim(world, pairings.Claim(asked.device_code), HERE)

    (deed,) = happened(world)

    assert (deed.what, deed.by, deed.device_id) == ("paired", "owner", claimed.device_id)
    assert (deed.device_name, deed.address) == ("den", HERE)


def test_a_sign_in_is_told_with_where_from(world: Any) -> None:
    accounts.login(world, Login(EMAIL, PASSWORD), HERE)

    assert [(deed.what, deed.by, deed.address) for deed in happened(world)] == [("signedIn", "owner", HERE)]


def test_the_first_sign_in_makes_the_owner(world: Any) -> None:
    accounts.login(world, Login(EMAIL, PASSWORD), HERE)

    assert [owner.owner_id for owner in owners.page(world.table, limit=5, after=None)[0]] == [ANNA]


def test_a_sign_in_that_fails_is_not_told(world: Any) -> None:
    with pytest.raises(accounts.WrongCredentialsError):
        accounts.login(world, Login(EMAIL, "Wrong-horse-12"), HERE)

    assert happened(world) == []


def test_what_is_done_to_the_account_is_told(world: Any, clock: Clock) -> None:
    accounts.login(world, Login(EMAIL, PASSWORD), HERE)
    token = world.cognito and accounts.login(world, Login(EMAIL, PASSWORD), HERE).access_token
    for deed in (
        lambda: mfa.set_up(world, a_person(), token),
        lambda: mfa.verify(world, a_person(), token, mfa.Verify(APP_CODE)),
        lambda: mfa.turn_off(world, a_person(), token, mfa.TurnOff(PASSWORD)),
        lambda: accounts.change_password(world, a_person(), token, ChangePassword(PASSWORD, PASSWORD + "2")),
    ):
        clock.forward(seconds=1)
        deed()

    assert [deed.what for deed in happened(world)][:3] == ["passwordChanged", "mfaTurnedOff", "mfaTurnedOn"]


def test_proving_the_password_is_no_sign_in(world: Any) -> None:
    accounts.prove_password(world, ANNA, PASSWORD)

    assert happened(world) == []


def test_an_owner_who_has_left_leaves_no_more_traces(world: Any) -> None:
    owners.ensure(world.table, ANNA, world.now_text())
    owners.close(world.table, ANNA, world.now_text())

    accounts.login(world, Login(EMAIL, PASSWORD), HERE)

    assert happened(world) == []


def test_a_known_owners_sign_in_costs_the_table_no_call_more_than_it_did(account: Account) -> None:
    account.owner()
    deed = ledger.remember(OWNER, "signedIn", account.clock(), account.world.new_id())

    with account.counting() as calls:
        owners.visited(account.world.table, OWNER, account.world.now_text(), deed)

    assert calls == ["TransactWriteItems"]


def test_pages_hold_each_deed_once_whatever_is_added_meanwhile(account: Account) -> None:
    ids = remember(account, 7)
    first = told(account, limit=3)
    remember(account, 2)

    second = told(account, limit=3, next=first.next)
    third = told(account, limit=3, next=second.next)

    assert [deed.activity_id for page in (first, second, third) for deed in page.activity] == ids[::-1]
    assert third.next is None


def test_pages_of_one_kind_join(account: Account) -> None:
    wanted = []
    for _ in range(8):
        wanted += remember(account, 1, "signedIn")
        remember(account, 3)
    seen: list[str] = []
    after = None

    while True:
        page = told(account, kind="account", limit=1, next=after)
        seen += [deed.activity_id for deed in page.activity]
        after = page.next
        if after is None:
            break

    assert seen == wanted[::-1]


def test_what_is_older_than_ninety_days_is_not_told(account: Account) -> None:
    remember(account, 1)
    account.clock.wind(days=ledger.ACTIVITY_DAYS)
    (late,) = remember(account, 1)

    assert [deed.activity_id for deed in told(account).activity] == [late]


@pytest.mark.parametrize("deeds", [3, 300])
def test_a_page_costs_two_reads_however_much_has_happened(account: Account, deeds: int) -> None:
    pc = account.pc()
    key = ledger.remember(OWNER, "receipted", account.clock(), "0" * 32, deviceId=pc.device_id)
    remember(account, deeds)
    account.world.table.put(key)

    with account.counting() as calls:
        told(account, limit=500)

    assert calls == ["Query", "BatchGetItem"]


def test_a_stranger_sees_nothing_of_it(account: Account) -> None:
    remember(account, 1)

    assert told(account, Caller(STRANGER, None, PERSON.scopes)).activity == []


def test_anothers_device_has_no_name_here(world: Any) -> None:
    theirs, _ = a_device(world, owner_id=BERT)
    world.table.put(ledger.remember(ANNA, "receipted", world.now(), world.new_id(), deviceId=theirs.device_id))

    assert [deed.device_name for deed in happened(world)] == [None]


def test_a_device_is_not_told(account: Account) -> None:
    for caller in (account.phone().caller, account.pc().caller):
        with pytest.raises(NotAllowedError):
            told(account, caller)


@pytest.mark.parametrize("forged", ["", "x", cursors.encode("activity#1"), cursors.encode("A" * 32), "a" * 5000])
def test_a_cursor_of_another_making_is_refused(account: Account, forged: str) -> None:
    with pytest.raises(BadCursorError):
        told(account, next=forged)


@pytest.mark.parametrize("asked", [{"limit": "0"}, {"limit": "501"}, {"kind": "uploaded"}, {"kind": ""}])
def test_a_question_of_nonsense_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(BadInputError):
        convert(asked, activity.Asked)


def test_what_clients_are_not_promised_is_left_out(account: Account) -> None:
    remember(account, 1, "somethingNew")

    assert told(account).activity == []


def test_each_deed_is_of_one_kind() -> None:
    kinds = [what for some in activity.KINDS.values() for what in some]

    assert sorted(kinds) == sorted(activity.What.__args__)


@pytest.mark.parametrize(
    ("what", "device_id", "by", "said"),
    [
        ("uploaded", None, None, "owner"),
        ("uploaded", "a", None, "device"),
        ("purged", None, "backhaul", "backhaul"),
        ("purged", None, None, "owner"),
        ("paired", "a", None, "owner"),
        ("revoked", "a", "backhaul", "backhaul"),
        ("lost", "a", None, "backhaul"),
        ("pcBehind", "a", None, "backhaul"),
        ("lossReported", "a", None, "device"),
    ],
)
def test_who_did_it(what: str, device_id: str | None, by: str | None, said: str) -> None:
    deed = history.Remembered("0" * 32, what, "", by=by, device_id=device_id)

    assert activity.done_by(deed) == said


def test_me_is_not_told_as_activity(world: Any) -> None:
    me.show(world, a_person())

    assert happened(world) == []
