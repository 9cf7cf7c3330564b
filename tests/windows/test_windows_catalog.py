"""The catalog on Windows: a writer killed at any moment costs nothing that was committed."""

from __future__ import annotations

import contextlib
import sqlite3
import sys

import pytest
from programs import Program

from agent.drive.catalog import Catalog
from agent.drive.home import Home

WRITER = """
import dataclasses, itertools, pathlib, sys
sys.path.insert(0, sys.argv[2])
from notices_told import a_notice
from agent.drive.catalog import Catalog, Receipt
with Catalog(pathlib.Path(sys.argv[1])) as catalog:
    for number in itertools.count():
        notice = dataclasses.replace(a_notice(), file_id=f"{number:032x}")
        with catalog.together():
            catalog.intend(notice, f"2024/{number}.jpg")
            catalog.came_home(Receipt(notice.file_id, "0" * 64, notice.size, f"2024/{number}.jpg"))
        print(f"<{number}>", flush=True)
"""
TESTS = str(__file__).replace("windows\\test_windows_catalog.py", "agent")


def writer(home: Home) -> Program:
    return Program(sys.executable, "-c", WRITER, str(home.catalog), TESTS)


@pytest.mark.parametrize("commits", [1, 40, 300])
def test_what_a_killed_writer_committed_is_all_there(home: Home, commits: int) -> None:
    with writer(home) as running:
        running.lines_until(f"<{commits}>")
        running.kill()

    with Catalog(home.catalog) as catalog:
        entries = list(catalog.entries())
    assert len(entries) > commits
    assert all(entry.home for entry in entries)
    with contextlib.closing(sqlite3.connect(home.catalog)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_status_reads_while_the_agent_writes(home: Home) -> None:
    with writer(home) as running:
        running.lines_until("<20>")

        with Catalog(home.catalog) as catalog:
            assert catalog.counts()["filesHome"] > 20
            running.lines_until("<60>")
            assert catalog.counts()["filesHome"] > 60
