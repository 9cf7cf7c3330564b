"""What a stage holds of its owners: count it, and, once a person agreed, delete it. Knows S3, SQS, DynamoDB, Cognito.

The stack leaves bucket, table and user pool standing when it is deleted, so each is found here by its name. Every
deed may find its work done already: taking a stage down can be run again after it died half-way.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from infra.errors import StubbornBucketError
from infra.outputs import stack_of
from infra.place import Place

# Counting stops here: nobody decides differently between ten thousand and a million photos.
MOST_COUNTED = 10_000
_BATCH = 1000
_ROUNDS = 5
_LINK_SECONDS = 5.0


@dataclass(frozen=True)
class Holdings:
    """How much would be lost."""

    objects: int | None
    queues: int
    users: int | None
    has_table: bool

    def told(self) -> list[str]:
        """Say what would be deleted, a line a thing; `None` means that it does not stand."""
        lines = []
        if self.objects is not None:
            most = f"more than {MOST_COUNTED:,} objects"
            many = most if self.objects > MOST_COUNTED else _many(self.objects, "object")
            lines.append(f"{many} (photos, videos, files) in the bucket, with all versions")
        if self.has_table:
            lines.append("the table: what is known of every file, and what each PC is still owed")
        if self.users is not None:
            lines.append(f"the accounts of about {_many(self.users, 'owner')}")
        lines.append(f"the queues of {_many(self.queues, 'paired PC')}")
        return lines


@dataclass(frozen=True)
class Data:
    """The data of one stage in one place."""

    place: Place
    stage: str
    sleep: Callable[[float], object] = time.sleep

    @property
    def bucket(self) -> str:
        """What the bucket is called."""
        return f"{stack_of(self.stage)}-{self.place.account}-{self.place.region}"

    @property
    def table(self) -> str:
        """What the table is called."""
        return stack_of(self.stage)

    def holdings(self) -> Holdings:
        """Count what the stage holds."""
        return Holdings(
            objects=self._count_objects(),
            queues=len(list(self._pc_queues())),
            users=self._count_users(),
            has_table=self._find_table() is not None,
        )

    def delete_pc_queues(self) -> None:
        """Delete the queue of every paired PC; the API made them, so no stack knows them."""
        sqs = self.place.client("sqs")
        for url in self._pc_queues():
            sqs.delete_queue(QueueUrl=url)

    def delete_bucket(self) -> None:
        """Delete every version of every object, unfinished uploads, and the bucket.

        A link handed out just before may still bring an object in, so a bucket that is not empty is emptied again.
        """
        s3 = self.place.client("s3")
        for _ in range(_ROUNDS):
            try:
                _empty(s3, self.bucket)
                s3.delete_bucket(Bucket=self.bucket)
            except s3.exceptions.ClientError as error:
                if _code(error) == "NoSuchBucket":
                    return
                if _code(error) != "BucketNotEmpty":
                    raise
                self.sleep(_LINK_SECONDS)
            else:
                return
        raise StubbornBucketError(self.bucket)

    def delete_table(self) -> None:
        """Take the protection off the table, delete it, and wait until its name is free for the next deploy."""
        dynamodb = self.place.client("dynamodb")
        found = self._find_table()
        if found is None:
            return
        if found.get("DeletionProtectionEnabled"):
            dynamodb.update_table(TableName=self.table, DeletionProtectionEnabled=False)
            dynamodb.get_waiter("table_exists").wait(TableName=self.table)
        if found["TableStatus"] != "DELETING":
            dynamodb.delete_table(TableName=self.table)
        dynamodb.get_waiter("table_not_exists").wait(TableName=self.table)

    def delete_user_pools(self) -> None:
        """Take the protection off the stage's user pool, then delete it."""
        cognito = self.place.client("cognito-idp")
        for pool in self._user_pools():
            if pool.get("DeletionProtection") == "ACTIVE":
                cognito.update_user_pool(UserPoolId=pool["Id"], DeletionProtection="INACTIVE")
            cognito.delete_user_pool(UserPoolId=pool["Id"])

    def _count_objects(self) -> int | None:
        s3 = self.place.client("s3")
        try:
            return sum(1 for _ in islice(_objects(s3, self.bucket), MOST_COUNTED + 1))
        except s3.exceptions.NoSuchBucket:
            return None

    def _count_users(self) -> int | None:
        counts = [int(pool.get("EstimatedNumberOfUsers", 0)) for pool in self._user_pools()]
        return sum(counts) if counts else None

    def _find_table(self) -> dict[str, Any] | None:
        dynamodb = self.place.client("dynamodb")
        try:
            found: dict[str, Any] = dynamodb.describe_table(TableName=self.table)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return None
        return found

    def _pc_queues(self) -> Iterator[str]:
        prefix = f"{stack_of(self.stage)}-pc-"
        for page in self.place.client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=prefix):
            yield from page.get("QueueUrls", [])

    def _user_pools(self) -> Iterator[dict[str, Any]]:
        cognito = self.place.client("cognito-idp")
        for page in cognito.get_paginator("list_user_pools").paginate(MaxResults=60):
            for pool in page["UserPools"]:
                if pool["Name"] == stack_of(self.stage):
                    yield cognito.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _objects(s3: Any, bucket: str) -> Iterator[Any]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from page.get("Contents", [])


def _versions(s3: Any, bucket: str) -> Iterator[dict[str, str]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            yield {"Key": version["Key"], "VersionId": version["VersionId"]}


def _empty(s3: Any, bucket: str) -> None:
    versions = _versions(s3, bucket)
    while batch := list(islice(versions, _BATCH)):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])
