"""Marks: that a file changed and is not in its owner's log of changes yet. Pure; `changes` reads them.

    index changed  changedOf  ownerId, of a file that changed since; absent of any other
                   sk         file#<fileId>, or was#<fileId> of one that is no more

The table itself marks whatever writes a file, so that no write can forget to; but for those that touch nothing a list
shows. A mark is an attribute of what is written anyway: it costs no write more, and nobody waits for anybody.
"""

import re

# What a list shows of a file: the indexes carry it along, and what changes it is a change. An index may carry twenty.
SHOWN = (
    "capturedAt",
    "capturedFrom",
    "createdAt",
    "deviceId",
    "favouriteOf",
    "goneAt",
    "groupId",
    "height",
    "home",
    "name",
    "owedTo",
    "previews",
    "size",
    "status",
    "taggedAt",
    "takenAt",
    "trashedAt",
    "type",
    "version",
    "width",
)
MARK = "changedOf"
_FILE = "file#"
_OWNER = "owner#"


def of(pk: str, sk: str) -> dict[str, str]:
    """Return what marks an item that is written whole."""
    return {MARK: pk.removeprefix(_OWNER)} if sk.startswith(_FILE) else {}


def touches(does: str) -> bool:
    """Whether an update changes anything that a list shows."""
    return not set(SHOWN).isdisjoint(re.findall(r"#(\w+)", does))


def marking(pk: str, sk: str, does: str) -> tuple[str, dict[str, str]]:
    """Return an update that marks what it changes, and the values that it needs for it."""
    if not sk.startswith(_FILE) or not touches(does):
        return does, {}
    sets = f"SET #{MARK} = :{MARK}"
    return does.replace("SET ", f"{sets}, ", 1) if "SET " in does else f"{sets} {does}", of(pk, sk)
