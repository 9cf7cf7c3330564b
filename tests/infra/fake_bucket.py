"""A bucket with a memory: what sharing a stage's state asks of S3, If-None-Match included."""

import io
from typing import Any

from botocore.exceptions import ClientError


class Exceptions:
    ClientError = ClientError


class FakeBucket:
    """Objects by key; without `exists` there is no such bucket yet."""

    exceptions = Exceptions

    def __init__(self, *, exists: bool = True) -> None:
        self.exists = exists
        self.objects: dict[str, bytes] = {}
        self.names: set[str] = set()

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "") -> None:  # noqa: N803
        self._look("PutObject", Bucket)
        if IfNoneMatch and Key in self.objects:
            raise refused("PreconditionFailed", "PutObject")
        self.objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self._look("GetObject", Bucket)
        if Key not in self.objects:
            raise refused("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803
        self._look("DeleteObject", Bucket)
        self.objects.pop(Key, None)

    def _look(self, call: str, name: str) -> None:
        self.names.add(name)
        if not self.exists:
            raise refused("NoSuchBucket", call)


def refused(code: str, call: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, call)
