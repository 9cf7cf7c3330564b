"""The AWS account as the deeds see it: settings, clients, the table, a clock. The one place that makes clients.

Clients are made when first used: a cold start pays only for what the request needs.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from chalicelib import moments, presign
from chalicelib.config import Settings
from chalicelib.metadata.table import Table

MakeClient = Callable[[str], Any]
GetCredentials = Callable[[], Any]


class Cloud:
    """What a deed needs from the world; tests hand in another world."""

    def __init__(
        self,
        settings: Settings,
        make_client: MakeClient,
        clock: moments.Clock = moments.utc_now,
        *,
        get_credentials: GetCredentials | None = None,
    ) -> None:
        self.settings = settings
        self._make_client = make_client
        self._clock = clock
        self._get_credentials = get_credentials or _own_credentials

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._clock()

    def now_text(self) -> str:
        """The moment as the table writes it."""
        return moments.to_text(self._clock())

    def new_id(self) -> str:
        """A fresh id that sorts after all earlier ones."""
        return moments.new_id(self._clock())

    @cached_property
    def table(self) -> Table:
        """The table."""
        return Table(self._make_client("dynamodb"), self.settings.table)

    @cached_property
    def s3(self) -> Any:
        """The client that looks at objects."""
        return self._make_client("s3")

    @cached_property
    def signer(self) -> presign.Signer:
        """What signs links; it needs no client."""
        base_url = presign.base_url(self.settings.bucket, self.settings.region, self.settings.endpoint_url)
        return presign.Signer(self._get_credentials, self.settings.region, base_url, self._clock)

    @cached_property
    def sqs(self) -> Any:
        """The client that rings PCs."""
        return self._make_client("sqs")

    @cached_property
    def media_queue_url(self) -> str:
        """The address of the queue of media work, asked for once a process."""
        address: str = self.sqs.get_queue_url(QueueName=self.settings.media_queue.rpartition(":")[2])["QueueUrl"]
        return address

    @cached_property
    def sts(self) -> Any:
        """The client that lends a PC its credentials."""
        return self._make_client("sts")

    @cached_property
    def cognito(self) -> Any:
        """The client of the user pool."""
        return self._make_client("cognito-idp")

    @cached_property
    def sns(self) -> Any:
        """The client that reports trouble."""
        return self._make_client("sns")


@cache
def cloud() -> Cloud:
    """The real account, wired once a process."""
    settings = Settings.from_env()
    return Cloud(settings, _clients(settings))


@cache
def _session() -> Any:
    import botocore.session  # noqa: PLC0415 (124 ms that a refused request need not pay)

    return botocore.session.get_session()


def _own_credentials() -> Any:
    """Return what the running function signs with, frozen: a refresh must not fall between two of its parts."""
    return _session().get_credentials().get_frozen_credentials()


def _clients(settings: Settings) -> MakeClient:
    """Return the factory of real clients; botocore is imported at the first one, not at the start."""

    def make_client(service: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415 (see _session)

        style = "path" if settings.endpoint_url else "virtual"
        # Without s3v4 botocore signs old links on the global host, which cannot bind headers.
        config = Config(
            region_name=settings.region,
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=3,
            read_timeout=10,
        )
        return _session().create_client(service, config=config)

    return make_client
