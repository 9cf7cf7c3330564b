"""Files that nobody but their owner may read: permission bits, on Windows a list of who may (FAT knows none)."""

from __future__ import annotations

import logging
import os
import stat
import sys
from typing import TYPE_CHECKING

from agent.drive.home import write_whole
from agent.errors import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOG = logging.getLogger(__name__)
SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
A_SERVICE = "S-1-5-80-"
"""`install --service` grants the service's own account the key; all such accounts begin like this."""


def write(path: Path, text: str) -> None:
    """Write a small file whole or not at all; it is closed to others before there is anything in it."""
    empty = path.with_name(path.name + ".closed")
    write_whole(empty, "", mode=0o600)
    close(empty)
    with empty.open("w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    empty.replace(path)


def is_open(path: Path) -> bool:
    """Whether others than its owner may read a file."""
    if sys.platform == "win32":
        return strangers(_may_read(path), {_owner(path), _own_sid()}) != []
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def close(path: Path) -> None:
    """Close a file to all but its owner; on Windows the system itself may still read it."""
    if sys.platform != "win32":
        path.chmod(0o600)
        return
    import pywintypes  # noqa: PLC0415 - exists on Windows alone
    import win32security  # noqa: PLC0415 - as above

    what = win32security.DACL_SECURITY_INFORMATION | win32security.PROTECTED_DACL_SECURITY_INFORMATION
    try:
        win32security.SetNamedSecurityInfo(
            str(path), win32security.SE_FILE_OBJECT, what, None, None, _closed_list(), None
        )
    except pywintypes.error as error:
        LOG.warning("the drive cannot close %s to others: %s", shown(path), error.strerror)


def strangers(may_read: Iterable[str], owners: set[str]) -> list[str]:
    """Pick from those who may read a file those who should not. Pure."""
    welcome = owners | {SYSTEM, ADMINISTRATORS}
    return [who for who in may_read if who not in welcome and not who.startswith(A_SERVICE)]


def _closed_list() -> object:
    """Make the list of who may: the owner and the system, and nothing is inherited."""
    import ntsecuritycon  # noqa: PLC0415 - exists on Windows alone
    import win32security  # noqa: PLC0415 - as above

    made = win32security.ACL()
    for who in (_own_sid(), SYSTEM):
        sid = win32security.ConvertStringSidToSid(who)
        made.AddAccessAllowedAce(win32security.ACL_REVISION, ntsecuritycon.FILE_ALL_ACCESS, sid)
    return made


def _own_sid() -> str:
    """Name the account we run as."""
    import win32api  # noqa: PLC0415 - exists on Windows alone
    import win32security  # noqa: PLC0415 - as above

    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32security.TOKEN_QUERY)
    sid, _ = win32security.GetTokenInformation(token, win32security.TokenUser)
    told: str = win32security.ConvertSidToStringSid(sid)
    return told


def _owner(path: Path) -> str:
    """Name the account that a file belongs to: not us, when we are a service."""
    import win32security  # noqa: PLC0415 - exists on Windows alone

    what = win32security.OWNER_SECURITY_INFORMATION
    told = win32security.GetNamedSecurityInfo(str(path), win32security.SE_FILE_OBJECT, what)
    sid: str = win32security.ConvertSidToStringSid(told.GetSecurityDescriptorOwner())
    return sid


def _may_read(path: Path) -> list[str]:
    """List the accounts that a file's list lets read it. No list at all lets everybody."""
    import ntsecuritycon  # noqa: PLC0415 - exists on Windows alone
    import win32security  # noqa: PLC0415 - as above

    told = win32security.GetNamedSecurityInfo(
        str(path), win32security.SE_FILE_OBJECT, win32security.DACL_SECURITY_INFORMATION
    ).GetSecurityDescriptorDacl()
    if told is None:
        return ["S-1-1-0"]
    entries = [told.GetAce(number) for number in range(told.GetAceCount())]
    allowed = [entry for entry in entries if entry[0][0] == ntsecuritycon.ACCESS_ALLOWED_ACE_TYPE]
    reads = [entry for entry in allowed if entry[1] & ntsecuritycon.FILE_READ_DATA or entry[1] & _GENERIC_READ]
    return [win32security.ConvertSidToStringSid(entry[2]) for entry in reads]


_GENERIC_READ = 0x80000000 | 0x10000000
"""To read, or to do anything."""
