"""`Content-Disposition`: what a browser shows or saves, and under which name. Pure.

RFC 6266: `filename` for those who read ASCII alone, `filename*` (RFC 8187) with the name as it is. The name was given
by whoever sent the file: nothing of it may end the value, start another header or another folder, or turn a name
round. What is shown in place must be such that nothing in it runs.
"""

import re
import unicodedata
from urllib.parse import quote

# A name is percent-encoded twice on its way into a link, and the whole link has to stay below 8 KB.
MOST_CHARACTERS = 120
_MOST_EXTENSION_CHARACTERS = 12
# RFC 8187's attr-char that `quote` would encode.
_PLAIN = "!#$&+-.^_`|~"
_SAFE_TO_SHOW = re.compile(
    r"(image/(?!svg)|video/|audio/)[a-z0-9.+-]+|application/pdf|text/plain", re.ASCII | re.IGNORECASE
)
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNS_TEXT = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def write(name: str, kind: str, *, download: bool) -> str:
    """Return the header of a file of this name and type."""
    clean = _clean(name)
    how = "attachment" if download or not _SAFE_TO_SHOW.fullmatch(kind.partition(";")[0].strip()) else "inline"
    return f"{how}; filename=\"{_ascii(clean)}\"; filename*=UTF-8''{quote(clean, safe=_PLAIN)}"


def _clean(name: str) -> str:
    """Keep one name of a file, of bounded length; its extension stays."""
    turned = _TURNS_TEXT.sub("", name)
    plain = "".join("_" if one in "/\\" or unicodedata.category(one) in _UNPRINTABLE else one for one in turned)
    return _cut(plain.strip(" .")) or "file"


def _cut(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if len(name) <= MOST_CHARACTERS:
        return name
    if not dot or len(extension) > _MOST_EXTENSION_CHARACTERS:
        return name[:MOST_CHARACTERS]
    return f"{stem[: MOST_CHARACTERS - len(extension) - 1]}.{extension}"


def _ascii(name: str) -> str:
    """Return the name for those who cannot read it; a quote would end the value, and some decode percent signs."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    return re.sub(r'[^ -~]|["%\\/]', "_", plain)
