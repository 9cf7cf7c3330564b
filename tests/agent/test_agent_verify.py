"""Verifying what came home: damage and losses are found, told, and made good; nothing at home is ever overwritten."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_cloud import DEVICE, KEY, FakeCloud
from fake_pc import Pc

from agent import cli
from agent.check import losses, soundness, verify
from agent.check.audit import Audit
from agent.check.losses import Losses
from agent.check.soundness import State
from agent.check.verify import Tally, Teller, Verification
from agent.drive.catalog import Catalog
from agent.errors import HomeMissingError, UnreachableError
from agent.wire.api import DeviceApi

FOLDER = "2024/2024-07"
ONE, TWO, THREE = (f"{FOLDER}/IMG_{number}.jpg" for number in (1, 2, 3))
SYNCHRONOUS_FULL = 2
"""SQLite's own number: each commit is flushed, not only now and then."""
BODIES = {ONE: b"photo one", TWO: b"photo two", THREE: b"photo number three"}


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKHAUL_KEYRING", "file")
    monkeypatch.setattr(verify.humble, "give_way", lambda: None)


@pytest.fixture
def full(pc: Pc, cloud: FakeCloud) -> Pc:
    """Return a PC with three files at home."""
    for path, body in BODIES.items():
        cloud.has(body, path.rpartition("/")[2])
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()
    return pc


def ids(cloud: FakeCloud) -> dict[str, str]:
    return {path: file_id for file_id, path in cloud.taken.items()}


