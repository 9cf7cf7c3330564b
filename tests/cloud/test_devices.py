from typing import Any

import pytest

from chalicelib.auth import callers, devices
from chalicelib.auth.callers import Caller
from chalicelib.auth.devices import Heartbeat, Rename
from chalicelib.bodies import parse
from chalicelib.debts import laps
from chalicelib.errors import BadInputError, NotAllowedError, NotFoundError
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import owners
from tests.access import ANNA, BERT, Clock, a_device, a_person, a_world


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Any:
    with a_world(clock) as world:
        yield world


def id_of(device: Caller) -> str:
    assert device.device_id is not None
    return device.device_id


def with_queue(world: Any) -> Caller:
    pc, _ = a_device(world)
    world.sqs.create_queue(QueueName=f"backhaul-test-pc-{pc.device_id}")
    return pc


def test_an_owner_sees_the_devices_oldest_first(world: Any, clock: Clock) -> None:
    first, _ = a_device(world, name="first")
    clock.forward(seconds=1)
    second, _ = a_device(world, "phone", name="second")

    shown = devices.every(world, a_person()).devices

    assert [(each.device_id, each.name, each.kind) for each in shown] == [
        (first.device_id, "first", "pc"),
        (second.device_id, "second", "phone"),
    ]


def test_an_owner_sees_the_devices_beyond_those_of_one_read(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Revoked ones stay, so there may be many; what is not seen here could not be revoked when an account is closed."""
    monkeypatch.setattr(kept_devices, "_DEVICES_IN_ONE_READ", 2)
    made = {id_of(a_device(world, "phone")[0]) for _ in range(5)}

    assert {each.device_id for each in devices.every(world, a_person()).devices} == made


def test_an_owner_sees_no_others_devices(world: Any) -> None:
    a_device(world, owner_id=BERT)

    assert devices.every(world, a_person()).devices == []


def test_a_devices_new_name_is_what_its_key_is_known_by(world: Any) -> None:
    phone, key = a_device(world, "phone")

    devices.rename(world, a_person(), id_of(phone), Rename(name="Zoë's 📱"))

    assert callers.caller_of({"authorizer": callers.admit(world, f"Bearer {key}").context}).device_name == "Zoë's 📱"


def test_a_revoked_device_keeps_its_name(world: Any) -> None:
    phone, _ = a_device(world, "phone")
    devices.revoke(world, a_person(), id_of(phone))

    with pytest.raises(NotFoundError):
        devices.rename(world, a_person(), id_of(phone), Rename(name="x"))


def test_a_device_is_renamed(world: Any) -> None:
    pc, _ = a_device(world)

    devices.rename(world, a_person(), id_of(pc), Rename(name="attic"))

    assert devices.every(world, a_person()).devices[0].name == "attic"


def test_anothers_device_does_not_exist(world: Any) -> None:
    pc, _ = a_device(world, owner_id=BERT)

    with pytest.raises(NotFoundError):
        devices.rename(world, a_person(), id_of(pc), Rename(name="mine"))
    with pytest.raises(NotFoundError):
        devices.revoke(world, a_person(), id_of(pc))


def test_anothers_device_is_told_apart_from_none_by_nothing(world: Any) -> None:
    pc, _ = a_device(world, owner_id=BERT)
    told = []

    for device_id in (id_of(pc), "0" * 32):
        with pytest.raises(NotFoundError) as refused:
            devices.revoke(world, a_person(), device_id)
        told.append(refused.value.message.replace(device_id, "ID"))

    assert told[0] == told[1]


@pytest.mark.parametrize("kind", ["pc", "phone"])
def test_a_device_revokes_itself_and_no_other(world: Any, kind: str) -> None:
    device, _ = a_device(world, kind)
    other, _ = a_device(world, kind)

    with pytest.raises(NotFoundError):
        devices.revoke(world, device, id_of(other))
    devices.revoke(world, device, id_of(device))

    assert kept_devices.find_key(world.table, id_of(device)) is None
    assert kept_devices.find_key(world.table, id_of(other)) is not None


@pytest.mark.parametrize("kind", ["pc", "phone"])
def test_a_device_manages_none_not_even_itself(world: Any, kind: str) -> None:
    device, _ = a_device(world, kind)

    for deed in (
        lambda: devices.every(world, device),
        lambda: devices.rename(world, device, id_of(device), Rename(name="x")),
    ):
        with pytest.raises(NotAllowedError):
            deed()


def test_a_revoked_device_has_no_key(world: Any) -> None:
    pc = with_queue(world)

    devices.revoke(world, a_person(), id_of(pc))

    assert kept_devices.find_key(world.table, id_of(pc)) is None


def test_nothing_new_is_owed_to_a_revoked_pc(world: Any) -> None:
    pc = with_queue(world)

    devices.revoke(world, a_person(), id_of(pc))

    assert world.table.find(owners.profile(ANNA))["pcs"] == {}


def test_a_revoked_pc_has_no_queue(world: Any) -> None:
    pc = with_queue(world)

    devices.revoke(world, a_person(), id_of(pc))

    assert "QueueUrls" not in world.sqs.list_queues(QueueNamePrefix="backhaul-test-pc-")


def test_a_revoked_device_is_still_shown_as_such(world: Any) -> None:
    phone, _ = a_device(world, "phone")

    devices.revoke(world, a_person(), id_of(phone))

    assert devices.every(world, a_person()).devices[0].revoked_at == "2026-11-21T10:00:00.000Z"


def test_revoking_twice_does_no_harm_and_keeps_the_first_time(world: Any, clock: Clock) -> None:
    pc = with_queue(world)
    devices.revoke(world, a_person(), id_of(pc))
    clock.forward(hours=1)

    devices.revoke(world, a_person(), id_of(pc))

    assert devices.every(world, a_person()).devices[0].revoked_at == "2026-11-21T10:00:00.000Z"


def test_revoking_one_pc_leaves_the_other_alone(world: Any) -> None:
    pc = with_queue(world)
    other, key = a_device(world)

    devices.revoke(world, a_person(), id_of(pc))

    assert key
    assert list(world.table.find(owners.profile(ANNA))["pcs"]) == [other.device_id]


def test_a_revocation_killed_before_the_queue_is_gone_is_finished_by_the_next(world: Any) -> None:
    pc = with_queue(world)
    device = kept_devices.find(world.table, ANNA, id_of(pc))
    assert device is not None
    kept_devices.revoke(world.table, ANNA, device, world.now_text(), laps.due_at(world))

    devices.revoke(world, a_person(), id_of(pc))

    assert "QueueUrls" not in world.sqs.list_queues(QueueNamePrefix="backhaul-test-pc-")


def test_a_heartbeat_is_seen_by_the_owner(world: Any, clock: Clock) -> None:
    pc, _ = a_device(world)
    clock.forward(minutes=5)

    devices.beat(world, pc, id_of(pc), Heartbeat(version="1.2", free_bytes=7, owed=3))

    (shown,) = devices.every(world, a_person()).devices
    assert (shown.last_seen_at, shown.version, shown.free_bytes, shown.owed) == (
        "2026-11-21T10:05:00.000Z",
        "1.2",
        7,
        3,
    )


def test_a_heartbeat_that_tells_nothing_forgets_nothing(world: Any) -> None:
    pc, _ = a_device(world)
    devices.beat(world, pc, id_of(pc), Heartbeat(version="1.2", free_bytes=7))

    devices.beat(world, pc, id_of(pc), Heartbeat())

    assert devices.every(world, a_person()).devices[0].free_bytes == 7


@pytest.mark.parametrize(("kind", "cost"), [("phone", ["UpdateItem"]), ("pc", ["UpdateItem", "Query"])])
def test_a_heartbeat_costs_one_call_and_of_a_pc_another(world: Any, kind: str, cost: list[str]) -> None:
    device, _ = a_device(world, kind)
    calls: list[str] = []
    world.table._client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))

    devices.beat(world, device, id_of(device), Heartbeat(version="1"))

    assert calls == cost


def test_a_device_beats_for_itself_only(world: Any) -> None:
    pc, _ = a_device(world)
    other, _ = a_device(world)

    with pytest.raises(NotFoundError):
        devices.beat(world, pc, id_of(other), Heartbeat())


def test_a_revoked_device_is_dead(world: Any) -> None:
    pc = with_queue(world)
    devices.revoke(world, a_person(), id_of(pc))

    with pytest.raises(NotFoundError):
        devices.beat(world, pc, id_of(pc), Heartbeat())


@pytest.mark.parametrize(
    "body",
    [
        '{"freeBytes": -1}',
        '{"freeBytes": 1.5}',
        '{"freeBytes": "1"}',
        '{"owed": -1}',
        '{"version": 1}',
        '{"freeBytes": 1e30}',
    ],
)
def test_a_heartbeat_of_nonsense_is_refused(body: str) -> None:
    with pytest.raises(BadInputError):
        parse(body.encode(), Heartbeat)


@pytest.mark.parametrize("name", ["", " ", "\\n", "a\\n", "a\\u0000", "x" * 81])
def test_a_name_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(BadInputError, match=r"^name must be"):
        parse(f'{{"name": "{name}"}}'.encode(), Rename)
