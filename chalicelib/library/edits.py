"""What people change about a file: its name, and whether it is a favourite. One call to the table, and no blind write.

Who edits says which version was seen; if another was quicker, nothing is changed, and the answer tells how it is now.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from chalicelib import keys, log
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Request
from chalicelib.cloud import Cloud
from chalicelib.errors import BadInputError, ConditionFailedError, NotFoundError, Refusal
from chalicelib.incoming.wanted import Name
from chalicelib.library import files
from chalicelib.library.files import FileShown
from chalicelib.metadata import edits as kept
from chalicelib.metadata import files as metadata_files
from chalicelib.metadata.files import File


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
    at = metadata_files.file_key(caller.owner_id, file_id)
    favourite_of = {True: caller.owner_id, False: "", None: None}[asked.favourite]
    try:
        file = kept.edited(world.table, at, asked.version, asked.name, favourite_of)
    except ConditionFailedError as error:
        there = error.found[0]
        if there is None:
            raise NotFoundError("file", file_id) from error
        raise ChangedMeanwhileError(metadata_files.read(there), asked.version) from error
    log.logger.info("edited", extra=log.about(caller.owner_id, file_id))
    return files.show(file)
