"""The app is imported here as in tests/cloud, with settings that lead nowhere."""

from tests.cloud.conftest import account

__all__ = ["account"]
