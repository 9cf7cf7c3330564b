"""The app is imported here as in tests/cloud, with settings that lead nowhere."""

from tests.cloud import conftest

__all__ = ["conftest"]
