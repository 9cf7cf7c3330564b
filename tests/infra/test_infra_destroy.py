"""Taking a stage down: asked first, complete, and safe to run again."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from fake_cloudformation import FakeCloudFormation
from moto import mock_aws

from infra import outputs
from infra.chalice import Chalice
from infra.data import MOST_COUNTED, Data, Holdings
from infra.destroy import Stage, destroy
from infra.errors import ChaliceFailedError, NotConfirmedError, NothingThereError, StubbornBucketError
from infra.place import Place
from infra.stack import Stack

REGION = "eu-central-1"
BUCKET = f"backhaul-dev-123456789012-{REGION}"
FUNCTIONS = ("api_handler", "pcs_changed")
# Another stage's, in the same account.
OTHERS = {"backhaul-prod-pool", "backhaul-prod-pc-1"}
# One session for all: most of the time goes into reading the services' models.
SESSION = boto3.Session("x", "x", region_name=REGION)


class World:
    """An account with one stage in it, as a person left it."""

    def __init__(self, project: Path) -> None:
        self.told: list[str] = []
        self.asked: list[str] = []
        self.commands: list[list[str]] = []
        self.exit_code = 0
        self.cloudformation = FakeCloudFormation("CREATE_COMPLETE", then=[(None, [])])
        self.place = Place("123456789012", REGION, self.client)
        self.stage = Stage(
            chalice=Chalice(project, "dev", REGION, run=self.run),
            stack=Stack(self.cloudformation, "dev", self.told.append, sleep=lambda _: None),
            data=Data(self.place, "dev", sleep=lambda _: None),
        )

    def client(self, service: str) -> Any:
        return SESSION.client(service)

    def run(self, command: list[str], **_: Any) -> Any:
        self.commands.append(command)
        return SimpleNamespace(returncode=self.exit_code)

    def furnish(self) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for body in (b"first", b"second"):
            s3.put_object(Bucket=BUCKET, Key="originals/o/1-x", Body=body)
        s3.put_object(Bucket=BUCKET, Key="originals/o/2-y", Body=b"x")
        s3.delete_object(Bucket=BUCKET, Key="originals/o/2-y")
        s3.create_multipart_upload(Bucket=BUCKET, Key="originals/o/3-z")
        self.client("dynamodb").create_table(
            TableName="backhaul-dev",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            DeletionProtectionEnabled=True,
        )
        self.client("cognito-idp").create_user_pool(PoolName="backhaul-dev", DeletionProtection="ACTIVE")
        self.client("cognito-idp").create_user_pool(PoolName="backhaul-prod-pool")
        for name in ("backhaul-dev-pc-1", "backhaul-dev-pc-2", "backhaul-prod-pc-1"):
            self.client("sqs").create_queue(QueueName=name)
        self.client("apigateway").create_rest_api(name="backhaul-dev")

    def destroy(self, answer: str = "dev") -> None:
        destroy(
            self.place, self.stage, FUNCTIONS, lambda question: self.asked.append(question) or answer, self.told.append
        )

    def what_stands(self) -> set[str]:
        tables = self.client("dynamodb").list_tables()["TableNames"]
        buckets = [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]]
        pools = [pool["Name"] for pool in self.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]]
        queues = [url.rpartition("/")[2] for url in self.client("sqs").list_queues().get("QueueUrls", [])]
        return {*tables, *buckets, *pools, *queues}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with mock_aws():
        furnished = World(tmp_path)
        furnished.furnish()
        yield furnished


def test_everything_of_the_stage_goes_and_nothing_else(world: World) -> None:
    world.destroy()

    assert world.what_stands() == OTHERS
    assert world.cloudformation.names() == ["delete_stack"]


def test_a_person_is_told_what_is_lost_before_being_asked(world: World) -> None:
    with pytest.raises(NotConfirmedError):
        world.destroy(answer="no")

    told = "\n".join(world.told)
    assert "1 object " in told
    assert "the queues of 2 paired PCs" in told
    assert "0 owners" in told


@pytest.mark.parametrize("answer", ["", "yes", "DEV"])
def test_any_answer_but_the_stages_name_touches_nothing(world: World, answer: str) -> None:
    before = world.what_stands()

    with pytest.raises(NotConfirmedError, match="expected its name as the answer"):
        world.destroy(answer)

    assert world.what_stands() == before
    assert (world.commands, world.cloudformation.calls) == ([], [])


def test_chalice_deletes_what_really_stands_whatever_it_remembers(world: World) -> None:
    world.destroy()

    (command,) = world.commands
    assert command[-3:] == ["delete", "--stage", "dev"]


def test_data_stays_while_the_functions_cannot_be_deleted(world: World) -> None:
    world.exit_code = 2
    before = world.what_stands()

    with pytest.raises(ChaliceFailedError, match="exit code 2"):
        world.destroy()

    assert world.what_stands() == before


def test_it_can_be_run_again_after_it_died_half_way(world: World) -> None:
    world.cloudformation.status = None
    world.stage.data.delete_pc_queues()
    world.stage.data.delete_bucket()

    world.destroy()

    assert world.what_stands() == OTHERS


def test_the_stage_is_forgotten_in_the_end(world: World) -> None:
    project = world.stage.chalice.project
    outputs.sample_for("dev").write(project)

    world.destroy()

    assert outputs.find(project, "dev") is None
    assert not world.stage.chalice.state_file.exists()


def test_nothing_there_is_said_without_asking(tmp_path: Path) -> None:
    with mock_aws():
        empty = World(tmp_path)
        empty.cloudformation.status = None

        with pytest.raises(NothingThereError, match="nothing of stage 'dev' stands in region 'eu-central-1'"):
            empty.destroy()

    assert empty.asked == []


def test_links_still_alive_may_fill_the_bucket_only_so_often(world: World) -> None:
    s3 = world.client("s3")

    def refill(**_: Any) -> None:
        s3.put_object(Bucket=BUCKET, Key="originals/o/late", Body=b"x")

    filling = world.client("s3")
    filling.meta.events.register("before-call.s3.DeleteBucket", refill)
    place = Place("123456789012", REGION, lambda _: filling)

    with pytest.raises(StubbornBucketError, match="fills up while it is being emptied"):
        Data(place, "dev", sleep=lambda _: None).delete_bucket()


@pytest.mark.parametrize(
    ("objects", "said"),
    [(0, "0 objects"), (1234, "1,234 objects"), (MOST_COUNTED + 1, "more than 10,000 objects")],
)
def test_counting_stops_where_nobody_decides_differently(objects: int, said: str) -> None:
    held = Holdings(objects=objects, queues=0, users=None, has_table=False)

    assert held.told()[0].startswith(said)


def test_what_a_person_agreed_to_is_deleted_by_the_same_account(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def run(_: list[str], **kept: Any) -> Any:
        asked.append(kept)
        return subprocess.CompletedProcess([], 0)

    Chalice(tmp_path, "dev", REGION, profile="mine", run=run).delete([{"name": "rest_api"}])

    assert asked[0]["env"]["AWS_DEFAULT_REGION"] == REGION
