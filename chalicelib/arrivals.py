"""An object arrived in the bucket: its file becomes uploaded, and owed to each PC."""

from collections.abc import Mapping
from typing import Any

from chalicelib.cloud import Cloud


def object_arrived(world: Cloud, event: Mapping[str, Any]) -> None:
    """Take in each object that an S3 event names."""
