"""Folders as they are: old phones, Takeout, links, pipes, names that are no text."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from push_phone import Folder, Phone
from push_simulator import Simulator

from agent.push.intake import found
from agent.push.local import Fate, Outcome
from agent.push.walk import walk


def description(taken: int) -> bytes:
    return json.dumps({"title": "x", "photoTakenTime": {"timestamp": str(taken)}}).encode()


def test_what_is_not_wanted_is_skipped_each_with_its_reason(folder: Folder, phone: Phone) -> None:
    for name in (".nomedia", ".thumbnails/1.jpg", "Thumbs.db", "film.mp4.part", "empty.jpg", "IMG_1.jpg"):
        folder.has(name, b"" if name == "empty.jpg" else None)

    fates = phone.push(folder)

    assert {name for name, fate in fates.items() if fate == "skipped"} == set(fates) - {"IMG_1.jpg"}
    assert ".thumbnails" in fates
    assert phone.reason("empty.jpg") == "it is empty, there is nothing to keep yet"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_no_link_is_followed_and_no_pipe_is_read(folder: Folder, phone: Phone) -> None:
    outside = folder.path.parent / "secret.txt"
    outside.write_text("secret")
    (folder.path / "link.jpg").symlink_to(outside)
    (folder.path / "loop").symlink_to(folder.path)
    (folder.path / "broken.jpg").symlink_to("nowhere")
    os.mkfifo(folder.path / "pipe")

    fates = phone.push(folder)

    assert fates == dict.fromkeys(["link.jpg", "loop", "broken.jpg", "pipe"], "skipped")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_name_that_is_no_text_spoils_nothing(sim: Simulator, folder: Folder, phone: Phone) -> None:
    (folder.path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"1")
    folder.has("IMG_\N{SMILING FACE WITH SUNGLASSES}.jpg")

    first, second = phone.push(folder), phone.push(folder)

    assert set(first.values()) == {"safe"}
    assert set(second.values()) == {"known"}
    assert "caf\N{REPLACEMENT CHARACTER}.jpg" in sim.uploaded()


def test_a_live_photo_shares_one_group(sim: Simulator, folder: Folder, phone: Phone) -> None:
    for name in ("IMG_1.HEIC", "IMG_1.MOV", "IMG_2.HEIC"):
        folder.has(name)

    phone.push(folder)

    groups = {file.told["name"]: file.told.get("groupId") for file in sim.files.values()}
    assert groups["IMG_1.HEIC"] == groups["IMG_1.MOV"] is not None
    assert groups["IMG_2.HEIC"] is None


def test_takeouts_dates_go_along_and_its_descriptions_stay(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("Photos from 2018/IMG_1.jpg")
    folder.has("Photos from 2018/IMG_1.jpg.supplemental-metadata.json", description(1_514_804_645))

    fates = phone.push(folder)

    assert sim.named("IMG_1.jpg").told["takenAt"] == "2018-01-01T11:04:05Z"
    assert sorted(fates.values()) == ["safe", "skipped"]


def test_a_json_that_describes_no_photo_is_a_file_like_others(folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    folder.has("IMG_1.jpg.json", b'{"my": "notes"}')
    folder.has("IMG_2.jpg.json", description(1))

    assert set(phone.push(folder).values()) == {"safe"}


def test_the_date_of_the_file_system_is_not_taken_for_the_photos(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg", age=10**8)

    phone.push(folder)

    assert "takenAt" not in sim.named("IMG_1.jpg").told


def test_a_walk_holds_one_folder_at_a_time(folder: Folder) -> None:
    for number in range(5):
        folder.has(f"{number}/{number}/IMG.jpg")

    steps = walk(folder.path)

    assert next(steps) == []
    assert sum(len(step) for step in steps if isinstance(step, list)) == 5


def test_families_come_out_of_each_folder_alone(folder: Folder) -> None:
    folder.has("a/IMG_1.HEIC")
    folder.has("b/IMG_1.MOV")

    assert [len(family) for family in found(folder.path) if isinstance(family, list)] == [1, 1]


def test_a_folder_that_cannot_be_read_is_told_and_the_rest_goes(folder: Folder) -> None:
    folder.has("a/IMG_1.jpg")
    folder.has("b/IMG_2.jpg")

    def refuse(path: Path) -> list[str]:
        if path.name == "a":
            raise PermissionError(13, "Permission denied")
        return [below.name for below in path.iterdir()]

    steps = list(walk(folder.path, listdir=refuse))

    assert Outcome("a", Fate.FAILED, reason="folder cannot be read: Permission denied") in steps
    assert [file.local_id for step in steps if isinstance(step, list) for file in step] == ["b/IMG_2.jpg"]
