"""One example for each body, and for the replies of the way home: values of the types themselves, so of right form."""

from functools import cache
from typing import Any

import msgspec

from chalicelib import health
from chalicelib.auth import accounts, closures, devices, me, mfa, pairings
from chalicelib.debts import holdings, losses, receipts
from chalicelib.incoming import missing, under_way, uploads, wanted
from chalicelib.keeping import trash
from chalicelib.keeping.retention import CloudCopy
from chalicelib.library import activity, albums, edits, files, links, search
from chalicelib.media.facts import Place
from chalicelib.metadata.files import Status
from chalicelib.presign import Link

_FILE, _PC = "019aa5e0c3f27c1d8b7e4f6a9d2b3c5e", "019aa5d1f0a87b3e9c4d2e1f6a7b8c9d"
_ALBUM = "019aa5e1d4038c2e9f80506b0e3c4d6f"
_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
_BEGUN, _HOME, _LATER = "2026-11-21T10:00:00.123Z", "2026-11-21T10:00:09.456Z", "2026-11-21T10:15:00.123Z"
_OWNER = "11111111-1111-4111-8111-111111111111"
_KEY = f"originals/{_OWNER}/{_FILE}-IMG_0001.heic"
_EMAIL, _PASSWORD, _CODE = "anna@example.com", "Correct-horse-1", "424242"
_LINK = Link(
    f"https://backhaul.s3.eu-west-1.amazonaws.com/{_KEY}?X-Amz-Signature=0123",
    "PUT",
    {
        "Content-Type": "image/heic",
        "Content-Length": "2201345",
        "x-amz-checksum-sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        "x-amz-meta-label": "createdAt=2026-11-21T10%3A00%3A00.123Z&name=IMG_0001.heic",
        "If-None-Match": "*",
    },
    _LATER,
)
_EXAMPLES: tuple[msgspec.Struct, ...] = (
    accounts.Address(_EMAIL),
    albums.AlbumShown(album_id=_ALBUM, name="Müritzsee", created_at=_BEGUN, files=1, version=0),
    albums.Membership([_FILE], []),
    albums.MembershipAnswers([albums.MembershipAnswer(_FILE, "added")]),
    albums.NewAlbum("Müritzsee", _ALBUM),
    search.Search(text="lake 2024", kind="photo"),
    albums.RenamedAlbum("Ostsee", 0),
    accounts.Challenge(f"{_OWNER}|AYABeExample-session-of-the-pool", _CODE),
    accounts.ChangePassword(_PASSWORD, "Correct-horse-2"),
    accounts.Confirm(_EMAIL, _CODE),
    accounts.Login(_EMAIL, _PASSWORD),
    accounts.Refresh("eyJjdHkiOiJKV1QifQ.example"),
    accounts.Register(_EMAIL, _PASSWORD),
    accounts.Reset(_EMAIL, _CODE, "Correct-horse-2"),
    accounts.SignedIn("eyJraWQiOiJh.example", "eyJjdHkiOiJKV1QifQ.example", 3600),
    activity.Deeds(
        [
            activity.Deed(
                activity_id="019aa5e0e7d27a3c9f1b2d4e6a8c0f13",
                what="receipted",
                at=_HOME,
                by="device",
                device_id=_PC,
                device_name="PC in the den",
                count=3,
            )
        ],
        "MDE5YWE1ZTBlN2QyN2EzYzlmMWIyZDRlNmE4YzBmMTM",
    ),
    closures.Close(_PASSWORD),
    devices.Heartbeat("0.1.0", 512_000_000_000, 3),
    devices.Rename("PC in the den"),
    edits.Edit(1, favourite=False, name="Müritzsee.heic"),
    files.FileShown(
        file_id=_FILE,
        name="IMG_0001.heic",
        type="image/heic",
        status=Status.DOWNLOADED,
        created_at=_BEGUN,
        size=2_201_345,
        sha256=_SHA256,
        uploaded_at=_BEGUN,
        downloaded_at=_HOME,
        taken_at="2026-11-20T17:31:05+01:00",
        captured_at="2026-11-20T17:31:05.120+01:00",
        captured_from="exif",
        width=3024,
        height=4032,
        camera="Apple iPhone 14",
        place=Place(48.8577, 2.295),
        media_state="done",
        previews=["256", "1600"],
        owed_to=[],
        home={_PC: _HOME},
        cloud_copy=CloudCopy.KEPT,
        favourite=True,
        albums=[_ALBUM],
        version=1,
    ),
    files.FilesShown(
        [
            files.FileListed(
                file_id=_FILE,
                name="IMG_0001.heic",
                type="image/heic",
                status=Status.DOWNLOADED,
                created_at=_BEGUN,
                captured_at="2026-11-20T17:31:05.120+01:00",
                captured_from="exif",
                size=2_201_345,
                width=3024,
                height=4032,
                previews=["256", "1600"],
                favourite=True,
                owed_to_count=0,
                home_count=1,
                cloud_copy=CloudCopy.KEPT,
                version=1,
            )
        ],
        "MjAyNi0xMS0yMFQxNzozMTowNS4xMjAj",
    ),
    health.Health("ok", "prod", "0.1.0"),
    links.AskedLinks([links.AskedLink(_FILE, "1600")]),
    links.LinkAnswers(
        [
            links.LinkAnswer(
                file_id=_FILE,
                variant="original",
                outcome="refused",
                reason="onlyAtHome",
                status=Status.DOWNLOADED,
                homes=[links.Home(_PC, "PC in the den")],
            )
        ]
    ),
    holdings.HoldingAnswers([holdings.HoldingAnswer(_FILE, "restored")]),
    holdings.Holdings([holdings.Holding(_FILE, _SHA256, 2_201_345, "IMG_0001.heic", _HOME, _BEGUN)]),
    losses.LossAnswers([losses.LossAnswer(_FILE, "owedAgain")]),
    losses.Losses([losses.Loss(_FILE, "damaged")]),
    mfa.TurnOff(_PASSWORD),
    mfa.Verify(_CODE),
    missing.Hashes([_SHA256]),
    missing.Missing([_SHA256]),
    pairings.Ask("PC in the den", "pc", "Windows 11"),
    pairings.Claim("x3Jt0cXq1Zb5kQeW7mVn2pRs8uTy4wAa6dFgHjKlPoI"),
    pairings.Claimed(_PC, f"bh_{_PC}_secret", "pc", ["pc"]),
    pairings.Decide("BCDF-GHJK", approve=True),
    receipts.Answers([receipts.Answer(_FILE, "taken")]),
    receipts.Receipts([receipts.Receipt(_FILE, _SHA256, 2_201_345, "2026/2026-11/IMG_0001.heic")]),
    me.OwnerSettings(90),
    trash.FileIds([_FILE]),
    trash.TrashAnswers([trash.TrashAnswer(file_id=_FILE, outcome="trashed", status=Status.TRASHED, trashed_at=_LATER)]),
    under_way.AskedParts([under_way.AskedPart(1, _SHA256), under_way.AskedPart(2)]),
    uploads.Beginnings([uploads.Begun("upload", file_id=_FILE, key=_KEY, link=_LINK)]),
    wanted.Simple("IMG_0001.heic", "image/heic"),
)
_WANTED = wanted.Wanted("IMG_0001.heic", "image/heic", 2_201_345, _SHA256, "2026-11-20T17:31:05+01:00")


def find_example(kind: Any) -> Any:
    """Return an example of a type as JSON, or `None`."""
    return _written().get(kind)


@cache
def _written() -> dict[type, Any]:
    told = {type(example): _without_none(msgspec.to_builtins(example)) for example in _EXAMPLES}
    # The members of a batch are read one by one, so no value of it can be made of them.
    return {**told, wanted.Batch: {"files": [_without_none(msgspec.to_builtins(_WANTED))]}}


def _without_none(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _without_none(value) for name, value in told.items() if value is not None}
    return [_without_none(value) for value in told] if isinstance(told, list) else told
