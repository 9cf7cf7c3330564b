"""`doctor` and `unpair`: each thing that can be wrong has its line and its advice; forgetting keeps every file."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3
from fake_cloud import DEVICE, HUSH, FakeCloud
from fake_pc import Pc

from agent import cli
from agent.check import doctor, symptoms
from agent.check.symptoms import Check, Level
from agent.drive.home import Home, Pairing
from agent.drive.lock import only_one
from agent.errors import NotPairedError
from agent.identity.keystore import KeyStore

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKHAUL_KEYRING", "file")


def examined(home: Home, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, list[Any]]]:
    """Examine a home folder; whatever is not fine always says what to do."""
    code = cli.main(["doctor", "--home", str(home), "--json"])
    found: dict[str, list[Any]] = {}
    for line in capsys.readouterr().out.splitlines():
        told = json.loads(line)
        found.setdefault(told["check"], []).append(told)
        assert told["level"] == "ok" or told["advice"], told
    return code, found


def levels(found: dict[str, list[Any]]) -> set[str]:
    return {what for what, told in found.items() if any(one["level"] == "bad" for one in told)}


def test_a_healthy_pc_has_a_line_for_everything_and_nothing_bad(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (0, set())
    assert set(found) == {
        *("settings", "home", "place", "room", "names", "links", "writing", "pairing", "agent", "trouble"),
        *("name", "cloud", "clock", "key", "queue", "bucket"),
    }
    assert found["agent"][0]["level"] == "warn"


def test_an_examination_leaves_nothing_behind_and_shows_no_secret(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in pc.home.state.iterdir())

    cli.main(["doctor", "--home", str(pc.home)])

    after = {path.name for path in pc.home.state.iterdir()} - {"lock"}
    assert {name for name in after if not name.startswith("catalog")} == set(before) - {"lock"}
    assert HUSH not in capsys.readouterr().out


def test_no_message_is_taken_from_the_queue(pc: Pc, cloud: FakeCloud) -> None:
    cloud.ring(cloud.has(b"a photo"))

    cli.main(["doctor", "--home", str(pc.home)])

    assert cloud.calls["ReceiveMessage"] == 0
    assert cloud.receipts == []


def test_a_revoked_key_is_told_and_what_rests_on_it_is_not_asked(
    pc: Pc, cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.revoked = True

    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (6, {"key"})
    assert "queue" not in found


def test_a_cloud_that_cannot_be_reached_is_told(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.home.remember(Pairing("http://127.0.0.1:1/", DEVICE, "test PC"))

    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (6, {"cloud"})
    assert "network" in found["cloud"][0]["advice"]


def test_a_home_that_is_not_there_ends_the_examination(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = examined(Home(tmp_path / "unplugged"), capsys)

    assert (code, levels(found)) == (6, {"home"})
    assert "Plug the drive in" in found["home"][0]["advice"]
    assert list(tmp_path.iterdir()) == []


def test_an_empty_mount_point_is_not_the_home_folder(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.home.marker.unlink()

    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (6, {"home"})
    assert "the marker in it is not there" in found["home"][0]["said"]
    assert "pairing" not in found


def test_a_folder_that_cannot_be_written_to_is_told(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    # Something nobody can write over, whoever runs this: for root every file may be written.
    (pc.home.state / "doctor.try").mkdir()

    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (6, {"home"})
    assert "permissions" in found["home"][0]["advice"]


def test_a_full_drive_is_told_and_all_else_is_looked_at(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.says(reserve_bytes=2**60)

    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (6, {"room"})
    assert "Free some space" in found["room"][0]["advice"]
    assert "bucket" in found


@pytest.mark.parametrize(
    ("refused", "answer", "bad"),
    [
        ("health", (503, {}), {"cloud"}),
        ("credentials", (503, {}), {"key"}),
        ("GetQueueAttributes", (403, {"__type": "com.amazonaws.sqs#AccessDenied"}), {"queue"}),
    ],
)
def test_whoever_refuses_is_named(
    pc: Pc, cloud: FakeCloud, capsys: pytest.CaptureFixture[str], refused: str, answer: tuple[int, Any], bad: set[str]
) -> None:
    cloud.refuse[refused] = [answer] * 9

    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (6, bad)


def test_a_bucket_that_cannot_be_reached_is_told(
    pc: Pc, cloud: FakeCloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = cloud._credentials({}, {})
    monkeypatch.setattr(cloud, "_credentials", lambda *_: told | {"endpointUrl": "http://127.0.0.1:1"})

    code, found = examined(pc.home, capsys)

    assert (code, "bucket" in levels(found)) == (6, True)
    assert "network" in found["bucket"][0]["advice"]


def test_a_clock_that_is_wrong_is_told(
    pc: Pc, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class LongAgo(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> LongAgo:
            return cls(2020, 1, 1, tzinfo=tz)

    monkeypatch.setattr(doctor, "datetime", LongAgo)

    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (6, {"clock"})
    assert "Set this PC's clock" in found["clock"][0]["advice"]
    assert "bucket" in found


def test_wrong_settings_and_a_lost_key_are_told_together(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.says(fetchers=0)
    pc.home.key.unlink()

    code, found = examined(pc.home, capsys)

    assert (code, levels(found)) == (6, {"settings", "pairing"})


def test_a_pause_and_trouble_are_worth_a_warning(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    from agent.drive.catalog import Catalog, Trouble

    with Catalog(pc.home.catalog) as catalog:
        catalog.note_trouble(Trouble("f" * 32, 5, "contents are wrong", 0))
    with only_one(pc.home):
        cli.main(["pause", "--home", str(pc.home)])
        capsys.readouterr()
        code, found = examined(pc.home, capsys)

    assert code == 0
    assert "paused" in found["agent"][0]["said"]
    assert "contents are wrong" in found["trouble"][0]["said"]


@pytest.mark.parametrize(
    ("date", "level", "said"),
    [
        ("Sat, 21 Nov 2026 10:00:00 GMT", Level.OK, "right"),
        ("Sat, 21 Nov 2026 09:59:01 GMT", Level.OK, "right"),
        ("Sat, 21 Nov 2026 09:57:00 GMT", Level.WARN, "3 min ahead of"),
        ("Sat, 21 Nov 2026 10:10:00 GMT", Level.BAD, "10 min behind"),
        ("Sun, 21 Nov 2027 10:00:00 GMT", Level.BAD, "behind"),
        (None, Level.WARN, "did not tell"),
        ("yesterday", Level.WARN, "did not tell"),
        ("Sat, 21 Nov 2026 10:00:00", Level.WARN, "did not tell"),
    ],
)
def test_a_clock_is_judged_by_the_clouds(date: str | None, level: Level, said: str) -> None:
    judged = symptoms.clock(date, NOW)

    assert judged.level is level
    assert said in judged.said


@pytest.mark.parametrize(
    ("free", "level"), [(0, Level.BAD), (100, Level.BAD), (101, Level.WARN), (999, Level.WARN), (1000, Level.OK)]
)
def test_room_is_judged_by_the_reserve(free: int, level: Level) -> None:
    assert symptoms.room(free, 100).level is level


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("C:\\Users\\me\\Backhaul", Level.OK),
        ("/home/me/photos", Level.OK),
        ("C:\\Users\\me\\OneDrive\\Backhaul", Level.WARN),
        ("C:\\Users\\me\\OneDrive - Contoso\\Backhaul", Level.WARN),
        ("/Users/me/Dropbox/x", Level.WARN),
        ("D:\\onedriveless\\x", Level.OK),
        ("\\\\nas\\photos", Level.WARN),
    ],
)
def test_a_place_that_others_upload_from_is_warned_of(path: str, level: Level) -> None:
    assert symptoms.surroundings(path).level is level


def test_slow_writing_hints_at_antivirus() -> None:
    assert symptoms.writing(0.05).level is Level.OK
    assert "antivirus" in symptoms.writing(0.5).advice


def test_a_drive_without_links_is_fine_with_a_warning() -> None:
    assert symptoms.worst(symptoms.file_system(links=False, folds_case=True)) is Level.WARN
    assert symptoms.worst(symptoms.file_system(links=True, folds_case=True)) is Level.OK


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (urllib3.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), "certificate"),
        (urllib3.exceptions.ProxyError("Unable to connect to proxy", OSError()), "proxy"),
        (socket.gaierror(-2, "Name or service not known"), "name"),
        (PermissionError(13, "Permission denied"), "permissions"),
        (ConnectionRefusedError(111, "refused"), "firewall"),
        (TimeoutError(), "firewall"),
    ],
)
def test_each_kind_of_trouble_has_its_advice(error: Exception, word: str) -> None:
    assert word in doctor.network_advice(error)


def test_a_check_is_written_for_a_person() -> None:
    assert doctor.as_text(Check("clock", Level.BAD, "wrong", "Set it.")) == f"bad   clock     wrong\n{'':16}Set it."


def test_unpairing_forgets_the_key_and_keeps_every_file(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.puts("2024/x.jpg", b"a photo")

    code = cli.main(["unpair", "--home", str(pc.home), "--yes"])

    said = capsys.readouterr().out
    assert code == 0
    assert f"The device {DEVICE} (test PC) is revoked" in said
    assert pc.cloud.revoked
    assert pc.files() == {"2024/x.jpg": b"a photo"}
    assert not pc.home.key.exists()
    with pytest.raises(NotPairedError):
        pc.home.pairing()


def test_what_was_revoked_already_is_unpaired_like_any_other(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.cloud.revoked = True

    assert cli.main(["unpair", "--home", str(pc.home), "--yes"]) == 0
    assert "is revoked" in capsys.readouterr().out


def test_without_the_cloud_a_pc_is_forgotten_and_its_owner_told_to_revoke_it(
    pc: Pc, capsys: pytest.CaptureFixture[str]
) -> None:
    pc.cloud.refuse[DEVICE] = [(503, {})]

    code = cli.main(["unpair", "--home", str(pc.home), "--yes"])

    said = capsys.readouterr().out
    assert code == 0
    assert "could not be revoked from here" in said
    assert f"Now revoke it in the app at {pc.cloud.url}" in said
    assert not pc.cloud.revoked
    with pytest.raises(NotPairedError):
        pc.home.pairing()


def test_a_pc_whose_key_is_lost_is_forgotten_and_its_owner_told(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.home.key.unlink()

    assert cli.main(["unpair", "--home", str(pc.home), "--yes"]) == 0
    assert "its key is lost" in capsys.readouterr().out


def test_nobody_unpairs_without_being_asked(pc: Pc) -> None:
    assert cli.main(["unpair", "--home", str(pc.home)]) == 1
    assert pc.home.pairing().device_id == DEVICE


def test_a_running_agent_is_not_unpaired(pc: Pc) -> None:
    with only_one(pc.home):
        assert cli.main(["unpair", "--home", str(pc.home), "--yes"]) == 5
    assert HUSH in KeyStore(pc.home, use_keyring=False).find(DEVICE)


def test_what_was_unpaired_is_not_paired(pc: Pc) -> None:
    cli.main(["unpair", "--home", str(pc.home), "--yes"])

    assert cli.main(["unpair", "--home", str(pc.home), "--yes"]) == 4
    assert cli.main(["status", "--home", str(pc.home)]) == 4
