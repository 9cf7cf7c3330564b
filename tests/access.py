"""What the tests of access share: a signer of tokens, an AWS account in memory, a clock set by hand."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from moto import mock_aws

from chalicelib import moments
from chalicelib.auth import device_keys, scopes
from chalicelib.auth.callers import Caller
from chalicelib.cloud import Cloud
from chalicelib.config import Settings
from chalicelib.metadata import devices, owners
from chalicelib.metadata.devices import Device
from tests.builders import make_table

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
ANNA = "0a0a0a0a-1111-4111-8111-00000000000a"
BERT = "0b0b0b0b-1111-4111-8111-00000000000b"
KID = "the+pool/key="


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass(frozen=True)
class Signer:
    """Somebody who signs tokens; ours is the one whose public key the pool publishes."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    kid: str = KID

    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "alg": "RS256", "use": "sig"}]}

    def public_pem(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form)

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid})


@cache
def pool() -> Signer:
    return Signer()


def settings() -> Settings:
    return Settings.from_env()


def claims(owner_id: str = ANNA, *, now: float | None = None, **other: Any) -> dict[str, Any]:
    """Claims as Cognito writes them into an access token; `None` leaves one out."""
    here, at = settings(), int(time.time() if now is None else now)
    told = {
        "sub": owner_id,
        "iss": here.issuer,
        "client_id": here.user_pool_client,
        "origin_jti": "5d0c6f0e-0000-4000-8000-000000000000",
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": at,
        "exp": at + 3600,
        "iat": at,
        "jti": "1d0c6f0e-0000-4000-8000-000000000000",
        "username": owner_id,
    } | other
    return {name: value for name, value in told.items() if value is not None}


def a_token(owner_id: str = ANNA, **other: Any) -> str:
    return pool().sign(claims(owner_id, **other))


def a_person(owner_id: str = ANNA) -> Caller:
    return Caller(owner_id, None, scopes.of_person(()))


def an_admin() -> Caller:
    return Caller(BERT, None, scopes.of_person({"admin"}))


def a_device(world: Cloud, kind: str = "pc", owner_id: str = ANNA, name: str = "den") -> tuple[Caller, str]:
    """Make a device as pairing would; return it as a caller, and its key."""
    device_id = world.new_id()
    key = device_keys.new(device_id)
    granted = scopes.of_device(kind)
    url = f"https://sqs.eu-west-1.amazonaws.com/123456789012/backhaul-test-pc-{device_id}" if kind == "pc" else None
    device = Device(device_id, name, kind, "an OS", granted, world.now_text(), queue_url=url)
    owners.ensure(world.table, owner_id, world.now_text())
    joined = owners.pc_added(owner_id, device_id, url) if url else owners.still_open(owner_id)
    world.table.write(joined, *devices.added(owner_id, device, key.hashed()))
    return Caller(owner_id, device_id, granted, name), key.text()


def make_client(service: str) -> Any:
    return boto3.client(service, region_name="eu-west-1")


@contextmanager
def an_account() -> Iterator[None]:
    """An AWS account in memory with what the template makes."""
    with mock_aws():
        here = settings()
        make_table(make_client("dynamodb"))
        for arn in (here.paired_queue, here.media_queue, here.dead_notices):
            make_client("sqs").create_queue(QueueName=arn.rpartition(":")[2])
        where = {"LocationConstraint": "eu-west-1"}
        make_client("s3").create_bucket(Bucket=here.bucket, CreateBucketConfiguration=where)
        versioned = {"Status": "Enabled"}
        make_client("s3").put_bucket_versioning(Bucket=here.bucket, VersioningConfiguration=versioned)
        yield


@contextmanager
def a_world(clock: moments.Clock | None = None, *, user_pool: Any = None) -> Iterator[Cloud]:
    """The cloud as deeds see it, over an account in memory; with a user pool of the test's own where it matters."""
    fakes = {"cognito-idp": user_pool} if user_pool else {}
    with an_account():
        yield Cloud(settings(), lambda service: fakes.get(service) or make_client(service), clock or Clock())
