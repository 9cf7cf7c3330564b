"""What counts as stopped, and when it is told."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import moments
from chalicelib.metadata.watches import Worry
from chalicelib.upkeep import worries
from chalicelib.upkeep.worries import Word

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
DAYS = timedelta(days=3)


def ago(**span: float) -> str:
    return moments.to_text(NOW - timedelta(**span))


NEW, TOLD, WELL_AGAIN = Worry(), Worry(ago(days=9), ago(hours=23)), Worry(None, ago(hours=2))


@pytest.mark.parametrize(
    ("kept", "bad_since", "word"),
    [
        (NEW, None, None),
        (NEW, ago(days=4), Word.TROUBLE),
        (TOLD, ago(days=4), None),
        (Worry(ago(days=9), ago(hours=24)), ago(days=4), Word.TROUBLE),
        (TOLD, None, Word.WELL),
        (WELL_AGAIN, None, None),
        (WELL_AGAIN, ago(days=4), None),
        (Worry(None, ago(days=2)), ago(days=4), Word.TROUBLE),
    ],
)
def test_trouble_is_told_once_a_day_and_its_end_once(kept: Worry, bad_since: str | None, word: Word | None) -> None:
    assert worries.next_word(kept, bad_since, NOW) == word


def test_what_comes_and_goes_within_a_day_is_told_once() -> None:
    kept, words = NEW, []

    for hour in range(24):
        at, bad_since = NOW + timedelta(hours=hour), ago(days=4) if hour % 2 else None
        word = worries.next_word(kept, bad_since, at)
        kept = worries.after(kept, word, bad_since, at)
        words.append(word)

    assert words.count(Word.TROUBLE) == words.count(Word.WELL) == 1


@pytest.mark.parametrize(("since", "is_bad"), [(None, False), (ago(days=3), False), (ago(days=3, seconds=1), True)])
def test_patience_lasts_to_the_second(since: str | None, is_bad: bool) -> None:
    assert worries.overdue(since, DAYS, NOW) == (since if is_bad else None)


@pytest.mark.parametrize(
    ("heard_at", "upload_at", "since"),
    [
        (None, None, None),
        (ago(days=9), None, None),
        (None, ago(days=9), ago(days=9)),
        (ago(days=4), ago(days=9), ago(days=4)),
        (ago(days=9), ago(days=4), ago(days=4)),
        (ago(days=1), ago(days=9), None),
        (None, ago(days=1), None),
    ],
)
def test_a_phone_that_brought_files_in_is_silent_when_neither_is_heard(
    heard_at: str | None, upload_at: str | None, since: str | None
) -> None:
    assert worries.silent(heard_at, upload_at, DAYS, NOW) == since


def test_a_pc_that_owes_is_looked_at_by_every_run_and_any_other_once_a_day() -> None:
    assert worries.next_look_at_pc(owes=True, now=NOW) < NOW + timedelta(hours=1)
    assert worries.next_look_at_pc(owes=False, now=NOW) == NOW + timedelta(days=1)


@pytest.mark.parametrize(("heard", "due_in"), [(timedelta(0), DAYS), (timedelta(days=9), worries.NEXT_RUN)])
def test_a_phone_is_looked_at_when_it_may_be_silent(heard: timedelta, due_in: timedelta) -> None:
    assert worries.next_look_at_phone(moments.to_text(NOW - heard), DAYS, NOW) == NOW + due_in
