"""The reindex: whatever became of the index, files are found again by what they say; what is right is left alone."""

import argparse
from typing import Any

import pytest

from admin.__main__ import show_reindex
from admin.reindex import Reindexed, reindex
from admin.stage import Stage
from chalicelib.auth.callers import Caller
from chalicelib.library import search
from chalicelib.media import tasks, work
from chalicelib.metadata import files
from chalicelib.metadata.table import Delete, Key, Put, Update
from tests.builders import OWNER, Account

READER = Caller(OWNER, None, frozenset({"read"}))
WORDS = f"words#{OWNER}"


def bring(account: Account, name: str) -> str:
    file_id = account.phone().bring(name.encode(), name=name, type="text/plain")
    work.run(account.world, tasks.Look(OWNER, file_id))
    return file_id


def postings(account: Account) -> list[Any]:
    return account.items(WORDS, "")


def found(account: Account, text: str) -> list[str]:
    return [file.file_id for file in search.page(account.world, READER, search.Search(text=text)).files]


def test_an_index_that_was_lost_is_made_anew(account: Account) -> None:
    ids = [bring(account, f"lake {n}.txt") for n in range(3)]
    before = postings(account)
    for item in before:
        account.world.table.put(Delete(Key(item["pk"], item["sk"])))

    (done,) = reindex(account.world, OWNER)

    assert done == Reindexed(OWNER, 3, 3, 0)
    assert postings(account) == before
    assert sorted(found(account, "lake")) == sorted(ids)


def test_what_is_right_is_left_alone(account: Account) -> None:
    account.owner()
    bring(account, "lake.txt")
    before = account.everything()

    assert list(reindex(account.world)) == [Reindexed(OWNER, 1, 0, 0)]
    assert account.everything() == before


def test_who_was_stopped_goes_on_where_it_was(account: Account) -> None:
    ids = [bring(account, f"lake {n}.txt") for n in range(3)]
    for file_id in ids[1:]:
        account.world.table.put(Update(files.file_key(OWNER, file_id), "REMOVE #indexed"))

    assert list(reindex(account.world, OWNER)) == [Reindexed(OWNER, 3, 2, 0)]


def test_a_file_that_nobody_looked_into_is_found_by_what_is_known(account: Account) -> None:
    file_id = account.phone().bring(b"1", name="lake.txt", type="text/plain")

    list(reindex(account.world, OWNER))

    assert found(account, "lake") == [file_id]
    assert account.item(f"owner#{OWNER}", f"media#{file_id}")


def test_what_no_file_accounts_for_is_removed(account: Account) -> None:
    file_id = bring(account, "lake.txt")
    position = postings(account)[0]["sk"].partition("#")[2]
    for sk in (f"sea#{position}", "sea#2024-01-01T00:00:00.000#" + "a" * 32):
        account.world.table.put(Put({"pk": WORDS, "sk": sk, "words": " sea "}))

    assert list(reindex(account.world, OWNER)) == [Reindexed(OWNER, 1, 0, 2)]
    assert not [item for item in postings(account) if item["sk"].startswith("sea")]
    assert found(account, "lake") == [file_id]


def test_a_file_that_has_not_come_is_found_by_nobody(account: Account) -> None:
    account.phone().begin(b"1")

    assert list(reindex(account.world, OWNER)) == [Reindexed(OWNER, 1, 0, 0)]
    assert postings(account) == []


def test_it_prints_a_line_an_owner(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.owner()
    bring(account, "lake.txt")

    assert show_reindex(Stage(account.world, lambda _: None), argparse.Namespace(owner=None)) == 0
    *_, line = capsys.readouterr().out.splitlines()
    assert line == f"owner {OWNER}  1 files, 0 made to be found anew, 0 strays removed"
