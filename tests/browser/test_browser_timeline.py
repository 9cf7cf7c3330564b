"""The library's own rules, where they run: where each picture lies, what is chosen, what is asked for and how often."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from shelves import Shelves, serve


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    shelves = Shelves([])
    with serve(shelves), browser.new_context(base_url=shelves.url) as context:
        page = context.new_page()
        page.goto("/empty")
        yield page


@pytest.fixture
def run(page: Page) -> Any:
    def run(module: str, script: str, given: Any = None) -> Any:
        imported = f"const it = await import('/web/{module}')"
        return page.evaluate(f"async (given) => {{ {imported}; return ({script})(it, given); }}", given)

    return run


# So many files a month, the latest first: 2026-12, 2026-11, …
MAKE = """const make = (counts) => counts.flatMap((count, at) => Array.from({ length: count }, () => (
    { capturedAt: `${2026 - Math.floor(at / 12)}-${String(12 - at % 12).padStart(2, '0')}-03T10:00:00+01:00` })));"""


def test_files_are_put_into_the_months_of_the_clock_on_the_wall(run: Any) -> None:
    moments = [
        "2024-03-01T00:30:00+13:00",
        "2024-02-29T23:59:59.120Z",
        "2024-02-01T00:00:00-08:00",
        "2023-12-31T10:00:00",
    ]

    told = run("timeline_layout.js", "(it, all) => it.monthsOf(all.map((capturedAt) => ({ capturedAt })))", moments)

    assert told == [
        {"month": "2024-03", "first": 0, "count": 1},
        {"month": "2024-02", "first": 1, "count": 2},
        {"month": "2023-12", "first": 3, "count": 1},
    ]


@pytest.mark.parametrize(("width", "columns"), [(200, 3), (320, 3), (390, 4), (599, 6), (600, 3), (1280, 8)])
def test_a_phone_has_columns_for_fingers_a_desk_larger_ones(run: Any, width: int, columns: int) -> None:
    assert run("timeline_layout.js", "(it, width) => it.columnsFor(width)", width) == columns


@pytest.mark.parametrize("counts", [[1], [4, 5, 1], [9, 1, 13, 2, 40, 3, 3, 3, 3, 3, 3, 3, 27], []])
def test_every_file_lies_in_one_place_below_the_one_before(run: Any, counts: list[int]) -> None:
    script = f"""(it, counts) => {{
        {MAKE}
        const layout = it.layOut(make(counts), 390);
        return {{ layout, rows: it.rowsBetween(layout, 0, layout.height) }};
    }}"""

    told = run("timeline_layout.js", script, counts)

    rows = told["rows"]
    seen = [at for row in rows if row["kind"] == "files" for at in range(row["first"], row["last"])]
    assert seen == list(range(sum(counts)))
    assert [row["row"] for row in rows] == list(range(told["layout"]["rows"]))
    ends = [0, *(row["top"] + row["height"] for row in rows)]
    assert all(row["top"] >= end for row, end in zip(rows, ends, strict=False))
    assert ends[-1] <= told["layout"]["height"]


def test_only_what_touches_the_view_is_told(run: Any) -> None:
    script = f"""(it) => {{
        {MAKE}
        const layout = it.layOut(make(Array.from({{ length: 120 }}, () => 83)), 390);
        return Array.from({{ length: 40 }}, (_, at) => {{
            const from = layout.height * at / 41;
            const rows = it.rowsBetween(layout, from, from + 844);
            return {{ from, rows: rows.map(({{ top, height }}) => [top, height]) }};
        }});
    }}"""

    for look in run("timeline_layout.js", script):
        assert 1 <= len(look["rows"]) <= 11
        (top, height), (last_top, last_height) = look["rows"][0], look["rows"][-1]
        assert top <= look["from"] + 4
        assert top + height >= look["from"] - 4
        assert last_top + last_height >= look["from"] + 844 - 4
        assert last_top < look["from"] + 844


# Two months of six and three files in rows of four: 0123 45 | 678
STEPS = [
    (0, "ArrowLeft", 0),
    (3, "ArrowRight", 4),
    (1, "ArrowDown", 5),
    (3, "ArrowDown", 5),
    (5, "ArrowDown", 7),
    (8, "ArrowDown", 8),
    (8, "ArrowUp", 5),
    (6, "ArrowUp", 4),
    (2, "ArrowUp", 2),
    (2, "Home", 0),
    (4, "End", 5),
    (4, "last", 8),
    (4, "first", 0),
    (1, "PageDown", 7),
    (8, "ArrowRight", 8),
]


@pytest.mark.parametrize(("index", "key", "to"), STEPS)
def test_keys_lead_where_the_eye_expects(run: Any, index: int, key: str, to: int) -> None:
    script = f"(it, [index, key]) => {{ {MAKE} return it.step(it.layOut(make([6, 3]), 390), index, key, 2); }}"

    assert run("timeline_layout.js", script, [index, key]) == to


def test_the_thumb_goes_to_the_height_that_it_stands_for(run: Any) -> None:
    script = """(it) => [0, 0.25, 1, 1.5, -1].map((fraction) => {
        const y = it.heightAt(fraction, 9000, 800);
        return [y, it.fractionAt(y, 9000, 800)];
    }).concat([[0, it.fractionAt(50, 700, 800)]])"""

    assert run("timeline_layout.js", script) == [[0, 0], [2050, 0.25], [8200, 1], [8200, 1], [0, 0], [0, 0]]


def test_years_stand_no_closer_than_can_be_read(run: Any) -> None:
    script = f"(it, counts) => {{ {MAKE} return it.yearsAlong(it.layOut(make(counts), 390)); }}"

    told = run("timeline_layout.js", script, [*[500] * 12, *[1] + [0] * 11, *[500] * 12, *[300] * 12])

    assert [one["year"] for one in told] == ["2026", "2025", "2024", "2023"]
    assert all(later["at"] - one["at"] >= 0.04 for one, later in pairwise(told))


CHOICES = [
    ("s.toggle('b'); s.toggle('d'); s.toggle('b')", ["d"]),
    ("s.toggle('b'); s.reach('d', all)", ["b", "c", "d"]),
    ("s.toggle('d'); s.reach('b', all)", ["b", "c", "d"]),
    ("s.toggle('b'); s.reach('e', all); s.reach('c', all)", ["b", "c"]),
    ("s.toggle('a'); s.toggle('c'); s.reach('e', all); s.reach('d', all)", ["a", "c", "d"]),
    ("s.toggle('e'); s.toggle('c'); s.reach('e', all); s.reach('d', all)", ["c", "d", "e"]),
    ("s.reach('c', all)", ["c"]),
    ("s.toggleAll(['a', 'b']); s.toggleAll(['b', 'c'])", ["a", "b", "c"]),
    ("s.toggleAll(['a', 'b', 'c']); s.toggleAll(['b', 'c'])", ["a"]),
    ("s.toggleAll(all); s.keep(['b', 'e'])", ["b", "e"]),
    ("s.toggle('a'); s.clear(); s.reach('c', all)", ["c"]),
]


@pytest.mark.parametrize(("deeds", "chosen"), CHOICES)
def test_what_is_chosen(run: Any, deeds: str, chosen: list[str]) -> None:
    script = (
        f"(it) => {{ const s = new it.Selection(), all = ['a', 'b', 'c', 'd', 'e']; {deeds}; return s.ids().sort(); }}"
    )

    assert run("selection.js", script) == chosen


SHELF = """const on = (day) => `2026-01-${String(30 - day).padStart(2, '0')}T10:00:00Z`;
const file = (id, day = id) => ({ fileId: `f${id}`, capturedAt: on(day) });
const ids = (shelf) => shelf.files.map(({ fileId }) => fileId);"""


def test_a_shelf_reads_on_to_the_end_and_takes_each_file_once(run: Any) -> None:
    script = f"""async (it) => {{
        {SHELF}
        const pages = [[file(1), file(2)], [file(2), file(3)], [file(4)]];
        const asked = [];
        const next = ['x', 'y'];
        const shelf = new it.Shelf(async (page) => {{
            asked.push(page);
            return {{ files: pages[asked.length - 1], next: next[asked.length - 1] }};
        }});
        await shelf.read();
        return [ids(shelf), asked, shelf.done];
    }}"""

    assert run("shelf.js", script) == [
        ["f1", "f2", "f3", "f4"],
        [{"limit": 100, "next": None}, {"limit": 500, "next": "x"}, {"limit": 500, "next": "y"}],
        True,
    ]


def test_a_shelf_that_broke_off_goes_on_where_it_was(run: Any) -> None:
    script = f"""async (it) => {{
        {SHELF}
        let broken = true;
        const shelf = new it.Shelf(async ({{ next }}) => {{
            if (!next) return {{ files: [file(1)], next: 'x' }};
            if (broken) throw new Error('gone');
            return {{ files: [file(2)] }};
        }});
        await shelf.read();
        const before = [ids(shelf), String(shelf.error), shelf.done];
        broken = false;
        await shelf.read();
        return [before, [ids(shelf), shelf.error, shelf.done]];
    }}"""

    assert run("shelf.js", script) == [[["f1"], "Error: gone", False], [["f1", "f2"], None, True]]


def test_a_shelf_of_more_than_a_phone_likes_waits_to_be_asked(run: Any) -> None:
    script = f"""async (it) => {{
        {SHELF}
        let at = 0;
        const some = (count) => Array.from({{ length: count }}, () => file(at += 1, 1));
        const shelf = new it.Shelf(async ({{ limit }}) => ({{ files: some(limit), next: 'x' }}));
        await shelf.read();
        const first = shelf.files.length;
        const more = new Promise((resolve) => shelf.addEventListener('change', resolve));
        shelf.more();
        await more;
        return [first, shelf.files.length - first];
    }}"""

    first, more = run("shelf.js", script)
    assert 10_000 <= first < 10_500
    assert more == 500


def test_what_is_dropped_and_had_back_lies_where_it_lay(run: Any) -> None:
    script = f"""async (it) => {{
        {SHELF}
        const shelf = new it.Shelf(async () => ({{ files: [1, 2, 3, 4].map((id) => file(id)) }}));
        await shelf.read();
        const gone = shelf.files.filter(({{ fileId }}) => fileId === 'f2');
        shelf.drop(['f2']);
        const without = ids(shelf);
        shelf.add(gone);
        return [without, ids(shelf)];
    }}"""

    assert run("shelf.js", script) == [["f1", "f3", "f4"], ["f1", "f2", "f3", "f4"]]


# An API that answers when it is told to, and a clock that stands still.
LINKS = """const asked = [], held = [];
let now = Date.parse('2026-01-01T00:00:00Z');
const api = { post: (_, { files }) => new Promise((resolve, reject) => {
    asked.push(files.length);
    const link = { url: `u${asked.length}`, expiresAt: '2026-01-01T00:15:00Z' };
    held.push({ yes: () => resolve({ files: files.map((one) => ({ ...one, link })) }), no: reject });
}) };
const links = new it.PictureLinks(api, () => now);
const settled = () => new Promise((resolve) => setTimeout(resolve, 60));
const ids = (count, from = 0) => Array.from({ length: count }, (_, at) => `f${from + at}`);"""


def test_links_are_asked_for_a_hundred_at_a_time_by_two_at_once(run: Any) -> None:
    script = f"""async (it) => {{
        {LINKS}
        links.want(ids(250));
        await settled();
        const atFirst = [...asked];
        held[0].yes();
        while (held.length < 3) await settled();
        held[1].yes(); held[2].yes();
        await settled();
        links.end();
        return [atFirst, asked, ids(250).every((id) => links.find(id))];
    }}"""

    assert run("picture_links.js", script) == [[100, 100], [100, 100, 50], True]


def test_who_scrolls_past_asks_for_nothing(run: Any) -> None:
    script = f"""async (it) => {{
        {LINKS}
        for (let at = 0; at < 50; at += 1) links.want(ids(40, at * 40));
        while (!held.length) await settled();
        held[0].yes();
        await settled();
        links.end();
        return [asked, Boolean(links.find('f1960')), Boolean(links.find('f0'))];
    }}"""

    assert run("picture_links.js", script) == [[40], True, False]


def test_a_link_is_kept_until_shortly_before_it_ends(run: Any) -> None:
    script = f"""async (it) => {{
        {LINKS}
        const told = async () => {{
            const got = links.get('f1', '1600');
            held.at(-1).yes();
            return (await got).link.url;
        }};
        const first = await told();
        now += 13 * 60_000;
        const kept = await told();
        now += 90_000;
        return [first, kept, await told()];
    }}"""

    assert run("picture_links.js", script) == ["u1", "u1", "u2"]
