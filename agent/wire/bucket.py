"""Objects in S3, read through obstore (Rust): the only module that knows it, and where its errors become ours."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import obstore
from obstore.exceptions import (
    BaseError,
    GenericError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from agent.errors import ChangedObjectError, RefusedObjectError, UnreachableError, WrongClockError
from agent.wire import proxies, trust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore import GetOptions
    from obstore.store import ClientConfig

    from agent.fetch.notices import Notice
    from agent.wire.credentials import Credentials, Wallet

CHUNK = 256 * 1024
STALL = timedelta(seconds=30)
NO_LIMIT = timedelta(days=30)
"""obstore limits the whole request to 30 seconds by itself, which a long video would never meet."""
CLOCK_REFUSAL = "RequestTimeTooSkewed"
EXPIRED = "ExpiredToken"
"""S3 says so with 400, not 403. The wallet may be the last to know: its clock stands still while the PC sleeps."""
# The runtime below obstore has a thread for each processor: they wake each other for what one does alone, which costs
# small files an eighth of all processor time. It reads this when the first object is asked for.
os.environ.setdefault("TOKIO_WORKER_THREADS", "1")
RESUME_REFUSALS = ("NotPartial", "UnexpectedRange", "416 Range Not Satisfiable")


class Body(Protocol):
    """The bytes of an object, or the rest of them."""

    @property
    def size(self) -> int:
        """How large the whole object is."""

    @property
    def etag(self) -> str | None:
        """The entity tag of the object."""

    def whole(self) -> memoryview:
        """Read all in one piece."""

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Read piece by piece."""


class Bucket(Protocol):
    """Where objects are."""

    def open(self, notice: Notice, start: int = 0, etag: str | None = None, end: int | None = None) -> Body:
        """Open a notice's object from an offset on, or up to an end, for the version and entity tag given."""


class S3Bucket:
    """The owner's bucket. One store a set of credentials, so that renewed ones take effect at once."""

    def __init__(self, wallet: Wallet) -> None:
        """Take where the credentials come from."""
        self._wallet = wallet
        self._lock = threading.Lock()
        self._store: tuple[Credentials, S3Store] | None = None

    def open(self, notice: Notice, start: int = 0, etag: str | None = None, end: int | None = None) -> Body:
        """Open a notice's object from an offset on, or up to an end, for the version and entity tag given."""
        credentials = self._wallet.current()
        if notice.bucket != credentials.bucket:
            # The bucket is a part of the host's name: whoever could forge a notice would be sent our credentials.
            raise RefusedObjectError(notice.key, f"its notice names the bucket {notice.bucket!r}")
        try:
            found = obstore.get(self._store_for(credentials), notice.key, options=_options(notice, start, etag, end))
        except (PermissionDeniedError, UnauthenticatedError) as error:
            if CLOCK_REFUSAL in str(error):
                raise WrongClockError(f"object {notice.key!r}") from error
            self._wallet.give_up(credentials)
            raise RefusedObjectError(notice.key, "S3 denies it") from error
        except FileNotFoundError as error:
            raise RefusedObjectError(notice.key, "it does not exist") from error
        except PreconditionError as error:
            raise ChangedObjectError(notice.key, "it is another one now") from error
        except (BaseError, ValueError) as error:
            if EXPIRED in str(error):
                self._wallet.give_up(credentials)
            raise _trouble(notice.key, error) from error
        return _S3Body(notice.key, found)

    def _store_for(self, credentials: Credentials) -> S3Store:
        with self._lock:
            if self._store is None or self._store[0] is not credentials:
                self._store = (credentials, store_for(credentials))
            return self._store[1]


class _S3Body:
    """An open object in S3."""

    def __init__(self, key: str, found: obstore.GetResult) -> None:
        self._key, self._found = key, found
        self.size: int = found.meta["size"]
        self.etag = found.meta["e_tag"]

    def whole(self) -> memoryview:
        try:
            return memoryview(self._found.bytes())
        except BaseError as error:
            raise _trouble(self._key, error) from error

    def chunks(self) -> Iterator[bytes]:
        try:
            yield from self._found.stream(min_chunk_size=CHUNK)
        except BaseError as error:
            raise _trouble(self._key, error) from error


def store_for(credentials: Credentials, roots: str = "") -> S3Store:
    """Wire the S3 client. The endpoint is always given: the environment of the PC must not redirect us."""
    if credentials.endpoint_url:
        endpoint, virtual = credentials.endpoint_url, False
    else:
        endpoint, virtual = f"https://{credentials.bucket}.s3.{credentials.region}.{_domain(credentials.region)}", True
    return S3Store(
        credentials.bucket,
        endpoint=endpoint,
        aws_endpoint_url_s3=endpoint,
        region=credentials.region,
        access_key_id=credentials.access_key_id,
        secret_access_key=credentials.secret_access_key,
        session_token=credentials.session_token,
        virtual_hosted_style_request=virtual,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "read_timeout": STALL,
            "timeout": NO_LIMIT,
            **_roots(endpoint, roots),
            **_proxy(endpoint),
        },
        retry_config={
            "max_retries": 2,
            "retry_timeout": timedelta(seconds=60),
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
        },
    )


def _domain(region: str) -> str:
    """Return where AWS lives: China has a name of its own."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def _proxy(endpoint: str) -> ClientConfig:
    """Go through the same proxy as the API does; Windows' settings obstore does not know."""
    found = proxies.proxy_for(endpoint)
    return {"proxy_url": found} if found else {}


def _roots(endpoint: str, text: str) -> ClientConfig:
    """Add Mozilla's roots to the system's. Windows is left alone: obstore asks it, and it fetches what it lacks."""
    if os.name == "nt" or proxies.is_plain(endpoint):
        return {}
    return {"root_certificate": text or trust.bundle_text()}


def _options(notice: Notice, start: int, etag: str | None, end: int | None) -> GetOptions:
    options: GetOptions = {}
    if notice.version_id:
        options["version"] = notice.version_id
    if etag:
        options["if_match"] = etag
    if end is not None:
        options["range"] = (start, end)
    elif start:
        options["range"] = {"offset": start}
    return options


def _trouble(key: str, error: Exception) -> Exception:
    """Tell a refused resume and a changed object from a broken connection; obstore has one class for all."""
    text = str(error)
    if any(sign in text for sign in RESUME_REFUSALS):
        return ChangedObjectError(key, "the server does not honour the range")
    if isinstance(error, GenericError):
        return UnreachableError(f"object {key!r}", text.splitlines()[0][:200])
    return RefusedObjectError(key, text.splitlines()[0][:200])
