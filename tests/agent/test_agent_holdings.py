"""`verify --tell`: a cloud that lost its table hears what is whole at home, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agent import cli
from agent.check import verify

if TYPE_CHECKING:
    from fake_cloud import FakeCloud
    from fake_pc import Pc


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKHAUL_KEYRING", "file")
    monkeypatch.setattr(verify.humble, "give_way", lambda: None)


@pytest.fixture
def full(pc: Pc, cloud: FakeCloud) -> Pc:
    """Return a PC with two files at home."""
    for name in ("Müritz.jpg", "two.jpg"):
        cloud.has(name.encode(), name, takenAt="2024-07-05T18:22:01Z")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()
    return pc


def told(full: Pc, *more: str) -> int:
    return cli.main(["verify", "--home", str(full.home), "--tell", *more])


def test_what_is_whole_is_told_with_all_that_is_known_of_it(full: Pc, cloud: FakeCloud) -> None:
    assert told(full) == 0

    one = next(one for one in cloud.holdings if one["name"] == "Müritz.jpg")
    assert one["size"] == len("Müritz.jpg".encode())
    assert one["sha256"] == cloud.notices[one["fileId"]]["sha256"]
    assert one["takenAt"] == "2024-07-05T18:22:01.000Z"
    assert one["homeAt"].endswith("Z")


def test_the_answer_is_summed_up(full: Pc, cloud: FakeCloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.taken.popitem()

    told(full)

    assert "The cloud was told of 2 files: 1 known again, 1 known already." in capsys.readouterr().out


def test_what_is_not_whole_is_not_told(full: Pc, cloud: FakeCloud) -> None:
    damaged = next(full.home.folder.rglob("two.jpg"))
    damaged.write_bytes(b"owt.jpg")

    told(full)

    assert [one["name"] for one in cloud.holdings] == ["Müritz.jpg"]


def test_it_is_told_whole_even_if_a_pass_was_broken_off(full: Pc, cloud: FakeCloud) -> None:
    cli.main(["verify", "--home", str(full.home), "--sample", "50%"])
    told(full)
    cloud.holdings.clear()

    told(full)

    assert len(cloud.holdings) == 2


def test_nothing_is_told_unasked(full: Pc, cloud: FakeCloud) -> None:
    cli.main(["verify", "--home", str(full.home)])

    assert cloud.holdings == []
