"""One file's whole way, from the phone to the receipt."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import log
from tests.builders import OWNER, Account

PHOTO = b"the bytes of a photo"


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Collect what is told to the log."""
    told: list[dict[str, Any]] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: told.append(json.loads(log.JsonLine().format(record)))  # type: ignore[method-assign]
    log.set_up()
    log.logger.addHandler(handler)
    yield told
    log.logger.removeHandler(handler)


def test_a_file_comes_home(account: Account) -> None:
    phone, pc = account.phone(), account.pc()

    file_id = phone.bring(PHOTO)
    assert phone.see(file_id).status == "uploaded"
    (notice,) = pc.heard()
    assert pc.owed() == [notice]
    assert pc.receipt(notice) == [("taken", None)]

    assert phone.see(file_id).status == "downloaded"
    assert phone.see(file_id).home == {pc.device_id: account.world.now_text()}
    assert pc.owed() == []
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": len(PHOTO)}


def test_each_change_of_a_file_is_one_line_that_names_it(account: Account, lines: list[dict[str, Any]]) -> None:
    phone, pc, other = account.phone(), account.pc(), account.pc()

    file_id = phone.bring(PHOTO)
    pc.receipt(*pc.owed())
    other.receipt(*other.owed())

    assert [line["said"] for line in lines] == ["begun", "uploaded", "receipted", "downloaded"]
    assert {(line["file_id"], line["owner_hash"]) for line in lines} == {(file_id, log.owner_hash(OWNER))}


def test_the_log_holds_neither_owner_nor_link(account: Account, lines: list[dict[str, Any]]) -> None:
    phone, pc = account.phone(), account.pc()

    phone.bring(PHOTO)
    pc.receipt(*pc.owed())

    text = json.dumps(lines)
    assert OWNER not in text
    assert "X-Amz-Signature" not in text
