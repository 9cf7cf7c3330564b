"""A device asks, its owner says yes, it gets its key: once, in ten minutes, and nobody guesses it."""

import json
from typing import Any

import pytest

from chalicelib import limits
from chalicelib.auth import device_keys, pairings
from chalicelib.auth.pairings import (
    AccessDeniedError,
    Ask,
    AuthorizationPendingError,
    Claim,
    Decide,
    ExpiredCodeError,
    SlowDownError,
    TooManyPcsError,
)
from chalicelib.errors import NotAllowedError, NotFoundError
from chalicelib.limits import TooManyRequestsError
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import owners
from chalicelib.metadata.table import Key, Update
from tests.access import ANNA, BERT, Clock, a_device, a_person, a_world
from tests.builders import messages

HERE, THERE = "203.0.113.7", "198.51.100.8"
API = "https://api.example/v"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Any:
    with a_world(clock) as world:
        yield world


def ask(world: Any, kind: Any = "pc", **more: Any) -> pairings.Asked:
    return pairings.ask(world, Ask(name="den", kind=kind, platform="Windows 11"), HERE, API, **more)


def approve(world: Any, asked: pairings.Asked, *, owner_id: str = ANNA, yes: bool = True) -> pairings.Decided:
    return pairings.decide(world, a_person(owner_id), Decide(asked.user_code, yes), THERE)


def claim(world: Any, asked: pairings.Asked) -> pairings.Claimed:
    return pairings.claim(world, Claim(asked.device_code), HERE)


def paired(world: Any, kind: str = "pc") -> pairings.Claimed:
    asked = ask(world, kind)
    approve(world, asked)
    return claim(world, asked)


def test_a_device_learns_what_it_needs_to_be_approved(world: Any) -> None:
    asked = ask(world)

    assert asked.verification_uri == f"{API}/pair"
    assert asked.verification_uri_complete == f"{API}/pair?code={asked.user_code}"
    assert (asked.expires_in, asked.interval) == (600, 5)


def test_the_owner_sees_what_asks_and_from_where(world: Any) -> None:
    asked = ask(world)

    shown = pairings.show(world, a_person(), asked.user_code, THERE)

    assert (shown.name, shown.kind, shown.platform, shown.address) == ("den", "pc", "Windows 11", HERE)
    assert shown.expires_at == "2026-11-21T10:10:00.000Z"


@pytest.mark.parametrize("kind", ["pc", "phone"])
def test_an_approved_device_gets_a_key_that_is_known(world: Any, kind: str) -> None:
    claimed = paired(world, kind)

    kept = kept_devices.find_key(world.table, claimed.device_id)
    key = device_keys.parse(claimed.key)
    assert (kept.owner_id, list(kept.scopes), key.fits(kept.key_hash)) == (ANNA, list(kept.scopes), True)


@pytest.mark.parametrize(("kind", "scopes"), [("pc", ["pc"]), ("phone", ["read", "upload"])])
def test_a_key_is_for_what_its_kind_does(world: Any, kind: str, scopes: list[str]) -> None:
    assert paired(world, kind).scopes == scopes


def test_neither_device_code_nor_key_is_kept(world: Any) -> None:
    asked = ask(world)
    approve(world, asked)
    claimed = claim(world, asked)

    told = str(world._make_client("dynamodb").scan(TableName=world.settings.table)["Items"])

    assert asked.device_code not in told
    assert device_keys.parse(claimed.key).secret not in told


def test_an_undecided_device_waits(world: Any) -> None:
    with pytest.raises(AuthorizationPendingError):
        claim(world, ask(world))


def test_a_device_that_asks_too_often_is_slowed_down(world: Any, clock: Clock) -> None:
    asked = ask(world)
    with pytest.raises(AuthorizationPendingError):
        claim(world, asked)
    clock.forward(seconds=3)

    with pytest.raises(SlowDownError):
        claim(world, asked)


def test_a_device_that_keeps_the_interval_is_not(world: Any, clock: Clock) -> None:
    asked = ask(world)
    for _ in range(3):
        clock.forward(seconds=5)
        with pytest.raises(AuthorizationPendingError):
            claim(world, asked)


def test_asking_too_often_cannot_starve_a_device_for_ever(world: Any, clock: Clock) -> None:
    asked = ask(world)
    told = []
    for _ in range(10):
        clock.forward(seconds=1)
        with pytest.raises((SlowDownError, AuthorizationPendingError)) as refused:
            claim(world, asked)
        told.append(refused.type)

    assert told.count(AuthorizationPendingError) == 3


def test_a_denied_device_is_told(world: Any) -> None:
    asked = ask(world)
    approve(world, asked, yes=False)

    with pytest.raises(AccessDeniedError):
        claim(world, asked)


def test_a_denied_device_cannot_be_approved_after_all(world: Any) -> None:
    asked = ask(world)
    approve(world, asked, yes=False)

    with pytest.raises(NotFoundError):
        approve(world, asked)


