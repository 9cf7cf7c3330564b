"""What a team shares about a stage, in the stage's own bucket: what Chalice deployed, and who deploys right now.

    state/deployed.json    `.chalice/deployed/<stage>.json`, as the last deploy wrote it
    state/outputs.json     `.chalice/outputs/<stage>.json`
    state/lock.json        who deploys, and since when; absent when nobody does

So no laptop is needed to deploy again: a fresh clone with credentials takes up where the last deploy ended. The bucket
keeps earlier versions for thirty days. Nothing here is a secret: only names of resources.
"""

import getpass
import json
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra import outputs
from infra.errors import ForeignStateError, LockedError, NoLockError
from infra.outputs import stack_of
from infra.place import Place

FOLDER = "state"
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


@dataclass(frozen=True)
class Holder:
    """Who deploys, and since when."""

    who: str
    since: str
    id: str

    @classmethod
    def me(cls, now: datetime | None = None) -> "Holder":
        """Describe this process."""
        who = f"{getpass.getuser()} on {socket.gethostname()}"
        return cls(who, f"{now or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", uuid.uuid4().hex)


@dataclass(frozen=True)
class Shared:
    """The state of one stage that its team shares."""

    s3: Any
    place: Place
    stage: str
    project: Path
    me: Holder = field(default_factory=Holder.me)

    @property
    def bucket(self) -> str:
        """The stage's bucket, by the name that the template gives it."""
        return f"{stack_of(self.stage)}-{self.place.account}-{self.place.region}"

    @contextmanager
    def lock(self, *, may_lack_bucket: bool = False) -> Iterator[None]:
        """Let nobody else deploy meanwhile; within one of our own, nothing is to be done.

        Before the first deploy there is no bucket: until the stack stands, CloudFormation alone guards it.
        """
        held = not self._is_mine() and self._take(may_lack_bucket=may_lack_bucket)
        try:
            yield
        finally:
            if held:
                self._release()

    def holder(self) -> Holder | None:
        """Find who deploys."""
        told = self._read("lock.json")
        return Holder(**json.loads(told)) if told else None

    def break_lock(self) -> Holder:
        """Take the lock away from who holds it; for one that died."""
        holder = self.holder()
        if holder is None:
            raise NoLockError(self.stage)
        self.s3.delete_object(Bucket=self.bucket, Key=f"{FOLDER}/lock.json")
        return holder

    def fetch(self) -> None:
        """Make this checkout know what the last deploy of anybody did; what it knew itself is older, or the same."""
        told = self._read("deployed.json")
        if told is None:
            self._check(self._local)
            return
        self._local.parent.mkdir(parents=True, exist_ok=True)
        self._local.write_bytes(told)

    def publish(self) -> None:
        """Hand in what this deploy did."""
        for name, file in (("deployed.json", self._local), ("outputs.json", outputs.file_of(self.project, self.stage))):
            if file.exists():
                self.s3.put_object(Bucket=self.bucket, Key=f"{FOLDER}/{name}", Body=file.read_bytes())

    @property
    def _local(self) -> Path:
        return self.project / ".chalice" / "deployed" / f"{self.stage}.json"

    def _check(self, file: Path) -> None:
        """Refuse a state that was copied here from another account: Chalice would look for its API there."""
        if not file.exists():
            return
        try:
            resources = json.loads(file.read_text(encoding="utf-8"))["resources"]
            accounts = {account for one in resources for account in _accounts(one)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ForeignStateError(file, f"cannot be read ({type(error).__name__})", self.place.account) from error
        foreign = sorted(accounts - {self.place.account})
        if foreign:
            raise ForeignStateError(file, f"names account {foreign[0]}", self.place.account)

    def _take(self, *, may_lack_bucket: bool) -> bool:
        body = json.dumps({"who": self.me.who, "since": self.me.since, "id": self.me.id}).encode()
        try:
            self.s3.put_object(Bucket=self.bucket, Key=f"{FOLDER}/lock.json", Body=body, IfNoneMatch="*")
        except self.s3.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchBucket" and may_lack_bucket:
                return False
            if code not in _TAKEN:
                raise
            holder = self.holder() or Holder("somebody", "", "")
            raise LockedError(self.stage, holder.who, holder.since) from error
        return True

    def _release(self) -> None:
        """Give the lock back, unless it was broken and somebody else holds it now."""
        if self._is_mine():
            self.s3.delete_object(Bucket=self.bucket, Key=f"{FOLDER}/lock.json")

    def _is_mine(self) -> bool:
        holder = self.holder()
        return holder is not None and holder.id == self.me.id

    def _read(self, name: str) -> bytes | None:
        try:
            told: bytes = self.s3.get_object(Bucket=self.bucket, Key=f"{FOLDER}/{name}")["Body"].read()
        except self.s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
            return None
        return told


def _accounts(resource: Mapping[str, Any]) -> list[str]:
    """Read the accounts out of the ARNs that a resource of Chalice's state holds."""
    arns = [str(value).split(":") for value in resource.values() if str(value).startswith("arn:")]
    return [parts[4] for parts in arns if len(parts) > 4 and parts[4]]  # noqa: PLR2004 (arn:partition:service:region:account)
