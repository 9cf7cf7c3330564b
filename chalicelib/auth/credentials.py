"""What a PC calls AWS with for an hour: its owner's originals to read, its own queue to hear, and nothing else."""

import json
from typing import Any

from chalicelib import moments
from chalicelib.auth import devices, scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Moment, Reply
from chalicelib.cloud import Cloud
from chalicelib.config import Settings
from chalicelib.debts import pc_queues
from chalicelib.errors import NotFoundError

LENT_SECONDS = 3600


class Lent(Reply, frozen=True):
    """Credentials, and where they lead."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: Moment
    region: str
    bucket: str
    prefix: str
    queue_url: str
    endpoint_url: str | None = None


def lend(world: Cloud, caller: Caller, device_id: str) -> Lent:
    """Lend a PC credentials that reach no further than it must."""
    caller.must_have(scopes.PC)
    caller.must_be(device_id)
    device = devices.get(world, caller.owner_id, device_id)
    if device.revoked_at or not device.queue_url:
        raise NotFoundError("device", device_id)
    here = world.settings
    lent = world.sts.assume_role(
        RoleArn=here.pc_role,
        RoleSessionName=f"pc-{device_id}",
        Policy=json.dumps(session_policy(here, caller.owner_id, device_id), separators=(",", ":")),
        DurationSeconds=LENT_SECONDS,
    )["Credentials"]
    return Lent(
        access_key_id=lent["AccessKeyId"],
        secret_access_key=lent["SecretAccessKey"],
        session_token=lent["SessionToken"],
        expires_at=moments.to_text(lent["Expiration"]),
        region=here.region,
        bucket=here.bucket,
        prefix=prefix(caller.owner_id),
        queue_url=device.queue_url,
        endpoint_url=here.endpoint_url or None,
    )


def prefix(owner_id: str) -> str:
    """Return where an owner's originals are; the slash keeps owners apart whose ids begin alike."""
    return f"originals/{owner_id}/"


def session_policy(here: Settings, owner_id: str, device_id: str) -> dict[str, Any]:
    """Return what narrows the role to one owner's files and one PC's queue. Pure."""
    partition = here.pc_role.split(":")[1]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": f"arn:{partition}:s3:::{here.bucket}/{prefix(owner_id)}*",
            },
            {
                "Effect": "Allow",
                "Action": [
                    "sqs:ReceiveMessage",
                    "sqs:DeleteMessage*",
                    "sqs:ChangeMessageVisibility*",
                    "sqs:GetQueueAttributes",
                ],
                "Resource": pc_queues.arn(here, device_id),
            },
        ],
    }
