"""What a page costs, counted: the same few reads in a library of a hundred files and of a hundred thousand.

LIBRARY_SIZE=100000 pytest -s tests/cloud/test_large_library.py     takes minutes, and a GB or two
"""

import os
from typing import Any

import pytest

from chalicelib.library import analytics, changes, files, usage
from chalicelib.metadata import changes as log
from chalicelib.metadata import postings
from chalicelib.metadata.files import File
from tests.catalogue import READER, Catalogue, a_file

SIZE = int(os.environ.get("LIBRARY_SIZE", "3000"))
OWNER_OF_ALL = READER.__class__(READER.owner_id, None, frozenset({"read", "owner"}))


def one_of_many(n: int) -> File:
    at = f"20{n % 20 + 3:02}-{n // 20 % 12 + 1:02}-{n // 240 % 28 + 1:02}T{n // 6720 % 24:02}:{n % 60:02}:00"
    return a_file(n, f"IMG_{n:06}.jpg", at=at, camera="Apple iPhone" if n % 2 else "SONY RX100")


@pytest.fixture(scope="module")
def filled() -> Catalogue:
    made = Catalogue()
    for start in range(0, SIZE, 1000):
        made.put(*(one_of_many(n) for n in range(start, min(start + 1000, SIZE))))
    made.put(a_file(10**9, "rare mallorca.jpg", at="2001-01-01T00:00:00"))
    return made


def tell(filled: Catalogue, what: str, shown: int) -> None:
    reads = ", ".join(f"{operation} {count}" for operation, count in filled.calls)
    print(f"{SIZE} files: {what} shows {shown} in {len(filled.calls)} calls: {reads}")  # noqa: T201 (with -s)


# ---- Search

# Calls at the most, the one that reads the files themselves included.
COSTS = [
    ("img", 100, 5),
    ("jpg rare", 1, 3),
    ("rare jpg", 1, 2),
    ("mall", 1, 2),
    ("jpg mall", 1, 3),
    ("img jpg image", 100, 5),
    ("apple sony", 0, 5),
    ("jpg apple sony i", 0, 7),
    ("0", 100, 8),
    ("i", 100, 9),
    ("nothing like it", 0, 1),
]


@pytest.mark.parametrize(("text", "found", "most_calls"), COSTS, ids=[text for text, *_ in COSTS])
def test_a_search_is_a_handful_of_reads(filled: Catalogue, text: str, found: int, most_calls: int) -> None:
    filled.calls.clear()

    page = filled.page(text)

    tell(filled, repr(text), len(page.files))
    assert len(page.files) == found
    assert len(filled.calls) <= most_calls
    assert sum(count for _, count in filled.calls) <= 1000


def test_words_that_no_file_has_together_are_looked_for_to_the_end(filled: Catalogue) -> None:
    pages = list(filled.pages("apple sony"))

    assert [page.files for page in pages] == [[]] * len(pages)
    assert len(pages) <= SIZE // 2 // sum(postings.LOOKED_AT) + 1


# ---- The other lists

PAGES: dict[str, Any] = {
    "a page": lambda world: files.page(world, READER, files.Asked()).files,
    "a page by arrival": lambda world: files.page(world, READER, files.Asked(order="arrival")).files,
    "usage": lambda world: [usage.show(world, READER)],
    "storage": lambda world: [analytics.storage(world, OWNER_OF_ALL)],
    "overview": lambda world: [analytics.overview(world, OWNER_OF_ALL)],
}
READS = {"a page": 1, "a page by arrival": 1, "usage": 1, "storage": 2, "overview": 2}


@pytest.mark.parametrize("what", PAGES)
def test_a_page_is_a_read_or_two(filled: Catalogue, what: str) -> None:
    filled.calls.clear()

    shown = PAGES[what](filled.world)

    tell(filled, what, len(shown))
    assert len(filled.calls) == READS[what]
    assert sum(count for _, count in filled.calls) <= 100


def test_changes_cost_the_same_however_many_there_were(filled: Catalogue) -> None:
    """Two queries and a read, three writes while anything is marked, and the files themselves."""
    for what in ("changes from the beginning", "changes after those"):
        filled.calls.clear()
        shown = changes.page(filled.world, READER, changes.Asked())
        tell(filled, what, len(shown.changes))

        assert [operation for operation, _ in filled.calls] == [
            *["Query", "BatchGetItem"],
            *["TransactWriteItems"] * 3,
            *["Query", "BatchGetItem"],
        ]
        assert len(shown.changes) <= log.MOST_IN_ONE_GO + 4
