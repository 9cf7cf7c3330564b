"""What a PC is lent reaches its owner's originals and its own queue, and nothing else."""

import fnmatch
import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.auth import credentials, devices
from chalicelib.errors import NotAllowedError, NotFoundError
from tests.access import ANNA, BERT, a_device, a_person, a_world, settings

DEVICE, OTHER = "0192f0c1a2b37c4d8e5f60718293a4b5", "0192f0c1a2b37c4d8e5f60718293a4b6"
FILES = "arn:aws:s3:::backhaul-test"
QUEUES = "arn:aws:sqs:eu-west-1:123456789012"


@pytest.fixture
def world() -> Any:
    with a_world() as world:
        yield world


def allows(policy: dict[str, Any], action: str, resource: str) -> bool:
    """Read a policy as IAM does: what no statement allows is denied."""
    return any(
        any(fnmatch.fnmatchcase(action, each) for each in statement["Action"])
        and fnmatch.fnmatchcase(resource, statement["Resource"])
        for statement in policy["Statement"]
    )


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:GetObject", f"{FILES}/originals/{ANNA}/1-a.jpg", True),
        ("s3:GetObjectVersion", f"{FILES}/originals/{ANNA}/1-a.jpg", True),
        ("s3:GetObject", f"{FILES}/originals/{BERT}/1-a.jpg", False),
        ("s3:GetObject", f"{FILES}/originals/{ANNA}0/1-a.jpg", False),
        ("s3:GetObject", f"{FILES}/originals/{ANNA}", False),
        ("s3:GetObject", f"{FILES}/previews/{ANNA}/1.webp", False),
        ("s3:GetObject", f"{FILES}-other/originals/{ANNA}/1-a.jpg", False),
        ("s3:PutObject", f"{FILES}/originals/{ANNA}/1-a.jpg", False),
        ("s3:DeleteObject", f"{FILES}/originals/{ANNA}/1-a.jpg", False),
        ("s3:ListBucket", FILES, False),
        ("sqs:ReceiveMessage", f"{QUEUES}:backhaul-test-pc-{DEVICE}", True),
        ("sqs:DeleteMessage", f"{QUEUES}:backhaul-test-pc-{DEVICE}", True),
        ("sqs:DeleteMessageBatch", f"{QUEUES}:backhaul-test-pc-{DEVICE}", True),
        ("sqs:ChangeMessageVisibility", f"{QUEUES}:backhaul-test-pc-{DEVICE}", True),
        ("sqs:GetQueueAttributes", f"{QUEUES}:backhaul-test-pc-{DEVICE}", True),
        ("sqs:ReceiveMessage", f"{QUEUES}:backhaul-test-pc-{OTHER}", False),
        ("sqs:ReceiveMessage", f"{QUEUES}:backhaul-test-pc-{DEVICE}0", False),
        ("sqs:ReceiveMessage", f"{QUEUES}:backhaul-test-paired", False),
        ("sqs:SendMessage", f"{QUEUES}:backhaul-test-pc-{DEVICE}", False),
        ("sqs:DeleteQueue", f"{QUEUES}:backhaul-test-pc-{DEVICE}", False),
        ("sqs:PurgeQueue", f"{QUEUES}:backhaul-test-pc-{DEVICE}", False),
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/backhaul-test", False),
        ("sts:AssumeRole", "arn:aws:iam::123456789012:role/backhaul-test-pc", False),
    ],
)
def test_the_policy(action: str, resource: str, allowed: bool) -> None:
    assert allows(credentials.session_policy(settings(), ANNA, DEVICE), action, resource) is allowed


def test_the_policy_fits_into_what_sts_takes() -> None:
    assert len(json.dumps(credentials.session_policy(settings(), ANNA, DEVICE))) < 1024


def test_a_pc_is_lent_what_it_needs_and_told_where(world: Any) -> None:
    pc, _ = a_device(world)

    lent = credentials.lend(world, pc, pc.device_id or "")

    assert (lent.region, lent.bucket, lent.prefix) == ("eu-west-1", "backhaul-test", f"originals/{ANNA}/")
    assert lent.queue_url.endswith(f"backhaul-test-pc-{pc.device_id}")
    assert (bool(lent.access_key_id and lent.secret_access_key and lent.session_token), lent.endpoint_url) == (
        True,
        None,
    )


def test_what_is_asked_of_sts_is_an_hour_and_the_narrow_policy(world: Any) -> None:
    pc, _ = a_device(world)
    asked: list[dict[str, Any]] = []
    world.sts.meta.events.register(
        "provide-client-params.sts.AssumeRole", lambda params, **_: asked.append(dict(params))
    )

    credentials.lend(world, pc, pc.device_id or "")

    assert asked[0]["DurationSeconds"] == 3600
    assert asked[0]["RoleArn"] == settings().pc_role
    assert json.loads(asked[0]["Policy"]) == credentials.session_policy(settings(), ANNA, pc.device_id or "")


def test_only_the_embedded_cloud_has_an_address_of_its_own(world: Any) -> None:
    pc, _ = a_device(world)
    world.settings = replace(world.settings, endpoint_url="http://127.0.0.1:4510")

    assert credentials.lend(world, pc, pc.device_id or "").endpoint_url == "http://127.0.0.1:4510"


def test_a_phone_is_lent_nothing(world: Any) -> None:
    phone, _ = a_device(world, "phone")

    with pytest.raises(NotAllowedError):
        credentials.lend(world, phone, phone.device_id or "")


def test_a_person_is_lent_nothing(world: Any) -> None:
    pc, _ = a_device(world)

    with pytest.raises(NotAllowedError):
        credentials.lend(world, a_person(), pc.device_id or "")


@pytest.mark.parametrize("owner_id", [ANNA, BERT])
def test_a_pc_is_lent_nothing_in_anothers_name(world: Any, owner_id: str) -> None:
    pc, _ = a_device(world)
    other, _ = a_device(world, owner_id=owner_id)

    with pytest.raises(NotFoundError):
        credentials.lend(world, pc, other.device_id or "")


def test_a_revoked_pc_is_lent_nothing_though_its_key_is_still_remembered(world: Any) -> None:
    pc, _ = a_device(world)
    devices.revoke(world, a_person(), pc.device_id or "")

    with pytest.raises(NotFoundError):
        credentials.lend(world, pc, pc.device_id or "")
