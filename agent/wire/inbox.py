"""This PC's queue: the doorbell. Long polls, keeps messages hidden while their files are under way, deletes them after.

Nothing is lost with a message: the cloud keeps what is owed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin

from agent.errors import TransientError, UnreachableError, WrongClockError
from agent.wire import trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from agent.wire.credentials import Credentials, Wallet

LONG_POLL_SECONDS = 20
HIDDEN_SECONDS = 300
BATCH = 10
EXPIRED = "ExpiredToken"
CLOCK_REFUSALS = ("Signature expired", "Signature not yet current", "RequestTimeTooSkewed")


@dataclass(frozen=True)
class Message:
    """One message: the text of a notice, and what deletes it."""

    message_id: str
    handle: str
    body: str
    received: int


class Inbox(Protocol):
    """Where notices arrive."""

    def receive(self) -> list[Message]:
        """Wait for notices."""

    def delete(self, handles: Sequence[str]) -> None:
        """Delete messages whose files are over and done."""

    def hide(self, handles: Sequence[str]) -> None:
        """Keep messages hidden while their files are under way."""


class SqsInbox:
    """The PC's queue in SQS. One client a set of credentials."""

    def __init__(self, wallet: Wallet, *, long_poll_seconds: int = LONG_POLL_SECONDS) -> None:
        """Take where the credentials come from."""
        self._wallet, self._long_poll_seconds = wallet, long_poll_seconds
        self._lock = threading.Lock()
        self._client: tuple[Credentials, Any] | None = None

    def receive(self) -> list[Message]:
        """Wait for notices for as long as one long poll lasts."""
        answer = self._call(
            "receive_message",
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=self._long_poll_seconds,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [_message(told) for told in answer.get("Messages", [])]

    def delete(self, handles: Sequence[str]) -> None:
        """Delete messages whose files are over and done."""
        for batch in _batches(handles):
            self._call("delete_message_batch", Entries=batch)

    def hide(self, handles: Sequence[str]) -> None:
        """Keep messages hidden while their files are under way."""
        for batch in _batches(handles):
            entries = [{**entry, "VisibilityTimeout": HIDDEN_SECONDS} for entry in batch]
            self._call("change_message_visibility_batch", Entries=entries)

    def waiting(self) -> int:
        """Return about how many notices wait; takes none."""
        told = self._call("get_queue_attributes", AttributeNames=["ApproximateNumberOfMessages"])
        return int(told.get("Attributes", {}).get("ApproximateNumberOfMessages", 0))

    def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """Make one call with current credentials; refused ones are given up."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import, wanted in run alone

        credentials = self._wallet.current()
        try:
            call = getattr(self._client_for(credentials), operation)
            answer: dict[str, Any] = call(QueueUrl=credentials.queue_url, **arguments)
        except ClientError as error:
            what = "queue"
            if any(sign in str(error) for sign in CLOCK_REFUSALS):
                raise WrongClockError(what) from error
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status in (401, 403) or code.startswith(EXPIRED):
                self._wallet.give_up(credentials)
            raise UnreachableError(what, code) from error
        except BotoCoreError as error:
            what = "queue"
            raise UnreachableError(what, type(error).__name__) from error
        return answer

    def _client_for(self, credentials: Credentials) -> Any:
        with self._lock:
            if self._client is None or self._client[0] is not credentials:
                self._client = (credentials, sqs_client(credentials))
            return self._client[1]


def sqs_client(credentials: Credentials) -> Any:
    """Wire the SQS client. Endpoint and keys are always given: the environment of the PC must not redirect us."""
    import boto3  # noqa: PLC0415 - slow to import, wanted in run alone
    from botocore.config import Config  # noqa: PLC0415 - as above

    return boto3.client(
        "sqs",
        region_name=credentials.region,
        endpoint_url=urljoin(credentials.queue_url, "/"),
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        verify=trust.bundle_file(),
        config=Config(connect_timeout=5, read_timeout=LONG_POLL_SECONDS + 10, retries={"total_max_attempts": 1}),
    )


class Doorbell:
    """Listens to the inbox in a thread of its own, and reports what it hears."""

    def __init__(
        self,
        inbox: Inbox,
        report: Callable[[list[Message] | TransientError | Exception], None],
        *,
        stop: threading.Event,
        pause: Callable[[int], float],
    ) -> None:
        """Take what to listen to, and how long to pause after so many failures in a row."""
        self._inbox, self._report, self._stop, self._pause = inbox, report, stop, pause
        self.room = threading.Event()
        self._hurry = threading.Event()
        self.thread = threading.Thread(target=self._listen, name="doorbell", daemon=True)

    def hurry(self) -> None:
        """Listen again at once, however often it failed; safe from any thread."""
        self._hurry.set()

    def _listen(self) -> None:
        failures = 0
        while not self._stop.is_set():
            if not self.room.wait(1):
                continue
            try:
                self._report(self._inbox.receive())
                failures = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, the loop judges it and we listen on
                failures += 1
                self._report(error)
                if self._hurry.wait(self._pause(failures)):
                    self._hurry.clear()
                    failures = 0


def _message(told: dict[str, Any]) -> Message:
    received = told.get("Attributes", {}).get("ApproximateReceiveCount", "1")
    return Message(told["MessageId"], told["ReceiptHandle"], told["Body"], int(received))


def _batches(handles: Sequence[str]) -> Iterator[list[dict[str, str]]]:
    for start in range(0, len(handles), BATCH):
        chosen = handles[start : start + BATCH]
        yield [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(chosen)]
