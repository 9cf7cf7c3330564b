"""One JSON line for each thing worth telling, with the request it belongs to. Knows stdout, nothing else.

Owners appear as a hash: enough to follow one owner through the log, too little to name a person.
"""

import hashlib
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

logger = logging.getLogger("backhaul")


class JsonLine(logging.Formatter):
    """Writes a record and its extra fields as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; extras of `logger.info(..., extra={...})` become fields."""
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "said": record.getMessage(),
        }
        if _request_id.get():
            line["request_id"] = _request_id.get()
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def set_up(level: int = logging.INFO) -> None:
    """Point our logger at stdout once; Lambda's own root handler would print each line a second time."""
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stdout)
    formatter = JsonLine()
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False


@contextmanager
def only_errors() -> Iterator[None]:
    """Write nothing but errors meanwhile: a person is reading."""
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def begin(request_id: str) -> None:
    """Name the request or event that the following lines belong to."""
    _request_id.set(request_id)


def owner_hash(owner_id: str) -> str:
    """Shorten an owner to what the log may know."""
    return hashlib.sha256(owner_id.encode()).hexdigest()[:12]


def about(owner_id: str, file_id: str) -> dict[str, str]:
    """Name the file a line is about, for `extra`."""
    return {"owner_hash": owner_hash(owner_id), "file_id": file_id}
