"""The page's own rules, where they run: in the browser."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import icons
import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, Page, Route

WEB = Path(__file__).parents[2] / "chalicelib" / "web"
NOWHERE = "https://page.test"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page of an address that nobody serves but we."""

    def answer(route: Route) -> None:
        path = WEB / route.request.url.rpartition("/")[2]
        if path.suffix == ".js":
            route.fulfill(body=path.read_bytes(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>nothing</title>", content_type="text/html")

    with browser.new_context() as context:
        context.route(f"{NOWHERE}/**", answer)
        page = context.new_page()
        page.goto(f"{NOWHERE}/empty")
        yield page


@pytest.fixture
def run(page: Page) -> Any:
    def run(module: str, script: str, given: Any = None) -> Any:
        imported = f"const it = await import('{NOWHERE}/{module}')"
        return page.evaluate(f"async (given) => {{ {imported}; return ({script})(it, given); }}", given)

    return run


LENGTHS = [0, 1, 3, 55, 56, 57, 63, 64, 65, 111, 112, 119, 120, 127, 128, 1000, 100_003]


def test_sha256_is_that_of_everybody_else_however_it_is_fed(run: Any) -> None:
    told = run(
        "sha256.js",
        """(it, lengths) => lengths.map((length) => [1, 7, 64, 4096].map((step) => {
            const bytes = Uint8Array.from({ length }, (_, at) => at * 31 + 7);
            const hash = new it.Sha256();
            for (let at = 0; at < length; at += step) hash.update(bytes.subarray(at, at + step));
            return hash.hex();
        }))""",
        LENGTHS,
    )

    expected = [hashlib.sha256(bytes((at * 31 + 7) % 256 for at in range(length))).hexdigest() for length in LENGTHS]
    assert told == [[one] * 4 for one in expected]


def test_sha256_counts_beyond_half_a_gigabyte(run: Any) -> None:
    """The count of bits needs its upper word from 2^29 bytes on; nobody has to feed so many to see it."""
    told = run(
        "sha256.js",
        """(it) => {
            const hash = new it.Sha256();
            hash.length = 2 ** 33;
            return hash.update(new Uint8Array(3)).hex();
        }""",
    )

    assert told == _with_length(2**33 + 3)


def _with_length(length: int) -> str:
    """Hash three zero bytes as if so many had been fed: the padding is written out by hand."""
    block = bytes(3) + b"\x80" + bytes(52) + (length * 8).to_bytes(8, "big")
    return _mixed(block)


def _mixed(block: bytes) -> str:
    mask, state = (
        0xFFFFFFFF,
        [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19],
    )

    def turned(word: int, by: int) -> int:
        return (word >> by | word << (32 - by)) & mask

    words = [int.from_bytes(block[at : at + 4], "big") for at in range(0, 64, 4)]
    for at in range(16, 64):
        x, y = words[at - 15], words[at - 2]
        low = turned(x, 7) ^ turned(x, 18) ^ x >> 3
        high = turned(y, 17) ^ turned(y, 19) ^ y >> 10
        words.append((words[at - 16] + low + words[at - 7] + high) & mask)
    a, b, c, d, e, f, g, h = state
    for at, key in enumerate(_keys()):
        first = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + (e & f ^ ~e & mask & g) + key + words[at]
        second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (first + second) & mask, a, b, c, (d + first) & mask, e, f, g
    mixed = zip(state, (a, b, c, d, e, f, g, h), strict=True)
    return "".join(f"{(old + new) & mask:08x}" for old, new in mixed)


def _keys() -> list[int]:
    primes = [number for number in range(2, 312) if all(number % small for small in range(2, number))]
    return [_cube_root(prime << 96) & 0xFFFFFFFF for prime in primes]


def _cube_root(number: int) -> int:
    low, high = 0, 1 << 40
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low


def test_parts_cover_a_file_and_overlap_nowhere(run: Any) -> None:
    told = run("plan.js", "(it) => it.cut(40, 16)")

    assert told == [
        {"part": 1, "start": 0, "end": 16},
        {"part": 2, "start": 16, "end": 32},
        {"part": 3, "start": 32, "end": 40},
    ]


def test_a_part_of_another_size_is_sent_again(run: Any) -> None:
    have = [{"part": 1, "size": 16}, {"part": 2, "size": 15}, {"part": 9, "size": 8}]

    told = run("plan.js", "(it, have) => it.lacking(it.cut(40, 16), have).map(({ part }) => part)", have)

    assert told == [2, 3]


@pytest.mark.parametrize(("left", "fresh"), [(31_000, True), (29_000, False), (-1, False)])
def test_a_link_about_to_end_is_not_begun_with(run: Any, left: int, fresh: bool) -> None:
    script = "(it, left) => it.isFresh({ expiresAt: new Date(1e12 + left).toISOString() }, 1e12)"

    assert run("plan.js", script, left) is fresh


SUMS = [
    ([], {"allSafe": False, "allHome": False, "busy": False}),
    (["uploaded", "checking"], {"allSafe": False, "allHome": False, "busy": True}),
    (["uploaded", "refused"], {"allSafe": False, "allHome": False, "busy": False}),
    (["uploaded", "failed"], {"allSafe": False, "allHome": False, "busy": False}),
    (["uploaded", "downloaded"], {"allSafe": True, "allHome": False, "busy": False}),
    (["downloaded", "downloaded"], {"allSafe": True, "allHome": True, "busy": False}),
]


@pytest.mark.parametrize(("states", "told"), SUMS)
def test_all_is_safe_only_when_each_file_is(run: Any, states: list[str], told: dict[str, bool]) -> None:
    script = "(it, states) => it.sum(states.map((state) => ({ state, size: 10, sent: 10 })))"

    got = run("plan.js", script, states)

    assert {name: got[name] for name in told} == told


STANDINGS = [
    ({}, [], ("nothing", ["noPc"])),
    ({"downloadedFiles": 3}, [{}], ("home", [])),
    ({"uploadedFiles": 1, "downloadedFiles": 3}, [{}], ("onTheWay", [])),
    ({"uploadedFiles": 1}, [{"revokedAt": "2026-01-01T00:00:00Z"}], ("onTheWay", ["noPc"])),
    ({"uploadedFiles": 1}, [{"lastSeenAt": "2026-01-01T00:00:00Z"}], ("onTheWay", ["pcSilent"])),
    ({"uploadedFiles": 1}, [{"lastSeenAt": None}], ("onTheWay", ["pcNeverSeen"])),
    ({"downloadedFiles": 1}, [{"lastSeenAt": "2026-01-01T00:00:00Z"}], ("home", [])),
    ({"pendingFiles": 2, "downloadedFiles": 1}, [{}], ("home", ["leftBegun"])),
    ({"uploadedFiles": 1, "uploadedBytes": 9}, [{"freeBytes": 8}], ("onTheWay", ["pcFull"])),
    ({"uploadedFiles": 1, "uploadedBytes": 9}, [{"freeBytes": 9}], ("onTheWay", [])),
    ({"downloadedFiles": 1, "lostFiles": 1}, [{}], ("home", ["lost"])),
]


@pytest.mark.parametrize(("usage", "pcs", "told"), STANDINGS)
def test_the_home_screen_says_what_is_so(run: Any, usage: Any, pcs: Any, told: Any) -> None:
    devices = [{"kind": "pc", "name": "den", "lastSeenAt": "2026-02-01T00:00:00Z", **pc} for pc in pcs]
    script = "(it, me) => it.standing(me, Date.parse('2026-02-01T12:00:00Z'))"

    got = run("standing.js", script, {"usage": usage, "devices": devices})

    assert (got["head"], [one["what"] for one in got["troubles"]]) == told


WAITS = [
    ({"status": "pending"}, [{}], "begun"),
    ({"status": "lost"}, [{}], "lost"),
    ({"status": "uploaded"}, [], "noPc"),
    ({"status": "uploaded"}, [{"revokedAt": "2026-01-01T00:00:00Z"}], "noPc"),
    ({"status": "uploaded"}, [{"lastSeenAt": None}], "pcNeverSeen"),
    ({"status": "uploaded"}, [{}, {"lastSeenAt": "2026-01-01T00:00:00Z"}], "pcSilent"),
    ({"status": "uploaded", "size": 9}, [{"freeBytes": 8}], "pcFull"),
    ({"status": "uploaded", "size": 9}, [{"freeBytes": 9}], "fetching"),
]


@pytest.mark.parametrize(("file", "pcs", "told"), WAITS)
def test_each_file_that_waits_has_its_reason(run: Any, file: Any, pcs: Any, told: str) -> None:
    devices = [{"kind": "pc", "name": "den", "lastSeenAt": "2026-02-01T00:00:00Z", **pc} for pc in pcs]
    script = "(it, [file, me]) => it.why(file, me, Date.parse('2026-02-01T12:00:00Z')).what"

    assert run("standing.js", script, [file, {"devices": devices}]) == told


CODES = [
    ("https://backhaul.example/api/pair?code=BCDF-GHJK", "BCDF-GHJK"),
    ("bcdf-ghjk", "BCDF-GHJK"),
    (" BCDFGHJK ", "BCDFGHJK"),
    ("https://elsewhere.example/", ""),
    ("https://elsewhere.example/?code=javascript:alert(1)", ""),
    ("WIFI:S:home;;", ""),
    ("", ""),
]


@pytest.mark.parametrize(("seen", "code"), CODES)
def test_of_what_a_camera_sees_only_a_code_of_ours_counts(run: Any, seen: str, code: str) -> None:
    assert run("scan.js", "(it, seen) => it.codeIn(seen)", seen) == code


@pytest.mark.parametrize("length", [1, 14, 15, 26, 42, 62, 84, 106, 122, 152, 180])
def test_a_drawn_code_is_read_by_others(run: Any, length: int) -> None:
    """Every version there is, filled and barely begun; read by a library that phones use, too."""
    text = "".join(chr(33 + (at * 7 + length) % 90) for at in range(length))

    modules = run("qr.js", "(it, text) => it.qr(text)", text)

    side = len(modules)
    drawn = Image.new("1", (side, side))
    drawn.putdata([not dark for row in modules for dark in row])
    framed = Image.new("1", (side + 8, side + 8), 1)
    framed.paste(drawn, (4, 4))
    (found,) = zxingcpp.read_barcodes(framed.resize((framed.width * 4, framed.height * 4)).convert("L"))
    assert found.text == text


def test_a_year_ends_between_two_months_of_a_chart(run: Any) -> None:
    assert run("storage_view.js", "(it) => it.lastMonths('2026-02', 4)") == ["2025-11", "2025-12", "2026-01", "2026-02"]


@pytest.mark.parametrize("side", icons.SIDES)
def test_the_icons_for_home_screens_show_what_the_drawing_shows(browser: Browser, side: int) -> None:
    kept = Image.open(icons.WEB / f"icon-{side}.png").convert("RGB")

    apart = ImageChops.difference(kept, icons.drawn(browser, side))

    assert kept.size == (side, side)
    assert max(ImageStat.Stat(apart).mean) < 4


def test_no_more_go_at_once_than_there_are_slots(run: Any) -> None:
    script = """async (it) => {
        const slots = new it.Slots(2);
        let running = 0, most = 0;
        const work = () => slots.run(async () => {
            most = Math.max(most, running += 1);
            await null; await null;
            running -= 1;
        });
        await Promise.all([work(), work(), work(), work(), work().catch(() => {})]);
        return most;
    }"""

    assert run("slots.js", script) == 2


def test_the_ledger_keeps_what_was_begun_until_it_is_struck(run: Any) -> None:
    script = """async (it) => {
        const ledger = new it.Ledger();
        await ledger.write({ key: 'a', sha256: '1' });
        await ledger.write({ key: 'b', sha256: '2' });
        await ledger.strike('a');
        const again = new it.Ledger();
        const left = await again.every();
        await again.clear();
        return [left.map(({ key }) => key), (await again.every()).length];
    }"""

    assert run("ledger.js", script) == [["b"], 0]
