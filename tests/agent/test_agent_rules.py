"""The rules, as tables: notices, next step, verdicts, flights, duties, patience, settings, status."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notices_told import FILE_ID, a_notice, told

from agent import errors
from agent.drive import home
from agent.duty import Duty
from agent.errors import (
    AgentError,
    CutShortError,
    DiskFullError,
    HomeMissingError,
    RevokedError,
    StoppedError,
    UnreachableError,
    UnsoundNoticeError,
    WrongClockError,
    WrongContentsError,
)
from agent.fetch import notices
from agent.fetch.flights import Flights
from agent.fetch.plan import Confirm, Fetch, Finish, OnDisk, StepAside, next_step
from agent.fetch.verdicts import Again, Blame, LetGo, NobodyFlies, SetAside, Suspect, seconds_left, verdict
from agent.patience import backoff
from agent.show import status

NOTICE = a_notice(size=100)
OURS = NOTICE.contents


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": "2.1"},
        {"fileId": "../../etc"},
        {"fileId": None},
        {"bucket": ""},
        {"key": "previews/x"},
        {"key": f"originals/../{FILE_ID}-x"},
        {"key": "originals/owner/other-x"},
        {"size": -1},
        {"size": True},
        {"size": "5"},
        {"size": 6 * 1024**4},
        {"sha256": "A" * 64},
        {"sha256": "short"},
    ],
)
def test_an_unsound_notice_is_refused_naming_the_field(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsoundNoticeError, match=next(iter(changes))):
        notices.from_json(told(**changes))


def test_half_a_character_in_a_name_costs_no_file() -> None:
    assert a_notice(name="a\ud800.jpg").name == "a?.jpg"


@pytest.mark.parametrize("body", ["", "garbage", "[]", "null", '"x"', '{"Event": "s3:TestEvent"}', b"\xff\xfe"])
def test_a_body_that_is_no_notice_is_refused(body: str | bytes) -> None:
    with pytest.raises(UnsoundNoticeError):
        notices.parse(body)


@pytest.mark.parametrize(
    "changes", [{"v": 1}, {"v": 1.4}, {"v": "1.9"}, {"later": {"x": 1}}, {"name": 7}, {"takenAt": []}]
)
def test_what_we_do_not_rely_on_is_read_leniently(changes: dict[str, Any]) -> None:
    assert notices.parse(json.dumps(told(**changes))).file_id == FILE_ID


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda some: st.lists(some) | st.dictionaries(st.sampled_from(sorted(told())) | st.text(), some),
    )
)
def test_any_json_is_a_notice_or_refused(anything: object) -> None:
    with contextlib.suppress(UnsoundNoticeError):
        assert notices.from_json(anything).file_id


@pytest.mark.parametrize(
    ("here", "step"),
    [
        (OnDisk(), Fetch()),
        (OnDisk(taken=True, known_whole=True), Confirm()),
        (OnDisk(taken=True, finished_sha256=NOTICE.sha256), Confirm()),
        (OnDisk(taken=True, finished_sha256="0" * 64), StepAside()),
        (OnDisk(taken=True), StepAside()),
        (OnDisk(taken=True, partial_contents=OURS, partial_bytes=50), StepAside()),
        (OnDisk(partial_contents=OURS, partial_bytes=0), Fetch()),
        (OnDisk(partial_contents=OURS, partial_bytes=50), Fetch(start=50)),
        (OnDisk(partial_contents=OURS, partial_bytes=100), Finish()),
        (OnDisk(partial_contents=OURS, partial_bytes=101), Fetch()),
        (OnDisk(partial_contents="other", partial_bytes=50), Fetch()),
        (OnDisk(partial_contents="other", partial_bytes=100), Fetch()),
    ],
)
def test_the_next_step_follows_from_what_is_on_disk(here: OnDisk, step: object) -> None:
    assert next_step(NOTICE, here) == step


def test_without_a_declared_hash_nothing_on_disk_is_taken_for_the_file() -> None:
    assert next_step(a_notice(sha256=None), OnDisk(taken=True, finished_sha256=None)) == StepAside()


@pytest.mark.parametrize("changes", [{"sha256": "1" * 64}, {"versionId": "v2"}, {"size": 6}])
def test_other_contents_have_another_partial(changes: dict[str, Any]) -> None:
    assert a_notice(**changes).contents != a_notice().contents


@pytest.mark.parametrize(
    ("error", "blamed", "ruled"),
    [
        (HomeMissingError("x"), 0, NobodyFlies()),
        (StoppedError(), 0, LetGo()),
        (RevokedError("d"), 0, Suspect(2)),
        (DiskFullError(1, 2, 3), 0, Again(6)),
        (UnreachableError("x", "y"), 4, Again(2)),
        (WrongClockError("x"), 4, Again(2)),
        (CutShortError(1, 2), 0, Blame(1, 1)),
        (WrongContentsError("a", "b"), 3, Blame(4, 4)),
        (WrongContentsError("a", "b"), 4, SetAside(5)),
        (ZeroDivisionError(), 0, Blame(1, 1)),
        (ZeroDivisionError(), 4, SetAside(5)),
    ],
)
def test_a_failure_is_judged(error: Exception, blamed: int, ruled: object) -> None:
    assert verdict(error, blamed, tries=1, patience=float) == ruled


@pytest.mark.parametrize(
    ("until", "left"), [(0, 0), (1000, 0), (1010, 10), (1000 + 86_400, 86_400), (1000 + 86_401, 0), (3e9, 0)]
)
def test_a_file_is_left_alone_for_a_day_at_most_whatever_the_clock_did(until: float, left: float) -> None:
    assert seconds_left(until, 1000) == left


@pytest.mark.parametrize(("tries", "longest"), [(1, 1), (2, 2), (5, 16), (60, 300), (10_000, 300)])
def test_patience_doubles_up_to_five_minutes_and_is_spread(tries: int, longest: float) -> None:
    assert backoff(tries, dice=lambda: 0.0) == longest / 2
    assert backoff(tries, dice=lambda: 1.0) == longest


def test_a_repeated_notice_only_renews_the_handle() -> None:
    flights = Flights()
    flights.offer(a_notice(), "old", 0)

    assert flights.offer(a_notice(), "new", 0) is None
    assert len(flights.take(1, 10)) == 1
    assert flights.end(FILE_ID) == "new"


def test_a_flight_waits_until_it_is_due() -> None:
    flights = Flights()
    flights.offer(a_notice(), None, 5)

    assert flights.take(4, 10) == []
    assert flights.next_due() == 5
    assert [flight.notice.file_id for flight in flights.take(5, 10)] == [FILE_ID]
    assert flights.take(6, 10) == []


def test_a_flight_that_failed_flies_again() -> None:
    flights = Flights()
    flights.offer(a_notice(), None, 0)
    flights.take(0, 1)

    flights.later(FILE_ID, 3)

    assert flights.take(2, 1) == []
    assert len(flights.take(3, 1)) == 1


def test_a_flight_that_is_over_is_neither_put_off_nor_landed() -> None:
    flights = Flights()
    flights.offer(a_notice(), "handle", 0)
    flights.end(FILE_ID)

    flights.later(FILE_ID, 3)
    flights.landed(FILE_ID)

    assert flights.take(0, 10) == []
    assert (len(flights), flights.fresh, flights.next_due()) == (0, 0, float("inf"))
    assert flights.end(FILE_ID) is None


def test_a_duty_waits_longer_after_each_failure_and_as_usual_after_a_success() -> None:
    duty = Duty("owed", 900, lambda: None)

    duty.failed(100, float)
    duty.failed(100, float)
    assert duty.due == 102
    duty.sooner(0)
    assert duty.due == 102
    duty.succeeded(200, None)
    assert duty.due == 1100


@pytest.mark.parametrize(
    ("path", "long"),
    [
        ("C:\\Users\\x", "\\\\?\\C:\\Users\\x"),
        ("\\\\srv\\share\\x", "\\\\?\\UNC\\srv\\share\\x"),
        ("\\\\?\\C:\\x", "\\\\?\\C:\\x"),
    ],
)
def test_a_windows_path_may_be_long(path: str, long: str) -> None:
    assert home.long_path(path, windows=True) == long
    assert errors.plain(long) == path.removeprefix("\\\\?\\")


def test_every_error_has_a_sentence_without_a_full_stop() -> None:
    made: list[AgentError] = [
        RevokedError("d"),
        DiskFullError(1, 2, 3),
        HomeMissingError("h"),
        UnreachableError("a", "b"),
    ]

    assert all(str(error) and not str(error).endswith(".") for error in made)


def test_a_healthy_status_has_no_worries() -> None:
    well = {
        "running": True,
        "diskFull": False,
        "lastContact": "2026-11-21T10:00:00+00:00",
        "troubles": [],
        "receiptsRefused": 0,
        "filesLost": 0,
        "paused": None,
    }

    assert status.worries(well, 1795255300) == []
    assert len(status.worries(well | {"running": False, "diskFull": True, "lastContact": None}, 0)) == 3
    assert status.worries(well | {"paused": {"until": "2026-11-21T12:00:00+00:00"}}, 1795255300) == []
    assert len(status.worries(well | {"paused": {"until": None}, "filesLost": 2}, 1795255300)) == 2
    assert status.worries(well, 1795255300 + 7200) == ["the cloud has not been reached for more than an hour"]


def test_a_person_reads_the_time_of_this_pc() -> None:
    moment = datetime(2026, 11, 21, 10, 0, tzinfo=timezone(timedelta(hours=5, minutes=45)))

    assert status.local(moment.isoformat()) == time.strftime("%Y-%m-%d %H:%M", time.localtime(moment.timestamp()))
    assert status.local(None) == ""
