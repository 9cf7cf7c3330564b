"""What a revocation, a loss and a find mean for where a file is at home."""

from typing import Any

import pytest

from chalicelib.debts import homes
from chalicelib.metadata.files import File, Status
from tests.builders import OWNER

A, B = "a" * 32, "b" * 32
NOW = "2026-11-21"


def a_file(status: Status, owed_to: str = "", home: str = "", **more: Any) -> File:
    ids = {"a": A, "b": B}
    return File(
        owner_id=OWNER,
        file_id="f" * 32,
        name="a",
        type="b/c",
        key="k",
        created_at="2026",
        status=status,
        owed_to=frozenset(ids[one] for one in owed_to),
        home={ids[one]: "2026" for one in home},
        **more,
    )


GONE = {"tagged_at": "2026", "gone_at": "2026"}
UP, DOWN, LOST = Status.UPLOADED, Status.DOWNLOADED, Status.LOST


@pytest.mark.parametrize(
    ("file", "left"),
    [
        (a_file(UP, "a"), a_file(UP)),
        (a_file(UP, "ab"), a_file(UP, "b")),
        (a_file(UP, "a", "b"), a_file(DOWN, "", "b", downloaded_at=NOW)),
        (a_file(UP, "b", "a"), a_file(UP, "b")),
        (a_file(DOWN, "", "a", downloaded_at="2025"), a_file(UP)),
        (a_file(DOWN, "", "ab", downloaded_at="2025"), a_file(DOWN, "", "b", downloaded_at="2025")),
        (a_file(DOWN, "", "a", downloaded_at="2025", **GONE), a_file(LOST, **GONE)),
        (a_file(DOWN, "", "ab", downloaded_at="2025", **GONE), a_file(DOWN, "", "b", downloaded_at="2025", **GONE)),
        (a_file(Status.TRASHED, "", "ab"), a_file(Status.TRASHED, "", "b")),
        (a_file(Status.TRASHED, "", "a"), a_file(Status.TRASHED)),
    ],
)
def test_a_file_without_a_revoked_pc(file: File, left: File) -> None:
    assert homes.forgotten(file, A, NOW) == left


@pytest.mark.parametrize(
    ("file", "in_cloud", "left"),
    [
        (a_file(DOWN, "", "a", downloaded_at="2025"), True, a_file(UP, "a")),
        (a_file(DOWN, "", "ab", downloaded_at="2025"), True, a_file(UP, "a", "b")),
        (a_file(UP, "b", "a"), True, a_file(UP, "ab")),
        (
            a_file(DOWN, "", "ab", downloaded_at="2025", **GONE),
            False,
            a_file(DOWN, "", "b", downloaded_at="2025", **GONE),
        ),
        (a_file(DOWN, "", "a", downloaded_at="2025", **GONE), False, a_file(LOST, **GONE)),
    ],
)
def test_a_file_that_a_pc_has_lost(file: File, in_cloud: bool, left: File) -> None:
    assert homes.lost(file, A, NOW, in_cloud=in_cloud) == left


def test_a_lost_file_that_turns_up_is_downloaded() -> None:
    assert homes.found(a_file(LOST, **GONE), A, "2026") == a_file(DOWN, "", "a", downloaded_at="2026", **GONE)
