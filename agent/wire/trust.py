"""Whom we believe to be the cloud: the roots of this system's own store and those of Mozilla's bundle, together.

Windows fetches most of its roots when its own programs first meet them, so a fresh PC may lack Amazon's; and a bundle
alone lacks the root of an antivirus program that looks into every connection. obstore asks the system by itself.
"""

from __future__ import annotations

import atexit
import functools
import os
import ssl
import tempfile
from pathlib import Path

import certifi
from urllib3.util.ssl_ import create_urllib3_context


def context(bundle: str = "") -> ssl.SSLContext:
    """Make the context for connections of our own."""
    made = create_urllib3_context()
    made.load_default_certs()
    made.load_verify_locations(cafile=bundle or certifi.where())
    return made


@functools.cache
def shared_context() -> ssl.SSLContext:
    """Return one context for all connections of this process: to read 140 roots takes a thirtieth of a second."""
    return context()


@functools.cache
def bundle_text() -> str:
    """Return Mozilla's bundle."""
    return Path(certifi.where()).read_text(encoding="utf-8")


def bundle_file(*, windows: bool = os.name == "nt") -> str:
    """Return a file with both kinds of roots, for a library that takes nothing else.

    It is made anew for each process, where nobody else can write, and goes with it; and whenever it is gone, for
    Windows tidies its temporary files while an agent works for months. Elsewhere than on Windows the system's roots
    are much the same as Mozilla's.
    """
    if not windows:
        return certifi.where()
    if not Path(_bundle()).exists():
        _bundle.cache_clear()
    return _bundle()


@functools.cache
def _bundle() -> str:
    made = ssl.create_default_context()
    ours = [ssl.DER_cert_to_PEM_cert(root) for root in made.get_ca_certs(binary_form=True)]
    handle, name = tempfile.mkstemp(prefix="backhaul-", suffix=".pem")
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write("\n".join([bundle_text(), *ours]))
    atexit.register(Path(name).unlink, missing_ok=True)
    return name
