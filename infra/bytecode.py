"""Adds byte-code to a zip for Lambda, where no function could write any: each cold start would compile every module.

Byte-code that trusts its source unseen, for the times of a zip's files are nobody's. Knows zips, not Chalice. What
Python runs here is what runs there: Chalice deploys for the version it is run by.
"""

import importlib.util
import marshal
import stat
import zipfile
from pathlib import Path

_UNCHECKED = (1).to_bytes(4, "little")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def compiled(source: bytes, name: str) -> bytes:
    """Compile a module into what is found in `__pycache__`."""
    code = marshal.dumps(compile(source, name, "exec", dont_inherit=True, optimize=0))
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source) + code


def add(zip_path: Path) -> int:
    """Add byte-code for every module that has none yet; return for how many."""
    with zipfile.ZipFile(zip_path, "a", zipfile.ZIP_DEFLATED) as package:
        there = set(package.namelist())
        lacking = [name for name in sorted(there) if name.endswith(".py") and _place(name) not in there]
        for name in lacking:
            entry = zipfile.ZipInfo(_place(name), _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Lambda runs as somebody else, who must be able to read it.
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            package.writestr(entry, compiled(package.read(name), name))
    return len(lacking)


def _place(name: str) -> str:
    return Path(importlib.util.cache_from_source(name)).as_posix()
