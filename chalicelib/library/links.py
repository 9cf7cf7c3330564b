"""Links to look at files: the original as it came, or a preview. A copy that is gone is told of by where it is instead.

`judge` decides about one file and is pure. A link to an original is pinned to the version that PCs are told of, and
names the file as its owner does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from chalicelib import keys
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import NotFoundError, Refusal
from chalicelib.keeping.retention import CloudCopy, cloud_copy
from chalicelib.library import dispositions
from chalicelib.library.files import RecallState, recall_of
from chalicelib.media import previews
from chalicelib.metadata import devices, files
from chalicelib.metadata.files import File, Status
from chalicelib.presign import Link

MOST_LINKS = 100
Variant = Literal["original", "256", "1600"]
Reason = Literal["unknownFile", "notHere", "onlyAtHome", "noPreview"]


class AskedVariant(Request, frozen=True):
    """Which form of a file, and whether to save it rather than show it."""

    variant: Variant = "original"
    download: bool = False


class AskedLink(Request, frozen=True):
    """A file and which form of it."""

    file_id: Id
    variant: Variant = "original"


class AskedLinks(Request, frozen=True):
    """Files of which links are wanted; whether to save them is said once."""

    files: Annotated[list[AskedLink], Meta(min_length=1, max_length=MOST_LINKS)]
    download: bool = False


class Home(Reply, frozen=True):
    """A PC that has a file on its disk."""

    device_id: Id
    name: str


class LinkAnswer(Reply, frozen=True, kw_only=True):
    """A link to one file, or why there is none and where the file is."""

    file_id: Id
    variant: Variant
    outcome: Literal["link", "refused"]
    link: Link | None = None
    reason: Reason | None = None
    status: Status | None = None
    homes: list[Home] | None = None
    recall: RecallState | None = None
    previews: list[str] | None = None


class LinkAnswers(Reply, frozen=True):
    """What became of each, in the order asked."""

    files: list[LinkAnswer]


class NothingToShowError(Refusal):
    """Raised for a link to a file that has not arrived, or was refused: there is no object."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"status": str}

    def __init__(self, answer: LinkAnswer) -> None:
        told = f"file {answer.file_id!r} must have arrived to be linked to, it is {answer.status}"
        super().__init__(told, {"status": str(answer.status)})


class OnlyAtHomeError(Refusal):
    """Raised for a link to an original whose cloud copy is gone: it is on these PCs, or on none any more."""

    STATUS_CODE = 410
    DETAILS: ClassVar = {"homes": list[Home], "recall": RecallState | None}

    def __init__(self, answer: LinkAnswer) -> None:
        homes = [{"deviceId": home.device_id, "name": home.name} for home in answer.homes or ()]
        where = f"it is at home on {', '.join(repr(home['name']) for home in homes)}" if homes else "no PC has it"
        told = f"the cloud copy of file {answer.file_id!r} is gone, {where}"
        asked = {"recall": answer.recall} if answer.recall else {}
        super().__init__(told, {"homes": homes, **asked})


class NoPreviewError(Refusal):
    """Raised for a link to a preview that was not made: not yet, or of nothing that can be shown."""

    STATUS_CODE = 404
    DETAILS: ClassVar = {"previews": list[str]}

    def __init__(self, answer: LinkAnswer) -> None:
        told = f"file {answer.file_id!r} has no preview {answer.variant!r}, it has {answer.previews or 'none'}"
        super().__init__(told, {"previews": answer.previews})


_REFUSALS: Mapping[str, type[Any]] = {
    "notHere": NothingToShowError,
    "onlyAtHome": OnlyAtHomeError,
    "noPreview": NoPreviewError,
}


@dataclass(frozen=True)
class _Desk:
    """What is known of the files of one request, and what their PCs are called."""

    found: Mapping[str, File]
    names: Mapping[str, str]


def get(world: Cloud, caller: Caller, file_id: str, asked: AskedVariant) -> Link:
    """Link to one file."""
    caller.must_have(scopes.READ)
    answers = _answer(world, caller, [AskedLink(file_id, asked.variant)], asked.download) if keys.is_id(file_id) else []
    if not answers or answers[0].reason == "unknownFile":
        raise NotFoundError("file", file_id)
    (answer,) = answers
    if answer.link:
        return answer.link
    raise _REFUSALS[answer.reason or ""](answer)


def get_all(world: Cloud, caller: Caller, asked: AskedLinks) -> LinkAnswers:
    """Link to many files, each answered on its own."""
    caller.must_have(scopes.READ)
    return LinkAnswers(_answer(world, caller, asked.files, asked.download))


def judge(file: File | None, variant: Variant) -> Reason | None:
    """Say why there is no link to a file, or `None` if there is one.

    A copy that is leaving is still linked to: S3 keeps the version that the link names for thirty days.
    """
    if file is None:
        return "unknownFile"
    if variant != "original":
        return None if variant in file.previews and file.status != Status.PURGING else "noPreview"
    copy = cloud_copy(file)
    if copy is None:
        return "notHere"
    return "onlyAtHome" if copy == CloudCopy.GONE or file.status == Status.PURGING else None


def _answer(world: Cloud, caller: Caller, asked: Sequence[AskedLink], download: bool) -> list[LinkAnswer]:
    found = files.find_many(world.table, caller.owner_id, {one.file_id for one in asked})
    reasons = [judge(found.get(one.file_id), one.variant) for one in asked]
    gone = [found[one.file_id] for one, reason in zip(asked, reasons, strict=True) if reason == "onlyAtHome"]
    desk = _Desk(found, _names(world, caller.owner_id, gone))
    return [
        _refused(desk, one, reason) if reason else _linked(world, found[one.file_id], one.variant, download=download)
        for one, reason in zip(asked, reasons, strict=True)
    ]


def _names(world: Cloud, owner_id: str, gone: Iterable[File]) -> dict[str, str]:
    """Read what the PCs are called that have files which are nowhere else: one call, and none where there are none."""
    wanted = {(owner_id, device_id) for file in gone for device_id in file.home}
    found = devices.find_many(world.table, wanted) if wanted else {}
    return {device_id: device.name for device_id, device in found.items()}


def _linked(world: Cloud, file: File, variant: Variant, *, download: bool) -> LinkAnswer:
    if variant == "original":
        key, kind, name = file.key, file.type, file.name
    else:
        key, kind = previews.key(file.owner_id, file.file_id, variant), previews.TYPE
        name = f"{file.name.rpartition('.')[0] or file.name}-{variant}.webp"
    version_id = file.version_id if variant == "original" else None
    link = world.signer.get(key, version_id, kind, dispositions.write(name, kind, download=download))
    return LinkAnswer(file_id=file.file_id, variant=variant, outcome="link", link=link)


def _refused(desk: _Desk, asked: AskedLink, reason: Reason) -> LinkAnswer:
    file = desk.found.get(asked.file_id)
    told: dict[str, Any] = {"status": file.status} if file else {}
    if file and reason == "onlyAtHome":
        told["homes"] = [Home(one, desk.names.get(one, "")) for one in sorted(file.home)]
        told["recall"] = recall_of(file)
    if file and reason == "noPreview":
        told["previews"] = sorted(file.previews, key=int)
    return LinkAnswer(file_id=asked.file_id, variant=asked.variant, outcome="refused", reason=reason, **told)
