"""Watches all that a test run logs and prints, in each of its processes, for what must not be told.

A secret is known by its form, or because it went through the hands of whoever makes them for the tests: whatever an
answer of the API names so (`learn`). Each test is searched when it ends, so the run fails at the test that told.
"""

import logging
import re
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chalicelib.log import JsonLine

# What only a secret looks like. No log may hold any of these, whosoever it was.
FORMS = {
    "a device's key": r"bh_[0-9a-f]{32}_[A-Za-z0-9_-]{43}",
    "a token": r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    "a signed link": r"X-Amz-(?:Signature=|Security-Token=|Credential=)[A-Za-z0-9%]",
    "a credential that was shown": r"(?i:bearer) (?=\S*[0-9])[A-Za-z0-9+/_.=-]{12,}",
    "an AWS key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
}
# Of these a person may be shown some on a screen, so they are looked for in log lines alone.
FORMS_IN_LINES = {
    "a pairing code": r"\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b",
    "an e-mail address": r"[A-Za-z0-9._-]+@example\.(?:com|org)",
}
# Under these names the API tells secrets; what is shorter is no secret but some other thing of that name.
NAMES = {
    *("accessToken", "refreshToken", "session", "secret", "key", "deviceCode", "userCode"),
    *("secretAccessKey", "sessionToken", "accessKeyId"),
}
SHORTEST = 12
ALWAYS = ("Correct-horse-1", "JBSWY3DPEHPK3PXP", "hush-hush")


class Watch(logging.Handler):
    """Keeps what was logged since it was last looked at, and all secrets that were met since, by whatever thread."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLine())
        self._lines: list[str] = []
        self._met: set[str] = set(ALWAYS)
        self._keeping = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        with self._keeping:
            self._lines.append(line)

    def pass_on(self, record: logging.LogRecord) -> bool:
        """Keep a line, and let it go where it goes."""
        self.emit(record)
        return True

    def learn(self, told: Any) -> None:
        """Remember the secrets that an answer of the API tells."""
        if isinstance(told, dict):
            secrets = {value for name, value in told.items() if name in NAMES and is_secret(value)}
            with self._keeping:
                self._met |= secrets
        for inner in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
            self.learn(inner)

    def taken(self, printed: Iterable[str] = ()) -> list[str]:
        """Name the secrets that were told since the last time, and forget it all."""
        with self._keeping:
            kept, met = self._lines, self._met
            self._lines, self._met = [], set(ALWAYS)
        lines, shown = "\n".join(kept), "\n".join(printed)
        found = {*in_text(lines, FORMS | FORMS_IN_LINES), *in_text(shown)}
        found |= {f"a secret that was met, {known[:4]}…" for known in met if known in lines}
        return sorted(found)


def is_secret(value: object) -> bool:
    """Whether a value is long enough to be one; keys of objects are called `key` as well."""
    return isinstance(value, str) and len(value) >= SHORTEST and "/" not in value[:10]


def in_text(text: str, forms: dict[str, str] = FORMS) -> list[str]:
    """Name the forms of secrets that a text holds, each with where it is."""
    names, any_form = list(forms), "|".join(f"({form})" for form in forms.values())
    found = ((names[(one.lastindex or 1) - 1], one.start()) for one in re.finditer(any_form, text))
    return [f"{what} in {text[max(0, at - 60) : at + 12]!r}…" for what, at in found]


def in_logs(folder: Path) -> list[str]:
    """Name the secrets in the logs of other processes below a folder, the functions' and the agents' among them."""
    logs = [log for log in folder.rglob("*.log*") if log.is_file()]
    return [f"{log.name}: {told}" for log in logs for told in in_text(log.read_text("utf-8", errors="replace"))]


WATCH = Watch()


def begin() -> None:
    """Watch every logger from now on; both halves log at the level they run at.

    The cloud half's own logger hands nothing on, and is set up only while it has no handler: so there we are a filter.
    """
    logging.getLogger().addHandler(WATCH)
    logging.getLogger("backhaul").addFilter(WATCH.pass_on)
    for half in ("agent", "backhaul"):
        logging.getLogger(half).setLevel(logging.INFO)
