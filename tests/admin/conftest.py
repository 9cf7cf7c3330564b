"""An account of one's own, with one owner whose PC and phone are well."""

import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.builders import Account

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def account() -> Iterator[Account]:
    with mock_aws():
        yield Account()