def test_a_key_is_handed_out_once(world: Any, clock: Clock) -> None:
    asked = ask(world)
    approve(world, asked)
    claim(world, asked)
    clock.forward(seconds=5)

    with pytest.raises(ExpiredCodeError):
        claim(world, asked)


def test_who_claims_again_has_lost_the_key_so_the_device_is_taken_back(world: Any, clock: Clock) -> None:
    asked = ask(world)
    approve(world, asked)
    claimed = claim(world, asked)
    clock.forward(seconds=5)
    with pytest.raises(ExpiredCodeError):
        claim(world, asked)

    assert kept_devices.find_key(world.table, claimed.device_id) is None
    assert world.table.find(owners.profile(ANNA))["pcs"] == {}


def test_of_two_claims_at_once_one_gets_the_key(world: Any, clock: Clock) -> None:
    asked = ask(world)
    approve(world, asked)
    second: list[pairings.Claimed] = []

    def claim_meanwhile(**_: Any) -> None:
        clock.forward(seconds=5)
        if not second:
            second.append(pairings.Claimed("", "", "", []))
            second[0] = claim(world, asked)

    world.table._client.meta.events.register_first("before-call.dynamodb.TransactWriteItems", claim_meanwhile)
    with pytest.raises(ExpiredCodeError):
        claim(world, asked)

    key, kept = device_keys.parse(second[0].key), kept_devices.find_key(world.table, second[0].device_id)
    assert bool(key and kept and key.fits(kept.key_hash))


def test_the_owner_of_a_claimed_pairing_cannot_use_it_again(world: Any) -> None:
    asked = ask(world)
    approve(world, asked)
    claim(world, asked)

    with pytest.raises(NotFoundError):
        approve(world, asked)


@pytest.mark.parametrize("approved", [True, False])
def test_after_ten_minutes_it_is_over(world: Any, clock: Clock, approved: bool) -> None:
    asked = ask(world)
    if approved:
        approve(world, asked)
    clock.forward(minutes=10)

    with pytest.raises(ExpiredCodeError):
        claim(world, asked)


def test_after_ten_minutes_there_is_nothing_to_approve(world: Any, clock: Clock) -> None:
    asked = ask(world)
    clock.forward(minutes=10)

    with pytest.raises(NotFoundError):
        approve(world, asked)


@pytest.mark.parametrize("code", ["", "x", "x" * 43, "../..", "é" * 43, "0" * 64])
def test_a_device_code_nobody_was_given_is_over(world: Any, code: str) -> None:
    with pytest.raises(ExpiredCodeError):
        pairings.claim(world, Claim(code), HERE)


def test_saying_yes_twice_is_saying_yes(world: Any) -> None:
    asked = ask(world)

    assert approve(world, asked) == approve(world, asked)


def test_nobody_has_more_pcs_than_one_write_can_owe_a_file_to(world: Any) -> None:
    early = ask(world)
    approve(world, early)
    owners_pcs = {f"{n:032x}": "https://queue" for n in range(20)}
    world.table.put(Update(owners.profile(ANNA), "SET #pcs = :pcs", values={"pcs": owners_pcs}))

    with pytest.raises(TooManyPcsError, match="at most 20 PCs"):
        approve(world, ask(world))
    assert approve(world, ask(world, "phone")).device_id
    with pytest.raises(ExpiredCodeError):
        claim(world, early)


def test_what_one_owner_decided_does_not_exist_for_another(world: Any) -> None:
    asked = ask(world)
    approve(world, asked)

    for deed in (
        lambda: approve(world, asked, owner_id=BERT),
        lambda: pairings.show(world, a_person(BERT), asked.user_code, THERE),
    ):
        with pytest.raises(NotFoundError):
            deed()


@pytest.mark.parametrize("kind", ["pc", "phone"])
def test_a_device_cannot_let_another_in(world: Any, kind: str) -> None:
    device, _ = a_device(world, kind)
    asked = ask(world)

    with pytest.raises(NotAllowedError):
        pairings.decide(world, device, Decide(asked.user_code, approve=True), THERE)


def test_a_user_code_can_be_typed_carelessly(world: Any) -> None:
    asked = ask(world)
    careless = f" {asked.user_code.lower().replace('-', ' ')} "

    assert pairings.show(world, a_person(), careless, THERE).name == "den"


@pytest.mark.parametrize("code", ["", "BCDF", "BCDF-GHJ0", "BCDF-GHJA", "BCDF-GHJKL", "owner#x", "ﬀﬀﬀﬀ", "ß" * 8])
def test_what_is_no_user_code_stands_for_nothing(world: Any, code: str) -> None:
    with pytest.raises(NotFoundError):
        pairings.show(world, a_person(), code, THERE)


def test_guesses_of_one_owner_are_counted(world: Any) -> None:
    for place in range(limits.USER_CODE_BY_OWNER.most):
        with pytest.raises(NotFoundError):
            pairings.show(world, a_person(), "BCDF-GHJK", f"198.51.100.{place}")

    with pytest.raises(TooManyRequestsError):
        pairings.show(world, a_person(), ask(world).user_code, "198.51.100.200")


