"""The environment that importing app.py asks for; no value leads anywhere."""

import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.builders import Account
from tests.needed import ENVIRONMENT

os.environ.update(ENVIRONMENT)
os.environ.pop("AWS_ENDPOINT_URL", None)


@pytest.fixture
def account() -> Iterator[Account]:
    """An account of one's own, empty."""
    with mock_aws():
        yield Account()
