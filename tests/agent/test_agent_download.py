"""Downloads from an S3 that misbehaves: whatever it does, the final name stands for the right bytes or for nothing."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_cloud import BUCKET, FakeCloud

from agent.drive import dates, disk
from agent.drive.catalog import Entry
from agent.drive.disk import Partial
from agent.drive.home import Home
from agent.errors import (
    ChangedObjectError,
    DiskFullError,
    HomeMissingError,
    RefusedObjectError,
    StoppedError,
    TransientError,
    UnreachableError,
    UnwritableError,
    WrongClockError,
    WrongContentsError,
)
from agent.fetch import notices
from agent.fetch.delivery import Aside, Came, Courier
from agent.fetch.notices import Notice
from agent.wire.bucket import S3Bucket
from agent.wire.credentials import Wallet
from agent.wire.inbox import SqsInbox

SMALL = b"a small photo"
LARGE = os.urandom(9_000_000)
PATH = "2024/2024-07/IMG_1.jpg"


class Desk:
    """A courier with everything around it, and one file to bring."""

    def __init__(self, home: Home, cloud: FakeCloud) -> None:
        self.home, self.cloud = home, cloud
        self.stopping = False
        wallet = Wallet(lambda: cloud._credentials({}, {}))
        self.courier = Courier(home, home.mark(), S3Bucket(wallet), 0, stopping=lambda: self.stopping)
        self.target = home.folder / PATH

    def has(self, body: bytes, *faults: str) -> None:
        self.notice = notices.from_json(self.cloud.has(body, faults=list(faults)))
        self.partial = Partial(self.home, self.notice)

    def bring(self) -> Came | Aside:
        return self.courier.bring(self.notice, an_entry(self.notice))

    def begun(self, size: int) -> None:
        """Leave a partial behind, as an earlier attempt would."""
        stored = self.cloud.objects[self.notice.key]
        self.partial.path.write_bytes(stored.body[:size])
        self.partial.remember(stored.etag)

    def asked(self) -> list[str | None]:
        return [asked for _, _, asked, _ in self.cloud.gets]


def an_entry(notice: Notice, *, home: bool = False) -> Entry:
    return Entry(notice.file_id, PATH, notice.contents, notice.size, notice.sha256, home)


@pytest.fixture
def desk(home: Home, cloud: FakeCloud) -> Desk:
    return Desk(home, cloud)


@pytest.mark.parametrize("body", [b"", SMALL, LARGE, b"x" * 8 * 1024 * 1024, b"x" * (8 * 1024 * 1024 + 1)])
def test_a_file_comes_home_byte_for_byte(desk: Desk, body: bytes) -> None:
    desk.has(body)

    came = desk.bring()

    assert isinstance(came, Came)
    assert desk.target.read_bytes() == body
    assert came.receipt.sha256 == hashlib.sha256(body).hexdigest()
    assert list(desk.home.partials.iterdir()) == []


def test_the_version_that_the_notice_names_is_asked_for(desk: Desk) -> None:
    desk.has(SMALL)

    desk.bring()

    assert desk.cloud.gets == [(desk.notice.key, "v0", None, None)]


def test_the_file_bears_the_time_it_was_taken(desk: Desk) -> None:
    desk.notice = notices.from_json(desk.cloud.has(SMALL, takenAt="2024-07-01T00:00:00+02:00"))

    desk.bring()

    assert desk.target.stat().st_mtime == 1719784800


@pytest.mark.parametrize(
    ("body", "fault", "error"),
    [
        (SMALL, "short", WrongContentsError),
        (SMALL, "no length", UnreachableError),
        (SMALL, "wrong", WrongContentsError),
        (SMALL, "missing", RefusedObjectError),
        (SMALL, "403", RefusedObjectError),
        (LARGE, "short", WrongContentsError),
        (LARGE, "no length", UnreachableError),
        (LARGE, "wrong", WrongContentsError),
        (LARGE, "changed", WrongContentsError),
        (LARGE, "missing", RefusedObjectError),
    ],
)
def test_wrong_contents_never_reach_the_target(desk: Desk, body: bytes, fault: str, error: type[Exception]) -> None:
    desk.has(body, fault)

    with pytest.raises(error):
        desk.bring()

    assert not desk.target.exists()


@pytest.mark.parametrize("fault", ["short", "no length", "wrong", "changed", "missing", "403", "cut", "503"])
@pytest.mark.parametrize("body", [SMALL, LARGE])
def test_once_the_server_behaves_again_the_file_comes_home(desk: Desk, body: bytes, fault: str) -> None:
    desk.has(body, fault)

    until_home(desk.bring)

    assert desk.target.read_bytes() == body


def test_a_body_cut_in_the_middle_again_and_again_is_continued(desk: Desk) -> None:
    desk.has(LARGE, *["cut"] * 5)

    until_home(desk.bring)

    assert desk.target.read_bytes() == LARGE


def test_a_partial_is_continued_where_it_ended_and_only_for_the_same_object(desk: Desk) -> None:
    desk.has(LARGE)
    desk.begun(5_000_000)

    desk.bring()

    etag = desk.cloud.objects[desk.notice.key].etag
    assert desk.cloud.gets == [(desk.notice.key, "v0", "bytes=5000000-", etag)]
    assert desk.target.read_bytes() == LARGE


@pytest.mark.parametrize("fault", ["ignores range", "shifted", "changed", "412", "416"])
def test_a_resume_that_is_not_honoured_starts_over(desk: Desk, fault: str) -> None:
    desk.has(LARGE, fault)
    desk.begun(5_000_000)

    with pytest.raises(ChangedObjectError):
        desk.bring()
    assert not desk.partial.path.exists()
    desk.bring()

    assert desk.asked() == ["bytes=5000000-", None]
    assert desk.target.read_bytes() == LARGE


def test_a_partial_with_damaged_bytes_is_thrown_away(desk: Desk) -> None:
    desk.has(LARGE)
    desk.begun(5_000_000)
    desk.partial.path.write_bytes(bytes(5_000_000))

    with pytest.raises(WrongContentsError):
        desk.bring()
    desk.bring()

    assert desk.target.read_bytes() == LARGE


def test_a_complete_partial_is_verified_and_published_without_asking_again(desk: Desk) -> None:
    desk.has(LARGE)
    desk.begun(len(LARGE))

    desk.bring()

    assert desk.cloud.gets == []
    assert desk.target.read_bytes() == LARGE


@pytest.mark.parametrize("size", [5_000_000, len(LARGE)])
def test_without_a_declared_hash_nothing_of_an_earlier_run_is_trusted(desk: Desk, size: int) -> None:
    desk.notice = notices.from_json(desk.cloud.has(LARGE, sha256=None))
    desk.partial = Partial(desk.home, desk.notice)
    desk.begun(size)
    desk.partial.path.write_bytes(bytes(size))

    came = desk.bring()

    assert isinstance(came, Came)
    assert desk.target.read_bytes() == LARGE


def test_a_complete_partial_with_other_bytes_is_thrown_away(desk: Desk) -> None:
    desk.has(LARGE)
    desk.begun(len(LARGE))
    desk.partial.path.write_bytes(bytes(len(LARGE)))

    with pytest.raises(WrongContentsError):
        desk.bring()

    assert not desk.target.exists()
    assert not desk.partial.path.exists()


def test_a_partial_longer_than_the_file_is_not_continued(desk: Desk) -> None:
    desk.has(LARGE)
    desk.begun(len(LARGE))
    desk.partial.path.write_bytes(LARGE + b"more")

    desk.bring()

    assert desk.asked() == [None]
    assert desk.target.read_bytes() == LARGE


def test_a_partial_of_other_contents_goes_when_the_file_is_fetched(desk: Desk) -> None:
    desk.has(LARGE)
    other = desk.home.partials / f"{desk.notice.file_id}.0123456789abcdef.partial"
    other.write_bytes(b"half of something else")

    desk.bring()

    assert not other.exists()
    assert desk.target.read_bytes() == LARGE


def test_the_same_bytes_at_the_path_are_confirmed_without_a_download(desk: Desk) -> None:
    desk.has(SMALL)
    put(desk.target, SMALL)

    came = desk.bring()

    assert isinstance(came, Came)
    assert not came.fetched
    assert desk.cloud.gets == []


@pytest.mark.parametrize("there", [b"another photo", b"", b"A SMALL PHOTO", SMALL[:5]])
def test_a_file_that_is_not_ours_is_never_overwritten(desk: Desk, there: bytes) -> None:
    desk.has(SMALL)
    put(desk.target, there)

    assert desk.bring() == Aside(PATH)
    assert desk.target.read_bytes() == there


def test_a_folder_at_the_path_is_left_alone(desk: Desk) -> None:
    desk.has(SMALL)
    desk.target.mkdir(parents=True)

    assert desk.bring() == Aside(PATH)


def test_a_file_that_appears_during_the_download_is_left_alone(desk: Desk) -> None:
    desk.has(LARGE)

    def somebody_saves() -> bool:
        put(desk.target, b"saved by a person")
        return False

    courier = Courier(desk.home, desk.home.mark(), desk.courier.bucket, 0, stopping=somebody_saves)

    assert courier.bring(desk.notice, an_entry(desk.notice)) == Aside(PATH)
    assert desk.target.read_bytes() == b"saved by a person"


def test_what_the_catalog_vouches_for_is_not_hashed_again(desk: Desk) -> None:
    desk.has(SMALL)
    put(desk.target, b"A SMALL PHOTO")
    given = dates.timestamp(desk.notice.taken_at, desk.notice.uploaded_at)
    disk.set_time(desk.target, given)

    came = desk.courier.bring(desk.notice, an_entry(desk.notice, home=True))

    assert isinstance(came, Came)
    assert came.receipt.sha256 == desk.notice.sha256


def test_an_edit_that_keeps_the_size_is_never_receipted_as_the_original(desk: Desk) -> None:
    desk.has(SMALL)
    put(desk.target, b"A SMALL PHOTO")

    assert desk.courier.bring(desk.notice, an_entry(desk.notice, home=True)) == Aside(PATH)


def test_a_wrong_clock_is_blamed_on_no_file_and_renews_no_credentials(desk: Desk) -> None:
    desk.has(SMALL, "403:RequestTimeTooSkewed")
    before = desk.courier.bucket._wallet.current()  # type: ignore[attr-defined]

    with pytest.raises(WrongClockError, match="clock"):
        desk.bring()

    assert desk.courier.bucket._wallet.current() is before  # type: ignore[attr-defined]


def test_credentials_that_s3_calls_expired_are_renewed(desk: Desk) -> None:
    desk.has(SMALL, "400:ExpiredToken")
    before = desk.courier.bucket._wallet.current()  # type: ignore[attr-defined]

    with pytest.raises(UnreachableError):
        desk.bring()

    assert desk.courier.bucket._wallet.current() is not before  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [400, 403])
def test_credentials_that_the_queue_calls_expired_are_renewed(cloud: FakeCloud, status: int) -> None:
    cloud.refuse["ReceiveMessage"] = [(status, {"__type": "ExpiredTokenException", "message": "expired"})]
    wallet = Wallet(lambda: cloud._credentials({}, {}))
    before = wallet.current()

    with pytest.raises(UnreachableError):
        SqsInbox(wallet).receive()

    assert wallet.current() is not before


def test_the_doorbell_tells_of_a_wrong_clock(cloud: FakeCloud) -> None:
    said = "Signature expired: 20260101T000000Z is now earlier than 20261121T110000Z"
    cloud.refuse["ReceiveMessage"] = [(403, {"__type": "InvalidSignatureException", "message": said})]

    with pytest.raises(WrongClockError, match="clock"):
        SqsInbox(Wallet(lambda: cloud._credentials({}, {}))).receive()


@pytest.mark.parametrize("left", ["partial", "target"])
def test_what_an_earlier_run_left_complete_is_flushed_before_it_counts(desk: Desk, left: str) -> None:
    desk.has(LARGE)
    flushed: list[Path] = []
    courier = dataclasses.replace(desk.courier, flush=flushed.append)
    if left == "partial":
        desk.begun(len(LARGE))
    else:
        put(desk.target, LARGE)

    courier.bring(desk.notice, an_entry(desk.notice))

    assert flushed == [desk.partial.path if left == "partial" else desk.target]


def test_a_file_that_may_only_be_read_is_confirmed_all_the_same(desk: Desk) -> None:
    desk.has(SMALL)
    put(desk.target, SMALL)
    desk.target.chmod(0o444)

    assert isinstance(desk.bring(), Came)


def test_a_file_its_owner_changed_is_kept_and_the_original_goes_beside_it(desk: Desk) -> None:
    desk.has(SMALL)
    put(desk.target, b"a small photo, with a caption")

    assert desk.courier.bring(desk.notice, an_entry(desk.notice, home=True)) == Aside(PATH)


def test_asked_to_stop_the_partial_is_kept_and_continued_next_time(desk: Desk) -> None:
    desk.has(LARGE)
    desk.stopping = True

    with pytest.raises(StoppedError):
        desk.bring()
    desk.stopping = False
    desk.bring()

    assert (desk.asked()[1] or "").startswith("bytes=")
    assert desk.target.read_bytes() == LARGE


def test_without_room_nothing_is_fetched(desk: Desk) -> None:
    desk.has(SMALL)
    courier = Courier(desk.home, desk.home.mark(), desk.courier.bucket, 2**62)

    with pytest.raises(DiskFullError):
        courier.bring(desk.notice, an_entry(desk.notice))

    assert desk.cloud.gets == []


@pytest.mark.parametrize("mark", [None, "another drive"])
def test_nothing_is_written_where_the_marker_is_not_ours(desk: Desk, mark: str | None) -> None:
    desk.has(SMALL)
    desk.home.marker.unlink() if mark is None else desk.home.marker.write_text(mark)

    with pytest.raises(HomeMissingError):
        desk.bring()

    assert not desk.target.parent.exists()


def test_a_link_that_leads_outside_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    desk.has(SMALL)
    (tmp_path / "elsewhere").mkdir()
    (desk.home.folder / "2024").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnwritableError):
        desk.bring()

    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("path", ["../x", "a/../../x", "..", "2024/.."])
def test_no_path_leaves_the_home_folder(home: Home, path: str) -> None:
    with pytest.raises(UnwritableError):
        disk.place(home, path)


def test_publishing_waits_for_whoever_has_the_file_open(tmp_path: Path) -> None:
    partial, target = tmp_path / "a.partial", tmp_path / "a"
    partial.write_bytes(SMALL)
    waits: list[float] = []

    def rename(source: Path, to: Path) -> None:
        if len(waits) < 3:
            raise PermissionError
        disk.rename_unless_taken(source, to)

    disk.publish(partial, target, rename=rename, sleep=waits.append)

    assert target.read_bytes() == SMALL
    assert len(waits) == 3


def test_a_file_that_appears_at_the_last_moment_is_never_replaced(desk: Desk) -> None:
    desk.has(SMALL)

    def somebody_is_quicker(source: Path, to: Path) -> None:
        to.write_bytes(b"a person's own file")
        disk.rename_unless_taken(source, to)

    courier = Courier(desk.home, desk.home.mark(), desk.courier.bucket, 0, rename=somebody_is_quicker)
    came = courier.bring(desk.notice, an_entry(desk.notice))

    assert isinstance(came, Aside)
    assert (desk.home.folder / came.path).read_bytes() == b"a person's own file"


def test_where_no_second_name_is_known_a_file_is_published_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(_source: Path, _to: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    partial, target = tmp_path / "a.partial", tmp_path / "a"
    partial.write_bytes(SMALL)
    monkeypatch.setattr(os, "link", no_links)

    disk.rename_unless_taken(partial, target)

    assert (target.read_bytes(), partial.exists()) == (SMALL, False)


def test_publishing_gives_up_after_a_while_and_keeps_the_partial(desk: Desk) -> None:
    desk.has(SMALL)
    waits: list[float] = []

    def rename(_source: Path, _to: Path) -> None:
        raise PermissionError(13, "in use")

    courier = Courier(desk.home, desk.home.mark(), desk.courier.bucket, 0, rename=rename, sleep=waits.append)

    with pytest.raises(UnwritableError, match="in use"):
        courier.bring(desk.notice, an_entry(desk.notice))

    assert 2 < sum(waits) < 5
    assert desk.partial.path.read_bytes() == SMALL


def test_denied_credentials_are_renewed(desk: Desk) -> None:
    desk.has(SMALL, "403")
    before = desk.courier.bucket._wallet.current()  # type: ignore[attr-defined]

    until_home(desk.bring)

    assert desk.courier.bucket._wallet.current() is not before  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "name", ["a b.jpg", "a+b.jpg", "a%20b%2B.jpg", "ä😀.jpg", "a#b?c&d=e;f.jpg", "'(x)[y]{z}~.jpg"]
)
def test_any_key_is_asked_for_as_it_is(desk: Desk, name: str) -> None:
    told = desk.cloud.has(SMALL)
    key = f"originals/owner1/{told['fileId']}-{name}"
    desk.cloud.objects[key] = desk.cloud.objects[told["key"]]
    desk.notice = notices.from_json(told | {"key": key})

    desk.bring()

    assert desk.cloud.gets[0][0] == key


def test_the_environment_of_the_pc_does_not_redirect_us(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AWS_BUCKET", "AWS_REGION"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    desk.has(SMALL)

    desk.bring()

    assert desk.notice.bucket == BUCKET
    assert desk.target.read_bytes() == SMALL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what threads of others are called")
def test_one_thread_waits_for_the_network_however_many_processors_there_are(desk: Desk) -> None:
    desk.has(SMALL)

    desk.bring()

    threads = [told.read_text() for told in Path("/proc/self/task").glob("*/comm")]
    assert sum(name.startswith("tokio") for name in threads) == 1


def until_home(bring: Callable[[], Came | Aside], tries: int = 8) -> Came:
    """Bring again and again, as the loop would, without its pauses."""
    failures: list[TransientError] = []
    for _ in range(tries):
        try:
            came = bring()
        except TransientError as error:
            failures.append(error)
            continue
        assert isinstance(came, Came)
        return came
    raise ExceptionGroup(f"not home after {tries} tries", failures)


def put(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


@pytest.mark.parametrize(("body", "start"), [(b"", 0), (SMALL, 0), (LARGE, 0), (LARGE, 5_000_000)])
def test_every_byte_that_is_fetched_passes_the_one_who_counts(desk: Desk, body: bytes, start: int) -> None:
    desk.has(body)
    if start:
        desk.begun(start)
    passed: list[int] = []
    courier = dataclasses.replace(desk.courier, passing=lambda _, size: passed.append(size))

    courier.bring(desk.notice, an_entry(desk.notice))

    assert sum(passed) == len(body) - start
