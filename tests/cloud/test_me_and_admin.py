from datetime import timedelta
from typing import Any

import pytest

from chalicelib.auth import admin, me
from chalicelib.bodies import convert, to_json
from chalicelib.errors import BadCursorError, BadInputError, NotAllowedError
from chalicelib.metadata import owners
from chalicelib.metadata.table import Put
from tests.access import ANNA, BERT, Clock, a_device, a_person, a_world, an_admin


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Any:
    with a_world(clock) as world:
        yield world


def use(world: Any, owner_id: str, **counters: int) -> None:
    for part in (0, 7):
        world.table.put(Put({"pk": owners.partition(owner_id), "sk": f"usage#{part}", **counters}))


def test_a_person_sees_scopes_devices_and_usage(world: Any) -> None:
    pc, _ = a_device(world)
    use(world, ANNA, uploadedFiles=2, uploadedBytes=2**40)

    shown = me.show(world, a_person())

    assert (shown.owner_id, shown.device_id, shown.scopes) == (ANNA, None, ["owner", "read", "upload"])
    assert [device.device_id for device in shown.devices] == [pc.device_id]
    assert shown.usage == {"uploadedFiles": 4, "uploadedBytes": 2**41}


def test_a_device_sees_itself_alone(world: Any) -> None:
    pc, _ = a_device(world)
    a_device(world, "phone")

    shown = me.show(world, pc)

    assert (shown.device_id, [device.device_id for device in shown.devices], shown.usage) == (
        pc.device_id,
        [pc.device_id],
        None,
    )


def test_who_signs_in_elsewhere_is_known_from_the_first_look(world: Any) -> None:
    me.show(world, a_person())

    assert [owner.owner_id for owner in owners.page(world.table, limit=5, after=None)[0]] == [ANNA]


def page(world: Any, **asked: Any) -> Any:
    return to_json(admin.list_owners(world, an_admin(), convert(asked, admin.Wanted)))


def test_an_admin_sees_owners_and_what_they_keep(world: Any) -> None:
    owners.ensure(world.table, ANNA, world.now_text())
    use(world, ANNA, uploadedBytes=5)

    assert page(world) == {
        "owners": [
            {
                "ownerId": ANNA,
                "createdAt": "2026-11-21T10:00:00.000Z",
                "usage": {"uploadedBytes": 10},
                "staleDevices": [],
            }
        ]
    }


def test_an_admin_sees_no_files(world: Any) -> None:
    owners.ensure(world.table, ANNA, world.now_text())
    world.table.put(Put({"pk": owners.partition(ANNA), "sk": "file#1", "name": "secret.jpg"}))

    assert "secret" not in str(page(world))


@pytest.mark.parametrize("who", [a_person(BERT), None])
def test_nobody_else_does(world: Any, who: Any) -> None:
    caller = who or a_device(world)[0]

    with pytest.raises(NotAllowedError):
        admin.list_owners(world, caller, admin.Wanted())


@pytest.mark.parametrize(
    ("kind", "silent", "stale"),
    [
        ("pc", timedelta(days=3), False),
        ("pc", timedelta(days=3, seconds=1), True),
        ("phone", timedelta(days=14), False),
        ("phone", timedelta(days=14, seconds=1), True),
    ],
)
def test_a_device_is_stale_when_it_was_silent_too_long(
    world: Any, clock: Clock, kind: str, silent: timedelta, stale: bool
) -> None:
    a_device(world, kind)
    clock.forward(seconds=silent.total_seconds())

    assert (len(page(world)["owners"][0]["staleDevices"]) == 1) is stale


def test_pages_hold_each_owner_once(world: Any) -> None:
    ids = [f"0a0a0a0a-1111-4111-8111-{number:012x}" for number in range(7)]
    for owner_id in ids:
        owners.ensure(world.table, owner_id, world.now_text())
    seen, after = [], {}

    while True:
        told = page(world, limit="3", **after)
        seen += [owner["ownerId"] for owner in told["owners"]]
        if "next" not in told:
            break
        after = {"next": told["next"]}

    assert seen == ids


@pytest.mark.parametrize("limit", ["0", "-1", "26", "x", "1.5", ""])
def test_a_page_of_nonsense_is_refused(limit: str) -> None:
    with pytest.raises(BadInputError, match=r"^limit must be"):
        convert({"limit": limit}, admin.Wanted)


def test_a_cursor_of_nonsense_is_refused(world: Any) -> None:
    with pytest.raises(BadCursorError):
        page(world, next="!!")
