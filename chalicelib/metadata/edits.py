"""What people may change about a file. Each change moves its version by one, and nothing else does.

owner#<ownerId>  file#<fileId>  name favouriteOf version; and what it is found by, if its name changes: see `postings`
"""

from typing import Any

import msgspec

from chalicelib.metadata import files, postings
from chalicelib.metadata.files import File
from chalicelib.metadata.table import Key, Table, Update


def edited(table: Table, at: Key, version: int, favourite_of: str) -> File:
    """Call a file that is at this version its owner's favourite, else raise ConditionFailedError. One call.

    A favourite is the owner's who calls it so; "" takes that back.
    """
    does, values = _change(version, favourite_of, {})
    return files.read(table.add(at, does, values, "#version = :was"))


def renamed(table: Table, file: File, name: str, favourite_of: str | None) -> File:
    """Rename a file that is at the version that was read, else raise ConditionFailedError; it is found by that at once.

    Fails, too, if it began to be found meanwhile by what it was called.
    """
    indexed, rest = postings.renamed(file, name)
    same, was = postings.unchanged(file)
    does, values = _change(file.version, favourite_of, {"name": name} | ({"indexed": indexed} if indexed else {}))
    at = files.file_key(file.owner_id, file.file_id)
    table.write(Update(at, does, f"#version = :was AND {same}", values | was), *rest)
    favourite = file.favourite_of if favourite_of is None else favourite_of or None
    return msgspec.structs.replace(file, name=name, favourite_of=favourite, version=file.version + 1)


def _change(version: int, favourite_of: str | None, sets: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    sets |= {"version": version + 1} | ({"favouriteOf": favourite_of} if favourite_of else {})
    does = "SET " + ", ".join(f"#{one} = :{one}" for one in sets) + " REMOVE #favouriteOf" * (favourite_of == "")
    return does, {**sets, "was": version}