def rot(pc: Pc, path: str, body: bytes | None = None) -> None:
    """Change bytes as a failing drive does: under the same name and time."""
    target = pc.home.folder / path
    before = target.stat()
    target.write_bytes(body or bytes(255 - byte for byte in target.read_bytes()))
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def verified(pc: Pc, *arguments: str) -> int:
    return cli.main(["verify", "--home", str(pc.home), *arguments])


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def summary(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    states: dict[str, int] = told(capsys)[-1]["summary"]
    return {state: count for state, count in states.items() if count}


def test_a_home_that_is_whole_is_zero(full: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified(full) == 0

    assert capsys.readouterr().out == "3 files whole (36 B looked at)\n"


def test_damage_is_told_and_nothing_is_changed(full: Pc, cloud: FakeCloud, capsys: pytest.CaptureFixture[str]) -> None:
    rot(full, ONE)
    (full.home.folder / TWO).unlink()
    before = full.files()

    code = verified(full, "--json")

    assert code == 6
    assert {(one["path"], one["state"]) for one in told(capsys)[:-1]} == {(ONE, "damaged"), (TWO, "gone")}
    assert full.files() == before
    assert cloud.losses == []
    assert full.status()["filesHome"] == 3


@pytest.mark.parametrize("body", [b"", b"photo on", b"photo one and more"])
def test_a_file_of_another_size_is_damaged(full: Pc, body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    rot(full, ONE, body or b"\0")

    verified(full, "--json")

    assert summary(capsys) == {"whole": 2, "damaged": 1}


def test_a_file_that_was_moved_or_renamed_is_not_gone(full: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    (full.home.folder / "Best of").mkdir()
    (full.home.folder / ONE).rename(full.home.folder / "Best of/Sunset é.jpg")

    code = verified(full, "--json")

    found = told(capsys)
    assert code == 0
    assert found[0]["state"] == "moved"
    assert found[0]["told"] == "Best of/Sunset é.jpg"


def test_a_copy_elsewhere_that_belongs_to_another_file_is_no_move(pc: Pc, cloud: FakeCloud) -> None:
    for _ in range(2):
        cloud.has(b"twins")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()
    next(path for path in (pc.home.folder / FOLDER).iterdir() if "(" in path.name).unlink()

    assert verified(pc) == 6


def test_one_copy_elsewhere_is_not_the_copy_of_two_files(
    pc: Pc, cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        cloud.has(b"twins")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()
    one, other = (pc.home.folder / FOLDER).iterdir()
    one.rename(pc.home.folder / "elsewhere.jpg")
    other.unlink()

    assert verified(pc, "--json") == 6
    assert summary(capsys) == {"moved": 1, "gone": 1}


def test_a_repair_follows_what_was_moved(full: Pc, cloud: FakeCloud, capsys: pytest.CaptureFixture[str]) -> None:
    (full.home.folder / ONE).rename(full.home.folder / "elsewhere.jpg")

    verified(full, "--repair")
    capsys.readouterr()

    assert verified(full, "--json") == 0
    assert summary(capsys) == {"whole": 3}
    assert cloud.losses == []


def test_a_repair_brings_lost_files_home_again_and_overwrites_nothing(full: Pc, cloud: FakeCloud) -> None:
    rot(full, ONE)
    (full.home.folder / TWO).unlink()
    damaged = (full.home.folder / ONE).read_bytes()

    code = verified(full, "--repair")
    full.start()
    cloud.wait_until(lambda: cloud.all_home)
    full.stop()

    found = full.files()
    aside = next(path for path in found if "(damaged 20" in path)
    assert code == 0
    assert {path: found[path] for path in BODIES} == BODIES
    assert (found[aside], aside.endswith(").jpg")) == (damaged, True)
    assert sorted(loss["what"] for loss in cloud.losses) == ["damaged", "gone"]
    assert verified(full) == 0


def test_what_a_program_edited_stays_and_the_phones_bytes_come_beside_it(full: Pc, cloud: FakeCloud) -> None:
    (full.home.folder / ONE).write_bytes(b"rotated")
    future = datetime.now(UTC).timestamp() + 60
    os.utime(full.home.folder / ONE, (future, future))

    code = verified(full, "--repair")
    full.start()
    cloud.wait_until(lambda: cloud.all_home)
    full.stop()

    assert code == 0
    assert full.files()[ONE] == b"rotated"
    assert sorted(full.files().values()) == sorted([*BODIES.values(), b"rotated"])


def test_what_the_cloud_cannot_send_again_is_left_as_it_is(
    full: Pc, cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    rot(full, ONE)
    before = full.files()
    cloud.expired = {ids(cloud)[ONE]}

    code = verified(full, "--repair", "--json")

    found = told(capsys)
    assert code == 6
    assert found[0]["outcome"] == "refused noCloudCopy"
    assert (found[-1]["owedAgain"], found[-1]["refused"]) == (0, 1)
    assert full.files() == before
    assert (full.status()["filesHome"], full.status()["filesLost"]) == (2, 1)
    assert any("lost" in worry for worry in full.status()["worries"])


def test_a_good_copy_that_a_person_puts_back_ends_the_loss(full: Pc, cloud: FakeCloud) -> None:
    rot(full, ONE)
    cloud.expired = {ids(cloud)[ONE]}
    verified(full, "--repair")

    rot(full, ONE, BODIES[ONE])

    assert verified(full) == 0
    assert full.status()["filesLost"] == 0


def test_a_loss_the_cloud_never_heard_of_is_reported_next_time(full: Pc, cloud: FakeCloud) -> None:
    (full.home.folder / ONE).unlink()
    cloud.refuse["losses"] = [(503, {})]

    first, second = verified(full, "--repair"), verified(full, "--repair")

    assert (first, second) == (1, 0)
    assert [loss["fileId"] for loss in cloud.losses] == [ids(cloud).get(ONE) or cloud.losses[0]["fileId"]]


def test_once_lost_a_damaged_file_is_never_confirmed_by_the_catalog_alone(full: Pc, cloud: FakeCloud) -> None:
    """The cloud heard of the loss, and its answer was lost: the same notice comes while the damaged file lies there."""
    rot(full, ONE)
    file_id = ids(cloud)[ONE]
    with Audit(full.home.catalog) as audit:
        audit.lose([file_id], "2026-11-21T10:00:00.000Z")
    cloud.taken.pop(file_id)
    cloud.owed[file_id] = cloud.notices[file_id]

    full.start()
    cloud.wait_until(lambda: cloud.all_home)
    full.stop()

    assert BODIES[ONE] in full.files().values()
    assert full.status()["filesLost"] == 0


def test_a_loss_is_on_the_drive_before_the_cloud_hears_of_it(full: Pc) -> None:
    with Audit(full.home.catalog) as audit:
        audit.lose(["a"], "2026-11-21T10:00:00.000Z")

        (flushes,) = audit._db.execute("PRAGMA synchronous").fetchone()

    assert flushes == SYNCHRONOUS_FULL


def test_a_receipt_that_waits_is_not_sent_for_a_lost_file(full: Pc, cloud: FakeCloud) -> None:
    with Audit(full.home.catalog) as audit:
        receipt = _receipt(cloud, ids(cloud)[ONE])
        audit.came_home(receipt)

        audit.lose([receipt.file_id], "2026-11-21T10:00:00.000Z")

        assert not audit.awaiting([receipt.file_id])
        assert audit.counts()["filesLost"] == 1


def _receipt(cloud: FakeCloud, file_id: str) -> Any:
    from agent.drive.catalog import Receipt

    notice = cloud.notices[file_id]
    return Receipt(file_id, notice["sha256"], notice["size"], ONE)


def test_a_drive_that_goes_away_in_the_middle_loses_nothing(full: Pc, cloud: FakeCloud) -> None:
    away = full.home.folder.with_name("away")

    class Unplugging(Teller):
        def begin(self, files: int, size: int) -> None:
            super().begin(files, size)
            full.home.folder.rename(away)

    with Audit(full.home.catalog) as audit:
        api = DeviceApi(cloud.url, DEVICE, KEY)
        passing = Verification(full.home, audit, Losses(full.home, audit, api), Unplugging(as_json=True))

        with pytest.raises(HomeMissingError):
            passing.run(1.0)

    assert cloud.losses == []
    away.rename(full.home.folder)
    assert full.status()["filesHome"] == 3


def test_a_pass_that_was_broken_off_goes_on_where_it_ended(full: Pc) -> None:
    class BreakingOff(Teller):
        files = 0

        def passed(self, _count: int) -> None:
            self.files += 1
            if self.files > 1:
                raise KeyboardInterrupt

    with Audit(full.home.catalog) as audit, pytest.raises(KeyboardInterrupt):
        Verification(full.home, audit, None, BreakingOff(as_json=True)).run(1.0)

    with Audit(full.home.catalog) as audit:
        tally = Verification(full.home, audit, None, Teller(as_json=True)).run(1.0)
    assert tally.states[State.WHOLE] == 2


def test_a_pass_that_ended_is_followed_by_a_whole_new_one(full: Pc) -> None:
    for _ in range(2):
        with Audit(full.home.catalog) as audit:
            tally = Verification(full.home, audit, None, Teller(as_json=True)).run(1.0)
        assert tally.states[State.WHOLE] == 3
    assert full.status()["lastVerified"] is not None


def test_samples_come_round_to_every_file(full: Pc) -> None:
    now = [datetime.now(UTC)]
    seen: list[str] = []

    class Watching(Verification):
        def _find(self, kept: Any) -> Any:
            seen.append(kept.path)
            return super()._find(kept)

    for _ in range(3):
        now[0] += timedelta(days=1)
        with Audit(full.home.catalog) as audit:
            Watching(full.home, audit, None, Teller(as_json=True)).run(0.01, lambda: now[0])

    assert sorted(seen) == sorted(BODIES)


def test_a_damaged_file_is_found_again_and_again(full: Pc) -> None:
    rot(full, ONE)

    assert [verified(full) for _ in range(2)] == [6, 6]


def test_an_unreadable_file_is_no_loss(full: Pc, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _passing: Any) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(soundness, "hash_of", refuse)

    assert verified(full, "--repair") == 6
    assert cloud.losses == []


def test_a_sector_that_cannot_be_read_is_damage(full: Pc, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _passing: Any) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(soundness, "hash_of", refuse)
    with Audit(full.home.catalog) as audit:
        tally = Verification(full.home, audit, None, Teller(as_json=True)).run(1.0)

    assert tally.states[State.DAMAGED] == 3


def test_damaged_files_of_one_day_never_replace_each_other(tmp_path: Path) -> None:
    for body in (b"1", b"2", b"3"):
        (tmp_path / "a.jpg").write_bytes(body)
        losses.put_aside(tmp_path / "a.jpg", "2026-11-21")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a (damaged 2026-11-21).jpg": b"1",
        "a (damaged 2026-11-21 2).jpg": b"2",
        "a (damaged 2026-11-21 3).jpg": b"3",
    }


@pytest.mark.parametrize(("text", "share"), [("5%", 0.05), ("5", 0.05), ("100%", 1.0), ("0.5%", 0.005)])
def test_a_share_is_read_as_people_write_it(text: str, share: float) -> None:
    assert verify.parse_share(text) == share


@pytest.mark.parametrize("text", ["0%", "101%", "-1", "nan", "inf", "half", "", "%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="5%"):
        verify.parse_share(text)


def test_a_person_is_told_what_to_do() -> None:
    lost = Tally()
    lost.states[State.GONE] = 2

    assert "--repair" in verify.advice(lost, repair=False)[0]
    lost.owed = 2
    assert "Owed again: 2" in verify.advice(lost, repair=True)[0]
    assert verify.advice(Tally(), repair=False) == []


def test_an_answer_of_the_cloud_that_never_comes_is_an_error(full: Pc, cloud: FakeCloud) -> None:
    (full.home.folder / ONE).unlink()
    cloud.refuse["losses"] = [(200, "no json")]  # type: ignore[list-item]
    with Audit(full.home.catalog) as audit:
        passing = Verification(
            full.home, audit, Losses(full.home, audit, DeviceApi(cloud.url, DEVICE, KEY)), Teller(as_json=True)
        )

        with pytest.raises(UnreachableError):
            passing.run(1.0)


def test_a_catalog_of_another_version_is_refused_in_a_sentence(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    Catalog(pc.home.catalog).__exit__()
    with sqlite3.connect(pc.home.catalog) as opened:
        opened.execute("PRAGMA user_version = 1")
    opened.close()

    assert cli.main(["status", "--home", str(pc.home)]) == 1
    assert "its form is 1, expected 2" in capsys.readouterr().err
