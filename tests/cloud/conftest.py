"""The environment that importing app.py asks for; no value leads anywhere."""

import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.builders import Account

ENVIRONMENT = {
    "BACKHAUL_STAGE": "test",
    "BACKHAUL_BUCKET": "backhaul-test",
    "BACKHAUL_TABLE": "backhaul-test",
    "BACKHAUL_USER_POOL": "eu-west-1_test",
    "BACKHAUL_USER_POOL_CLIENT": "client",
    "BACKHAUL_PC_ROLE": "arn:aws:iam::123456789012:role/backhaul-test-pc",
    "BACKHAUL_PAIRED_QUEUE": "arn:aws:sqs:eu-west-1:123456789012:backhaul-test-paired",
    "BACKHAUL_MEDIA_QUEUE": "arn:aws:sqs:eu-west-1:123456789012:backhaul-test-media",
    "BACKHAUL_DEAD_NOTICES": "arn:aws:sqs:eu-west-1:123456789012:backhaul-test-notices-dead",
    "BACKHAUL_TOPIC": "arn:aws:sns:eu-west-1:123456789012:backhaul-test-trouble",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}

os.environ.update(ENVIRONMENT)
os.environ.pop("AWS_ENDPOINT_URL", None)


@pytest.fixture
def account() -> Iterator[Account]:
    """An account of one's own, empty."""
    with mock_aws():
        yield Account()
