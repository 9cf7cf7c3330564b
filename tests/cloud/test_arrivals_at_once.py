"""Fifty arrivals of one owner at once, against a table that answers conflicts as DynamoDB does."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import CrowdedError
from chalicelib.metadata.table import Table
from tests.builders import OWNER, TABLE, Account


class Contended:
    """Cancels a transaction that touches an item of one that is under way; moto alone does one after the other.

    Every fifth is cancelled in any case, as if somebody else were at work, so that it never depends on the threads.
    """

    def __init__(self, client: Any, one_at_a_time: Any) -> None:
        self._client = client
        self._one_at_a_time = one_at_a_time
        self._under_way: set[tuple[str, str]] = set()
        self._mark = threading.Lock()
        self.exceptions = client.exceptions
        self._count = 0
        self.conflicts = 0

    def transact_write_items(self, TransactItems: list[Any]) -> Any:  # noqa: N803 (botocore's spelling)
        keys = [_key(item) for item in TransactItems]
        assert len(keys) == len(set(keys)), "DynamoDB takes no item twice in one transaction"
        with self._marked(set(keys)), self._one_at_a_time:
            return self._client.transact_write_items(TransactItems=TransactItems)

    def batch_get_item(self, **asked: Any) -> Any:
        with self._one_at_a_time:
            return self._client.batch_get_item(**asked)

    @contextmanager
    def _marked(self, keys: set[tuple[str, str]]) -> Any:
        with self._mark:
            self._count += 1
            if keys & self._under_way or self._count % 5 == 0:
                self.conflicts += 1
                raise _conflict()
            self._under_way |= keys
        try:
            yield
        finally:
            with self._mark:
                self._under_way -= keys


def _key(item: dict[str, Any]) -> tuple[str, str]:
    (request,) = item.values()
    key = request.get("Key") or request["Item"]
    return key["pk"]["S"], key["sk"]["S"]


def _conflict() -> ClientError:
    reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
    error = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return ClientError(error, "TransactWriteItems")  # type: ignore[arg-type]


class OneAtATime:
    """Lets one call at a time into a client: moto is not made for threads."""

    def __init__(self, client: Any, lock: Any) -> None:
        self._client = client
        self._lock = lock
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Any:
        def call(**asked: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(**asked)

        return call


def test_fifty_arrivals_at_once_are_counted_each_once(account: Account) -> None:
    """Each event comes twice, and again for as long as Lambda and the sweep would try."""
    phone, pcs = account.phone(), [account.pc(), account.pc()]
    begun = [phone.send(f"photo {n:02}".encode()) for n in range(50)]
    lock = threading.RLock()
    contended = Contended(account.dynamodb, lock)
    world = account.world
    world.table = Table(contended, TABLE)  # type: ignore[misc]
    world.s3, world.sqs = OneAtATime(account.s3, lock), OneAtATime(account.sqs, lock)  # type: ignore[misc]

    def arrive(key: str) -> None:
        for _ in range(2):
            hear_at_last(account, key)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(arrive, [one.key for one in begun]))

    world.table = Table(account.dynamodb, TABLE)  # type: ignore[misc]
    assert contended.conflicts
    assert account.usage(OWNER) == {"uploadedFiles": 50, "uploadedBytes": 400}
    ids = sorted(one.file_id for one in begun)
    assert [[notice["fileId"] for notice in pc.owed()] for pc in pcs] == [ids, ids]
    assert {tuple(phone.see(file_id).owed_to) for file_id in ids} == {tuple(sorted(pc.device_id for pc in pcs))}
    told = [item["fileId"] for item in account.items(f"owner#{OWNER}", "activity#") if item["what"] == "uploaded"]
    assert sorted(told) == ids


def hear_at_last(account: Account, key: str) -> None:
    """Deliver an event until it is taken in; somebody gets through each time, so this ends."""
    for _ in range(100):
        try:
            return account.hear(key)
        except CrowdedError:
            continue
    raise AssertionError("a hundred deliveries of an event were crowded out")
