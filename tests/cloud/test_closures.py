"""Who closes an account is not answered any more, and owns nothing soon after, wherever the removal died."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.auth import callers, closures
from chalicelib.auth.closures import Close
from chalicelib.auth.user_pool import WrongPasswordError
from chalicelib.errors import NotAllowedError
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import owners, postings
from chalicelib.metadata.table import Key, Put
from tests.access import ANNA, BERT, Clock, a_device, a_person, a_world
from tests.pool import Member, Pool

EMAIL, PASSWORD = "anna@example.com", "Correct-horse-1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pool() -> Pool:
    return Pool({EMAIL: Member(ANNA, PASSWORD, confirmed=True)})


@pytest.fixture
def world(clock: Clock, pool: Pool) -> Any:
    with a_world(clock, user_pool=pool) as world:
        for owner_id in (ANNA, BERT):
            a_device(world, owner_id=owner_id)
            pc, _ = a_device(world, "phone", owner_id=owner_id)
            for number in range(3):
                file = {"pk": owners.partition(owner_id), "sk": f"file#{number}", "name": "a"}
                debt = {"pk": f"pc#{pc.device_id}", "sk": f"owed#{number}"}
                world.table.write(Put(file), Put(debt))
                for _ in range(2):
                    world.s3.put_object(Bucket="backhaul-test", Key=f"originals/{owner_id}/{number}-a", Body=b"x")
            world.s3.put_object(Bucket="backhaul-test", Key=f"previews/{owner_id}/0.webp", Body=b"x")
            # A copy that S3 expired, a look at one that stays, and what is left of a file that was purged.
            world.s3.delete_object(Bucket="backhaul-test", Key=f"originals/{owner_id}/0-a")
            for left in ("look#1", "gone#9"):
                world.table.put(Put({"pk": owners.partition(owner_id), "sk": left, "lastAt": "9"}))
            world.table.put(Put({"pk": postings.partition(owner_id), "sk": "lake#1", "words": " lake "}))
        yield world


def close(world: Any, password: str = PASSWORD) -> None:
    closures.close(world, a_person(), EMAIL, Close(password))


def objects(world: Any, owner_id: str) -> int:
    told = world.s3.list_object_versions(Bucket="backhaul-test")
    every = [*told.get("Versions", []), *told.get("DeleteMarkers", [])]
    return sum(owner_id in each["Key"] for each in every)


def begin_parts(world: Any, owner_id: str) -> None:
    world.s3.create_multipart_upload(Bucket="backhaul-test", Key=f"originals/{owner_id}/8-film")


def coming_in(world: Any) -> list[str]:
    return [each["Key"] for each in world.s3.list_multipart_uploads(Bucket="backhaul-test").get("Uploads", ())]


def items(world: Any) -> list[str]:
    return [item["pk"]["S"] for item in world.table._client.scan(TableName="backhaul-test")["Items"]]


def test_the_password_is_needed(world: Any) -> None:
    with pytest.raises(WrongPasswordError):
        close(world, "Wrong-horse-12")

    assert not owners.is_closed(world.table, ANNA)


def test_a_device_cannot_close_an_account(world: Any) -> None:
    phone, _ = a_device(world, "phone")

    with pytest.raises(NotAllowedError):
        closures.close(world, phone, EMAIL, Close(PASSWORD))


def test_no_device_calls_any_more(world: Any) -> None:
    _, key = a_device(world)

    close(world)

    with pytest.raises(callers.UnauthorizedError):
        callers.admit(world, f"Bearer {key}")


def test_the_person_is_gone_from_the_pool(world: Any, pool: Pool) -> None:
    close(world)

    assert pool.members == {}


def test_one_lap_removes_all_objects_versions_and_previews(world: Any) -> None:
    close(world)

    closures.remove_closed(world)

    assert objects(world, ANNA) == 0


def test_one_lap_throws_away_what_is_coming_in_in_parts(world: Any) -> None:
    for owner_id in (ANNA, BERT):
        begin_parts(world, owner_id)
    close(world)

    closures.remove_closed(world)

    assert coming_in(world) == [f"originals/{BERT}/8-film"]


def test_parts_begun_while_the_account_was_closed_go_an_hour_later(world: Any, clock: Clock) -> None:
    close(world)
    closures.remove_closed(world)
    begin_parts(world, ANNA)
    clock.forward(hours=1)

    closures.remove_closed(world)

    assert coming_in(world) == []


def test_one_lap_removes_all_items_but_the_mark(world: Any) -> None:
    also = {f"pc#{device.device_id}" for device in kept_devices.every(world.table, ANNA)} | {postings.partition(ANNA)}
    close(world)

    closures.remove_closed(world)

    assert items(world).count(owners.partition(ANNA)) == 1
    assert not also & set(items(world))


def test_nobody_elses_things_are_touched(world: Any) -> None:
    before = items(world).count(owners.partition(BERT)), objects(world, BERT)
    close(world)

    closures.remove_closed(world)

    assert (items(world).count(owners.partition(BERT)), objects(world, BERT)) == before


def test_what_links_still_brought_in_goes_an_hour_later(world: Any, clock: Clock) -> None:
    close(world)
    closures.remove_closed(world)
    world.s3.put_object(Bucket="backhaul-test", Key=f"originals/{ANNA}/9-late", Body=b"x")
    world.table.put(Put({"pk": owners.partition(ANNA), "sk": "file#9"}))
    clock.forward(hours=1)

    closures.remove_closed(world)

    assert (objects(world, ANNA), items(world).count(owners.partition(ANNA))) == (0, 1)


def test_after_the_last_lap_there_is_nothing_more_to_do(world: Any, clock: Clock) -> None:
    close(world)
    clock.forward(hours=1)

    closures.remove_closed(world)

    assert owners.closed_due(world.table, world.now_text(), limit=5) == []


def test_the_mark_outlives_every_token_and_then_removes_itself(world: Any, clock: Clock) -> None:
    close(world)
    clock.forward(hours=1)

    closures.remove_closed(world)

    mark = world.table.find(owners.profile(ANNA))
    assert "closedAt" in mark
    assert mark["ttl"] == int((clock() + timedelta(days=30)).timestamp())


def test_admins_do_not_see_who_is_gone(world: Any, clock: Clock) -> None:
    close(world)
    clock.forward(hours=1)

    closures.remove_closed(world)

    assert [owner.owner_id for owner in owners.page(world.table, limit=9, after=None)[0]] == [BERT]


@pytest.mark.parametrize(
    "where",
    [
        "sqs.DeleteQueue",
        "s3.AbortMultipartUpload",
        "s3.ListObjectVersions",
        "s3.DeleteObjects",
        "dynamodb.TransactWriteItems",
    ],
)
def test_a_lap_killed_on_the_way_is_finished_by_the_next(world: Any, where: str) -> None:
    begin_parts(world, ANNA)
    # Only the mark was written: the request died right after it.
    owners.close(world.table, ANNA, world.now_text())
    clients = {"sqs": world.sqs, "s3": world.s3, "dynamodb": world.table._client}
    dying = [True]

    def die(**_: Any) -> None:
        if dying:
            dying.pop()
            raise KeyboardInterrupt

    clients[where.partition(".")[0]].meta.events.register_first(f"before-call.{where}", die)
    with pytest.raises(KeyboardInterrupt):
        closures.remove_closed(world)

    closures.remove_closed(world)

    assert (objects(world, ANNA), coming_in(world), items(world).count(owners.partition(ANNA))) == (0, [], 1)


def test_a_lap_that_runs_out_of_time_stays_due(world: Any, clock: Clock) -> None:
    close(world)
    world.s3.meta.events.register("before-call.s3.DeleteObjects", lambda **_: clock.forward(minutes=1))

    closures.remove_closed(world)

    assert owners.find_closed(world.table, ANNA) is not None
    assert world.table.find(Key(owners.partition(ANNA), "file#0")) is not None


def test_an_open_account_is_never_removed_though_the_index_says_so(world: Any) -> None:
    owners.close(world.table, ANNA, world.now_text())
    profile = world.table.find(owners.profile(ANNA))
    world.table.put(Put({**profile, "dueKind": "closed", "closedAt": None}))

    closures.remove_closed(world)

    assert objects(world, ANNA) > 0
