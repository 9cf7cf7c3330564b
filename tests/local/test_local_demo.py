import hashlib
import io
import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from local import samples
from local.demo import digests, judge
from local.report import Sent, size_text, table, width
from local.samples import Sample
from local.sending import with_length


def a_sample(name: str = "photo.png", contents: bytes = b"contents") -> Sample:
    return Sample(Path(name), name, "image/png", len(contents), hashlib.sha256(contents).hexdigest())


def a_sent(sample: Sample | None = None, status: str = "downloaded") -> Sent:
    return Sent(sample or a_sample(), "f1", up_seconds=0.12, home_seconds=3.456, status=status)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "2026" / "2026-11").mkdir(parents=True)
    (tmp_path / ".backhaul").mkdir()
    return tmp_path


def test_the_same_bytes_at_home_are_good_under_whatever_name(home: Path) -> None:
    (home / "2026" / "2026-11" / "photo (2).png").write_bytes(b"contents")

    (judged,) = judge([a_sent()], home)

    assert (judged.good, judged.verdict) == (True, "same bytes")


def test_other_bytes_of_the_same_size_are_not(home: Path) -> None:
    (home / "photo.png").write_bytes(b"CONTENTS")

    (judged,) = judge([a_sent()], home)

    assert not judged.good


def test_a_partial_of_the_agent_does_not_count(home: Path) -> None:
    (home / ".backhaul" / "f1.partial").write_bytes(b"contents")

    (judged,) = judge([a_sent()], home)

    assert not judged.good


def test_a_file_that_the_cloud_does_not_call_home_is_not_good(home: Path) -> None:
    (home / "photo.png").write_bytes(b"contents")

    (judged,) = judge([a_sent(status="uploaded")], home)

    assert (judged.good, judged.verdict) == (False, "still uploaded")


def test_only_files_of_a_size_that_was_sent_are_read(home: Path) -> None:
    (home / "huge.bin").write_bytes(b"x" * 100)

    assert digests(home, {8}) == frozenset()


def test_the_table_shows_a_row_a_file() -> None:
    shown = table([replace(a_sent(), verdict="same bytes", good=True)])

    assert shown.splitlines()[2].split() == [
        "photo.png", "8", "B", hashlib.sha256(b"contents").hexdigest()[:12], "0.1", "3.5", "same", "bytes",
    ]  # fmt: skip


def test_what_did_not_happen_is_a_dash() -> None:
    shown = table([Sent(a_sample(), "f1", verdict="known already", good=True)])

    assert "  -       -  known already" in shown


def test_columns_stand_below_each_other_for_wide_letters_too() -> None:
    names = ("a.png", "Straße.png", "sunset \N{SUNRISE OVER MOUNTAINS}.png", "u\N{COMBINING DIAERESIS}.png")

    lines = table([a_sent(a_sample(name)) for name in names]).splitlines()

    assert len({width(line[: line.index(hashlib.sha256(b"contents").hexdigest()[:12])]) for line in lines[2:]}) == 1


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (67108864, "64.0 MiB"), (3 << 30, "3.0 GiB")]
)
def test_sizes_are_said_as_a_person_reads_them(size: int, text: str) -> None:
    assert size_text(size) == text


def test_samples_are_what_they_say(tmp_path: Path) -> None:
    for sample in samples.make(tmp_path, seed=1, video_mb=1):
        contents = sample.path.read_bytes()
        assert (len(contents), hashlib.sha256(contents).hexdigest()) == (sample.size, sample.sha256)


def test_another_seed_makes_other_contents(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    first = {one.sha256 for one in samples.make(tmp_path / "a", seed=1, video_mb=1)}
    second = {one.sha256 for one in samples.make(tmp_path / "b", seed=2, video_mb=1)}

    assert not first & second


def test_the_same_seed_makes_the_same_contents(tmp_path: Path) -> None:
    first = [one.sha256 for one in samples.make(tmp_path, seed=1, video_mb=0)]

    assert first == [one.sha256 for one in samples.make(tmp_path, seed=1, video_mb=0)]


def test_names_have_a_space_an_umlaut_and_an_emoji() -> None:
    names = " ".join(samples.PHOTO_NAMES)

    assert all(one in names for one in (" ", "Ü", "ß", "\N{SUNRISE OVER MOUNTAINS}"))


def test_a_photo_is_a_whole_png() -> None:
    stream = io.BytesIO(samples.photo(random.Random(1), side=5))

    assert stream.read(8) == samples.PNG_HEAD
    kinds = []
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        contents = stream.read(length)
        assert struct.unpack(">I", stream.read(4))[0] == zlib.crc32(kind + contents)
        kinds.append(kind)
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]


def test_a_video_is_boxes_up_to_its_last_byte() -> None:
    stream = io.BytesIO(b"".join(samples.video(random.Random(1), 5000)))

    kinds = []
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        assert len(stream.read(length - 8)) == length - 8
        kinds.append(kind)
    assert kinds == [b"ftyp", b"mdat"]


def test_the_length_is_sent_once() -> None:
    assert with_length({"content-length": "5"}, 5) == {"content-length": "5"}
    assert with_length({"X": "y"}, 5) == {"X": "y", "Content-Length": "5"}