def test_guesses_from_one_place_are_counted(world: Any) -> None:
    for guess in range(limits.USER_CODE_BY_ADDRESS.most):
        with pytest.raises(NotFoundError):
            pairings.show(world, a_person(f"0a0a0a0a-1111-4111-8111-{guess:012x}"), "BCDF-GHJK", THERE)

    with pytest.raises(TooManyRequestsError):
        pairings.show(world, a_person(), ask(world).user_code, THERE)


def test_pairings_from_one_place_are_counted(world: Any) -> None:
    for _ in range(limits.PAIR_BY_ADDRESS.most):
        ask(world)

    with pytest.raises(TooManyRequestsError):
        ask(world)


def test_a_pc_gets_a_queue_of_its_own(world: Any) -> None:
    claimed = paired(world)

    url = kept_devices.find(world.table, ANNA, claimed.device_id).queue_url
    told = world.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert told["QueueArn"].endswith(f":backhaul-test-pc-{claimed.device_id}")
    assert told["MessageRetentionPeriod"] == "1209600"
    assert told["SqsManagedSseEnabled"] == "true"
    assert json.loads(told["RedrivePolicy"])["deadLetterTargetArn"] == world.settings.dead_notices


def test_new_files_are_owed_to_a_paired_pc(world: Any) -> None:
    claimed = paired(world)

    assert list(world.table.find(owners.profile(ANNA))["pcs"]) == [claimed.device_id]


def test_old_files_are_owed_in_the_background(world: Any) -> None:
    sent: list[dict[str, Any]] = []
    world.sqs.meta.events.register(
        "provide-client-params.sqs.SendMessage", lambda params, **_: sent.append(dict(params))
    )

    claimed = paired(world)

    told = {"ownerId": ANNA, "deviceId": claimed.device_id, "hops": 0}
    assert [(json.loads(each["MessageBody"]), each["DelaySeconds"]) for each in sent] == [(told, 0)]
    lap = kept_devices.find(world.table, ANNA, claimed.device_id).lap
    assert (lap.what, lap.number, lap.after) == ("owe", 1, None)


def test_a_phone_gets_no_queue_and_is_owed_nothing(world: Any) -> None:
    claimed = paired(world, "phone")

    assert kept_devices.find(world.table, ANNA, claimed.device_id).queue_url is None
    url = world.sqs.get_queue_url(QueueName="backhaul-test-paired")["QueueUrl"]
    assert messages(world.sqs, url) == []


def test_an_owner_who_left_gets_no_more_devices(world: Any) -> None:
    asked = ask(world)
    approve(world, asked)
    owners.close(world.table, ANNA, world.now_text())

    with pytest.raises(ExpiredCodeError):
        claim(world, asked)


class Killed(BaseException):
    """Stands for a function that dies on this line."""


@pytest.mark.parametrize(
    ("where", "gets_its_key"),
    [
        ("sqs.CreateQueue", True),
        ("dynamodb.TransactWriteItems", True),
        # The device exists by then but nobody has its key, so the next claim takes it back and it begins anew.
        ("sqs.GetQueueUrl", False),
        ("sqs.SendMessage", False),
    ],
)
def test_a_claim_killed_on_the_way_leaves_no_half_paired_pc(
    world: Any, clock: Clock, where: str, gets_its_key: bool
) -> None:
    asked = ask(world)
    approve(world, asked)
    service = where.partition(".")[0]
    client = world.sqs if service == "sqs" else world.table._client
    dying = [True]

    def die(**_: Any) -> None:
        if dying.pop():
            raise Killed

    client.meta.events.register_first(f"before-call.{where}", lambda **_: die() if dying else None)
    with pytest.raises(Killed):
        claim(world, asked)
    clock.forward(seconds=5)

    if gets_its_key:
        assert claim(world, asked).device_id in world.table.find(owners.profile(ANNA))["pcs"]
    else:
        with pytest.raises(ExpiredCodeError):
            claim(world, asked)
        assert world.table.find(owners.profile(ANNA))["pcs"] == {}


def test_a_user_code_in_use_is_not_given_again(world: Any) -> None:
    first = ask(world)
    codes = iter([first.user_code, "BCDF-GHJK"])

    assert ask(world, make_code=lambda: next(codes)).user_code == "BCDF-GHJK"


def test_a_user_code_may_be_given_again_once_it_is_over(world: Any, clock: Clock) -> None:
    first = ask(world)
    clock.forward(minutes=11)

    second = ask(world, make_code=lambda: first.user_code)
    approve(world, second)

    assert claim(world, second).kind == "pc"


def test_a_pairing_forgets_itself(world: Any) -> None:
    asked = ask(world)
    pointer = world.table.find(Key(f"usercode#{asked.user_code}", "pairing"))

    assert pointer["ttl"] > pointer["expires"]
