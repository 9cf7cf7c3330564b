"""What people change about a file: its name, and whether it is a favourite. A call or two to the table, no blind write.

Who edits says which version was seen; if another was quicker, nothing is changed, and the answer tells how it is now.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from chalicelib import keys, log
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Request
from chalicelib.cloud import Cloud
from chalicelib.errors import BadInputError, ConditionFailedError, CrowdedError, NotFoundError, Refusal
from chalicelib.incoming.wanted import Name
from chalicelib.library import files
from chalicelib.library.files import FileShown
from chalicelib.metadata import edits as kept
from chalicelib.metadata import files as metadata_files
from chalicelib.metadata.files import File

_TRIES = 6


class Edit(Request, frozen=True):
    """What is to change; the version is the one that the file was shown with."""

    version: Annotated[int, Meta(ge=0, le=2**53)]
    favourite: bool | None = None
    name: Name | None = None


class ChangedMeanwhileError(Refusal):
    """Raised when a file was edited since it was shown; `Details` tell how it is now."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"version": int, "name": str, "favourite": bool}

    def __init__(self, file: File, version: int) -> None:
        super().__init__(
            f"file {file.file_id!r} is at version {file.version} by now, got an edit of version {version}",
            {"version": file.version, "name": file.name, "favourite": file.favourite_of is not None},
        )


def edit(world: Cloud, caller: Caller, file_id: str, asked: Edit) -> FileShown:
    """Change what is asked for, if nobody was quicker. A name changes nothing at home: PCs keep what they have."""
    caller.must_have(scopes.UPLOAD)
    if asked.favourite is None and asked.name is None:
        raise BadInputError("body", "an edit: favourite, name or both")
    if not keys.is_id(file_id):
        raise NotFoundError("file", file_id)
    favourite_of = {True: caller.owner_id, False: "", None: None}[asked.favourite]
    if asked.name is None:
        file = _call(world, caller, file_id, asked.version, favourite_of or "")
    else:
        file = _rename(world, caller, file_id, asked, favourite_of)
    log.logger.info("edited", extra=log.about(caller.owner_id, file_id))
    return files.show(file)


def _call(world: Cloud, caller: Caller, file_id: str, version: int, favourite_of: str) -> File:
    at = metadata_files.file_key(caller.owner_id, file_id)
    try:
        return kept.edited(world.table, at, version, favourite_of)
    except ConditionFailedError as error:
        there = error.found[0]
        if there is None:
            raise NotFoundError("file", file_id) from error
        raise ChangedMeanwhileError(metadata_files.read(there), version) from error


def _rename(world: Cloud, caller: Caller, file_id: str, edit: Edit, favourite_of: str | None) -> File:
    """Rename a file as it is; who meets whoever makes it findable looks again."""
    for _ in range(_TRIES):
        file = metadata_files.find(world.table, caller.owner_id, file_id)
        if file is None:
            raise NotFoundError("file", file_id)
        if file.version != edit.version:
            raise ChangedMeanwhileError(file, edit.version)
        try:
            return kept.renamed(world.table, file, edit.name or "", favourite_of)
        except ConditionFailedError:
            continue
    raise CrowdedError(f"the name of file {file_id!r} met other writers {_TRIES} times")
