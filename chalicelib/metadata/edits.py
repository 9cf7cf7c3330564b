"""What people may change about a file. Each change moves its version by one, and nothing else does.

owner#<ownerId>  file#<fileId>  name favouriteOf version
"""

from typing import Any

from chalicelib.metadata import files
from chalicelib.metadata.files import File
from chalicelib.metadata.table import Key, Table


def edited(table: Table, at: Key, version: int, name: str | None, favourite_of: str | None) -> File:
    """Change a file that is at this version, else raise ConditionFailedError; what is `None` stays. One call.

    A favourite is the owner's who calls it so; "" takes that back.
    """
    sets: dict[str, Any] = {"version": version + 1}
    sets |= {"name": name} if name is not None else {}
    sets |= {"favouriteOf": favourite_of} if favourite_of else {}
    does = "SET " + ", ".join(f"#{one} = :{one}" for one in sets) + " REMOVE #favouriteOf" * (favourite_of == "")
    return files.read(table.add(at, does, {**sets, "was": version}, "#version = :was"))
