"""The opaque `next` of a list: the last sort key's own part, so that it can never point outside the list. Pure."""

import base64
import binascii
import re

from chalicelib.errors import BadCursorError

_FORM = re.compile(r"[A-Za-z0-9#:.\-]{1,200}")


def encode(last: str) -> str:
    """Wrap the end of one page."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def parse(cursor: str) -> str:
    """Unwrap a cursor, or refuse what we did not hand out."""
    try:
        last = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise BadCursorError(cursor) from error
    if not _FORM.fullmatch(last) or encode(last) != cursor:
        raise BadCursorError(cursor)
    return last
