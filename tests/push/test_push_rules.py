"""The rules of pushing, as tables: what is unwanted, which files belong together, how parts are cut, what S3 means."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import UnreachableError
from agent.push import answers, batches, families, kinds, plan, progress, replies, sidecars, unwanted
from agent.push.local import Digest, Hashed, LocalFile, Stamp, fit
from agent.push.plan import Have, Part
from agent.push.replies import Meaning, Reply

TIB = 1024**4


def a_file(name: str, size: int = 5) -> LocalFile:
    return LocalFile(Path(name), name, Stamp(size, 0, 0))


def a_hashed(name: str = "a.jpg", size: int = 5, **told: str | None) -> Hashed:
    return Hashed(a_file(name, size), Digest("a" * 64), **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        (".nomedia", "hidden"),
        (".trashed-1700000000-IMG.jpg", "hidden"),
        ("._IMG_1.jpg", "hidden"),
        ("Thumbs.db", "system"),
        ("desktop.ini", "system"),
        ("$RECYCLE.BIN", "system"),
        ("@eaDir", "system"),
        ("System Volume Information", "system"),
        ("film.mp4.crdownload", "not finished"),
        ("film.MP4.PART", "not finished"),
        ("~$letter.docx", "not finished"),
    ],
)
def test_unwanted_names_are_skipped_with_a_reason(name: str, part: str) -> None:
    assert part in str(unwanted.reason(name))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, None),
        ({"st_file_attributes": 0x20}, None),
        ({"st_file_attributes": 0x22}, "it is hidden"),
        ({"st_file_attributes": 0x26}, "it is the system's own"),
        ({"st_reparse_tag": 0xA0000003, "st_file_attributes": 0x2}, "it is a link; what it leads to is pushed"),
        ({"st_reparse_tag": 0xA000000C}, None),
    ],
)
def test_what_windows_marks_as_hidden_its_own_or_a_link_is_not_wanted(told: dict[str, int], reason: str | None) -> None:
    found: Any = SimpleNamespace(**told)

    assert str(unwanted.attribute_reason(found)).startswith(str(reason))


@pytest.mark.parametrize("name", ["IMG_1.jpg", "part.jpg", "tmp", "a.partner", "~letter.txt", "CON.jpg", "a b .jpg"])
def test_ordinary_names_are_wanted(name: str) -> None:
    assert unwanted.reason(name) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.HEIC", "image/heic"),
        ("a.jpg", "image/jpeg"),
        ("a.MOV", "video/quicktime"),
        ("a.png", "image/png"),
        ("a", "application/octet-stream"),
        ("a.xyzzy", "application/octet-stream"),
    ],
)
def test_a_name_stands_for_a_type(name: str, kind: str) -> None:
    assert kinds.of(name) == kind


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (["IMG_1.HEIC", "IMG_1.MOV"], [["IMG_1.HEIC", "IMG_1.MOV"]]),
        (["IMG_1.heic", "IMG_1.mov"], [["IMG_1.heic", "IMG_1.mov"]]),
        (["IMG_1.JPG", "IMG_1.MOV"], [["IMG_1.JPG", "IMG_1.MOV"]]),
        (["IMG_1.HEIC", "IMG_1.MP4"], [["IMG_1.HEIC", "IMG_1.MP4"]]),
        (["IMG_1.JPG", "IMG_1.MP4"], [["IMG_1.JPG"], ["IMG_1.MP4"]]),
        (["IMG_1.HEIC", "IMG_2.MOV"], [["IMG_1.HEIC"], ["IMG_2.MOV"]]),
        (["IMG_1.DNG", "IMG_1.MOV"], [["IMG_1.DNG"], ["IMG_1.MOV"]]),
        (["IMG_1.HEIC", "IMG_1.MOV", "IMG_1.AAE"], [["IMG_1.HEIC", "IMG_1.MOV"], ["IMG_1.AAE"]]),
        (["IMG_1.HEIC", "IMG_1.JPG", "IMG_1.MOV"], [["IMG_1.HEIC", "IMG_1.JPG", "IMG_1.MOV"]]),
        (["IMG_1.MOV", "IMG_1.MP4"], [["IMG_1.MOV"], ["IMG_1.MP4"]]),
        (["jpg", "mov"], [["jpg"], ["mov"]]),
    ],
)
def test_photo_and_film_of_a_live_photo_belong_together(names: list[str], together: list[list[str]]) -> None:
    found = [[file.name for file in family] for family in families.split(map(a_file, names))]

    assert found == together


def test_a_group_is_named_after_its_contents_in_any_order() -> None:
    assert families.group_id(["b", "a"]) == families.group_id(["a", "b"])
    assert families.group_id(["a", "b"]) != families.group_id(["a", "c"])
    assert families.group_id(["a"]) is families.group_id(["a", "a"]) is None


LONG = "Screenshot_20240102-030405_A very long name of an app.jpg"


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-me.json"),
        ("IMG_1.jpg", "IMG_1.jpg.s.json"),
        ("IMG_1.jpg", "IMG_1.json"),
        ("IMG_1(2).jpg", "IMG_1.jpg(2).json"),
        ("IMG_1(2).jpg", "IMG_1(2).jpg.json"),
        ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
        (LONG, LONG[:46] + ".json"),
        ("IMG_1-edited.jpg", "IMG_1.jpg.json"),
        ("IMG_1-bearbeitet.jpg", "IMG_1.jpg.supplemental-metadata.json"),
    ],
)
def test_takeouts_description_is_found_by_name(photo: str, sidecar: str) -> None:
    assert sidecars.match([photo, sidecar]) == {photo: sidecar}


def test_a_film_shares_the_description_of_its_photo() -> None:
    kept = "IMG_1.HEIC.supplemental-metadata.json"

    assert sidecars.match(["IMG_1.HEIC", "IMG_1.MP4", kept]) == {"IMG_1.HEIC": kept, "IMG_1.MP4": kept}


@pytest.mark.parametrize(
    "other", ["IMG_2.jpg.json", "IMG_1.jpg.supplemental-other.json", "IMG_1.jpg(1).json", "data.json"]
)
def test_another_files_description_is_not_taken(other: str) -> None:
    assert sidecars.match(["IMG_1.jpg", other]) == {}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"title":"a","photoTakenTime":{"timestamp":"1514804645"}}', (True, "2018-01-01T11:04:05Z")),
        ('{"title":"a","photoTakenTime":{"timestamp":"-2208988800"}}', (True, "1900-01-01T00:00:00Z")),
        ('{"title":"a","photoTakenTime":{"timestamp":"99999999999999"}}', (True, None)),
        ('{"title":"a","photoTakenTime":{"timestamp":true}}', (True, "1970-01-01T00:00:01Z")),
        ('{"title":"a","photoTakenTime":"soon"}', (True, None)),
        ('{"title":"a","creationTime":{"timestamp":"1"}}', (True, None)),
        ('{"title":"a"}', (False, None)),
        ('["title"]', (False, None)),
        ("{", (False, None)),
        ("[" * 100_000, (False, None)),
    ],
)
def test_a_description_tells_when_the_photo_was_taken(text: str, read: tuple[bool, str | None]) -> None:
    assert sidecars.taken_at(text) == read


@pytest.mark.parametrize(
    ("size", "part_size"),
    [
        (1, 0),
        (16 * plan.MIB, 0),
        (16 * plan.MIB + 1, 16 * plan.MIB),
        (160_000 * plan.MIB, 16 * plan.MIB),
        (160_000 * plan.MIB + 1, 17 * plan.MIB),
        (5 * TIB, 525 * plan.MIB),
    ],
)
def test_part_sizes_are_guessed_as_the_cloud_makes_them(size: int, part_size: int) -> None:
    assert plan.part_size(size) == part_size


@given(st.integers(1, 5 * TIB))
def test_parts_cover_a_file_exactly_and_are_not_too_many(size: int) -> None:
    part_size = plan.part_size(size) or size

    parts = plan.cut(size, part_size, b"")

    assert sum(part.size for part in parts) == size
    assert [part.start for part in parts] == [index * part_size for index in range(len(parts))]
    assert len(parts) <= plan.MOST_PARTS
    assert min(part.size for part in parts) > 0


@pytest.mark.parametrize(
    ("have", "lacks"),
    [
        (Have(1, 5, "a"), False),
        (Have(1, 4, "a"), True),
        (Have(1, 5, "b"), True),
        (Have(1, 5, None), True),
        (Have(2, 5, "a"), True),
    ],
)
def test_a_part_is_there_only_with_its_size_and_hash(have: Have, lacks: bool) -> None:
    part = Part(1, 0, 5, "a")

    assert plan.lacking([part], [have]) == [part] * lacks


@pytest.mark.parametrize(("size", "lacks"), [(5, False), (4, True)])
def test_a_part_that_gets_no_link_is_there_if_its_size_is(size: int, lacks: bool) -> None:
    part = Part(1, 0, 5, "a")

    assert plan.lacking([part], [Have(1, size, "")], unlinked={1}) == [part] * lacks


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        (Reply(200), Meaning.TAKEN),
        (Reply(412, "PreconditionFailed"), Meaning.THERE),
        (Reply(0), Meaning.AGAIN),
        (Reply(307), Meaning.AGAIN),
        (Reply(409, "ConditionalRequestConflict"), Meaning.AGAIN),
        (Reply(400, "RequestTimeout"), Meaning.AGAIN),
        (Reply(400, "IncompleteBody"), Meaning.AGAIN),
        (Reply(429), Meaning.AGAIN),
        (Reply(500), Meaning.AGAIN),
        (Reply(503, "SlowDown"), Meaning.AGAIN),
        (Reply(403, "AccessDenied"), Meaning.STALE),
        (Reply(403, "RequestTimeTooSkewed"), Meaning.STALE),
        (Reply(400, "ExpiredToken"), Meaning.STALE),
        (Reply(404, "NoSuchUpload"), Meaning.GONE),
        (Reply(400, "BadDigest"), Meaning.OTHER),
        (Reply(400, "XAmzContentSHA256Mismatch"), Meaning.OTHER),
        (Reply(400, "EntityTooLarge"), Meaning.REFUSED),
        (Reply(405, "MethodNotAllowed"), Meaning.REFUSED),
    ],
)
def test_what_s3_answers_has_one_meaning(reply: Reply, meaning: Meaning) -> None:
    assert replies.meaning(reply) is meaning


def test_the_little_that_is_wanted_of_s3s_xml_is_read() -> None:
    reply = replies.read(403, b"<?xml?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")

    assert str(reply) == "S3 answered 403 AccessDenied Request has expired"
    assert replies.read(500, b"\xff<html>") == Reply(500)


@pytest.mark.parametrize(
    "told", [{}, {"outcome": "upload"}, {"outcome": "perhaps"}, {"outcome": "multipart", "fileId": "x"}]
)
def test_an_answer_that_makes_no_sense_may_make_sense_later(told: dict[str, str]) -> None:
    with pytest.raises(UnreachableError):
        answers.begun(told)


def test_a_link_shows_its_address_to_nobody() -> None:
    assert "secret" not in repr(answers.Link("https://s3/secret", {}))


@pytest.mark.parametrize(
    ("count", "waited", "hungry", "last", "due"),
    [
        (0, 99, True, True, False),
        (16, 0, False, False, True),
        (3, 0, False, True, True),
        (3, 1, True, False, False),
        (3, 2, True, False, True),
        (3, 99, False, False, False),
    ],
)
def test_a_lot_is_asked_when_full_or_when_sending_would_idle(
    count: int, waited: float, hungry: bool, last: bool, due: bool
) -> None:
    assert batches.lot_is_due(count, 16, waited, hungry=hungry, last=last) is due


def test_a_batch_is_no_more_than_a_slow_line_sends_before_links_expire() -> None:
    small = deque(a_hashed(size=1) for _ in range(250))
    large = deque(a_hashed(size=100 * plan.MIB) for _ in range(5))

    assert [len(batches.next_batch(small)) for _ in range(3)] == [100, 100, 50]
    assert [len(batches.next_batch(large)) for _ in range(3)] == [2, 2, 1]


def test_a_file_is_declared_as_the_api_wants_it() -> None:
    assert batches.wanted(a_hashed("2024/a.jpg", group_id="g")) == {
        "name": "a.jpg",
        "type": "image/jpeg",
        "size": 5,
        "sha256": "a" * 64,
        "localId": "2024/a.jpg",
        "groupId": "g",
    }


@given(st.binary(min_size=1, max_size=300))
def test_any_name_a_file_system_gives_can_be_sent(name: bytes) -> None:
    shown = fit(name.decode("utf-8", "surrogateescape"), 100)

    assert json.loads(json.dumps(shown)) == shown
    assert 0 < len(shown) <= 100
    assert shown.encode("utf-8")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (999_600, "1.0 MB"), (123_456_789, "123 MB")]
)
def test_amounts_are_written_for_a_person(count: int, text: str) -> None:
    assert progress.amount(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (59, "59 s"), (600, "10 min"), (9_000, "2.5 h")])
def test_times_are_written_for_a_person(seconds: float, text: str) -> None:
    assert progress.span(seconds) == text
