"""Log files: bounded, never renamed, readable while they are written; no drive can hurt the agent through them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc

from agent import cli
from agent.drive.home import Home
from agent.show import journal
from agent.show.journal import Journal
from agent.show.logs import Tail, last

ROOT = Path(__file__).parent.parent.parent


def a_record(sentence: str) -> logging.LogRecord:
    return logging.LogRecord("agent", logging.INFO, "", 0, sentence, None, None)


def sizes(home: Home) -> list[int]:
    return [page.stat().st_size for page in journal.pages(home.logs)]


def test_logs_never_grow_beyond_their_bound(home: Home) -> None:
    written = Journal(home, files=3, size=1000)

    for number in range(200):
        written.emit(a_record(f"line {number}"))
    written.close()

    assert len(sizes(home)) == 3
    assert all(0 < size <= 1000 for size in sizes(home))
    assert list(Tail(home.logs).more())[-1].endswith("line 199")


def test_a_restart_goes_on_in_the_newest_file(home: Home) -> None:
    for sentence in ("before", "after"):
        written = Journal(home, files=3, size=1000)
        written.emit(a_record(sentence))
        written.close()

    assert len(sizes(home)) == 1
    assert [line.rpartition(" ")[2] for line in Tail(home.logs).more()] == ["before", "after"]


def test_nothing_is_renamed_so_a_reader_never_stands_in_the_way(home: Home) -> None:
    written = Journal(home, files=2, size=200)
    written.emit(a_record("the first line"))
    page = journal.pages(home.logs)[0]

    with page.open("rb") as reading:
        written.emit(a_record("x" * 150))
        assert reading.read().count(b"\n") == 1
        assert page.exists()
    written.close()


def test_what_is_logged_before_the_drive_is_there_makes_no_folder(tmp_path: Path) -> None:
    gone = Home(tmp_path / "unplugged")
    written = Journal(gone, files=2, size=1000)

    written.emit(a_record("where is it"))

    assert list(tmp_path.iterdir()) == []


def test_without_the_marker_nothing_is_written(home: Home) -> None:
    home.marker.unlink()
    written = Journal(home, files=2, size=1000)

    written.emit(a_record("whose folder is this"))

    assert not home.logs.exists()


def test_a_drive_that_is_there_again_is_written_again(home: Home) -> None:
    now = [0.0]
    written = Journal(home, files=2, size=1000, clock=lambda: now[0])
    home.logs.write_text("in the way")
    written.emit(a_record("lost"))
    home.logs.unlink()

    written.emit(a_record("too soon"))
    now[0] += 60
    written.emit(a_record("kept"))
    written.close()

    assert [line.rpartition(" ")[2] for line in Tail(home.logs).more()] == ["kept"]


def test_any_name_can_be_written(home: Home) -> None:
    written = Journal(home, files=2, size=1000)

    written.emit(a_record("IMG \udcff \U0001f469 ü"))
    written.close()

    assert next(iter(Tail(home.logs).more())).endswith("IMG \\udcff \U0001f469 ü")


def test_who_follows_sees_each_line_once_across_files(home: Home) -> None:
    written, tail = Journal(home, files=4, size=300), Tail(home.logs)
    seen: list[str] = []

    for number in range(9):
        written.emit(a_record(f"line {number}"))
        if number % 2:
            seen += tail.more()
    written.close()
    seen += tail.more()

    assert [line.rpartition(" ")[2] for line in seen] == [str(number) for number in range(9)]


def test_half_a_line_is_shown_when_its_file_is_left(home: Home) -> None:
    home.logs.mkdir()
    (home.logs / journal.name(1)).write_bytes(b"one\nhal")
    tail = Tail(home.logs)

    assert list(tail.more()) == ["one"]
    (home.logs / journal.name(2)).write_bytes(b"two\n")
    assert list(tail.more()) == ["hal", "two"]


def test_a_file_that_is_removed_while_it_is_read_is_passed_over(home: Home) -> None:
    home.logs.mkdir()
    for number in (1, 2):
        (home.logs / journal.name(number)).write_bytes(b"%d\n" % number)

    def vanishing(page: Path) -> object:
        if journal.number(page) == 1:
            raise FileNotFoundError
        return page.open("rb")

    assert list(Tail(home.logs, vanishing).more()) == ["2"]


@pytest.mark.parametrize(("count", "shown"), [(2, ["b", "c"]), (9, ["a", "b", "c"]), (0, []), (-1, [])])
def test_the_last_lines_are_the_last(count: int, shown: list[str]) -> None:
    assert last(iter(["a", "b", "c"]), count) == shown


def test_an_agent_without_a_console_leaves_its_end_in_the_log(pc: Pc, cloud: FakeCloud) -> None:
    cloud.revoked = True
    program = "import sys; sys.stdout = sys.stderr = None; from agent.cli import main; raise SystemExit(main())"

    done = subprocess.run(
        [sys.executable, "-c", program, "run", "--home", str(pc.home)],
        cwd=ROOT,
        env=os.environ | {"BACKHAUL_KEYRING": "file"},
        timeout=300,
        check=False,
    )

    lines = list(Tail(pc.home.logs).more())
    assert done.returncode == 3
    assert any("works for" in line for line in lines)
    assert any("pair again" in line for line in lines)


def test_logs_shows_the_last_lines(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.home.logs.mkdir()
    (pc.home.logs / journal.name(7)).write_text("one\ntwo\nthree\n")

    code = cli.main(["logs", "--home", str(pc.home), "-n", "2"])

    assert (code, capsys.readouterr().out) == (0, "two\nthree\n")


def test_logs_of_a_folder_that_is_no_home_is_refused(tmp_path: Path) -> None:
    assert cli.main(["logs", "--home", str(tmp_path)]) == 4


def test_a_line_is_made_once_however_many_write_it() -> None:
    made: list[str] = []

    class Counted(logging.LogRecord):
        def getMessage(self) -> str:  # noqa: N802 - logging's own name
            made.append("once")
            return super().getMessage()

    record = Counted("agent", logging.INFO, __file__, 1, "%s came", ("a file",), None)

    lines = {journal.Form().format(record), journal.Form().format(record)}

    assert len(lines) == len(made) == 1
    assert lines.pop().endswith(" INFO    a file came")
