"""The library on a phone: what a person sees, does and is told, before a cloud that the test keeps in its head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from shelves import Shelves, a_file, a_phone, enter, picture, serious, tile

# Nodes of the whole page, whatever the library holds: some twenty rows of four tiles, and what stands around them.
MOST_NODES = 1000
# Between two rows, and what rounding adds.
GAP = 4


# ---- The timeline ----


@pytest.fixture(scope="module")
def large(browser: Browser) -> Iterator[tuple[Page, Shelves]]:
    """Ten thousand files, read to the end."""
    shelves = Shelves([a_file(number) for number in range(10_000)])
    for page in a_phone(browser, shelves):
        enter(page)
        expect(page.get_by_text("10,000 files", exact=True)).to_be_visible()
        yield page, shelves


def drawn(page: Page) -> dict[str, Any]:
    """Return what there is once what is in view has been drawn."""
    told: dict[str, Any] = page.evaluate(
        """async () => {
            await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
            const { top, bottom } = document.querySelector('.timeline').getBoundingClientRect();
            const boxes = [...document.querySelectorAll('.timeline > [role=row]')];
            const rows = boxes.map((row) => row.getBoundingClientRect());
            let [empty, end] = [0, Math.max(0, top)];
            for (const row of [...rows, { top: Math.min(innerHeight, bottom), bottom: 0 }]) {
                empty = Math.max(empty, Math.min(row.top, innerHeight) - end);
                end = Math.max(end, row.bottom);
            }
            return { empty, nodes: document.querySelectorAll('*').length, height: document.documentElement.scrollHeight,
                tiles: document.querySelectorAll('.tile').length };
        }"""
    )
    return told


def test_of_ten_thousand_files_only_those_in_view_exist(large: tuple[Page, Shelves]) -> None:
    page, shelves = large
    page.evaluate("scrollTo(0, 0)")
    height = drawn(page)["height"]

    for part in range(13):
        page.evaluate("(y) => scrollTo(0, y)", (height - 844) * part / 12)
        told = drawn(page)
        assert told["nodes"] <= MOST_NODES
        assert told["tiles"] <= 120
        assert told["empty"] <= GAP
        assert told["height"] == height

    expect(page.locator(".tile img.shown").first).to_be_attached()
    asked = [len(body["files"]) for body in shelves.of("POST", "files/links")]
    assert max(asked) <= 100


def test_the_thumb_goes_to_any_month(large: tuple[Page, Shelves]) -> None:
    page, _ = large
    thumb = page.get_by_role("slider", name="Go to a month")

    thumb.focus()
    page.keyboard.press("Home")
    expect(thumb).to_have_attribute("aria-valuetext", "November 2026")
    page.keyboard.press("ArrowDown")
    expect(thumb).to_have_attribute("aria-valuetext", "October 2026")
    page.keyboard.press("End")

    expect(thumb).to_have_attribute("aria-valuenow", thumb.get_attribute("aria-valuemax") or "")


def test_a_thumb_is_dragged_through_the_years(large: tuple[Page, Shelves]) -> None:
    page, _ = large
    page.evaluate("scrollTo(0, 0)")
    drawn(page)
    thumb = page.get_by_role("slider", name="Go to a month")
    expect(thumb).to_have_attribute("aria-valuetext", "November 2026")
    box = thumb.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + 30, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 320, steps=4)
    page.mouse.up()

    expect(thumb).not_to_have_attribute("aria-valuetext", "November 2026")
    assert page.evaluate("scrollY > document.documentElement.scrollHeight / 4")


def test_the_arrows_walk_through_the_grid_and_take_the_view_along(library: Page) -> None:
    enter(library)
    tile(library, 0).focus()

    for _ in range(20):
        library.keyboard.press("ArrowDown")

    focused = library.locator(".tile:focus")
    expect(focused).to_be_in_viewport()
    assert int(focused.get_attribute("data-at") or 0) > 70
    library.keyboard.press("Control+Home")
    expect(tile(library, 0)).to_be_focused()


def test_a_list_that_does_not_come_is_told_and_asked_for_again(library: Page, shelves: Shelves) -> None:
    shelves.refuse["files"] = (500, {"Code": "InternalServerError", "Message": "no"})
    enter(library)
    expect(library.get_by_role("alert")).to_contain_text("Something went wrong")

    shelves.refuse.clear()
    library.get_by_role("button", name="Try again").click()

    expect(library.get_by_text("130 files")).to_be_visible()
    expect(library.get_by_role("alert")).to_have_count(0)


def test_a_list_that_breaks_off_keeps_what_came(library: Page, shelves: Shelves) -> None:
    whole = shelves.answer

    def once(method: str, path: str, body: Any) -> Any:
        return (503, {"Code": "Busy"}) if path == "files" and body.get("next") else whole(method, path, body)

    shelves.answer = once  # type: ignore[method-assign]
    enter(library)

    expect(library.get_by_role("alert")).to_be_attached()
    expect(tile(library, 0)).to_be_visible()


def test_a_picture_made_meanwhile_appears_by_itself(library: Page, shelves: Shelves) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    shelves.files[0] |= {"previews": [], "createdAt": now}
    enter(library)
    expect(tile(library, 0)).to_contain_text("IMG_00000.jpg")

    shelves.files[0]["previews"] = ["256", "1600"]
    shelves.files.insert(0, a_file(-1))

    expect(tile(library, 0).locator("img.shown")).to_be_visible()
    expect(tile(library, -1)).to_be_visible()


def test_an_empty_library_says_what_to_do(library: Page, shelves: Shelves) -> None:
    shelves.files.clear()

    enter(library)

    expect(library.get_by_text("What you send appears here, by month.")).to_be_visible()


def test_the_library_is_fit_for_everybody_by_day_and_night(library: Page) -> None:
    enter(library)
    expect(library.locator(".tile img.shown").nth(15)).to_be_visible()

    picture(library, "library-photos")


# ---- The viewer ----


def test_the_viewer_goes_on_and_gives_the_focus_back(library: Page) -> None:
    enter(library)
    tile(library, 0).focus()
    library.keyboard.press("Enter")
    viewer = library.get_by_role("dialog", name="IMG_00000.jpg")
    expect(viewer).to_be_visible()
    expect(library.get_by_role("img", name="IMG_00000.jpg")).to_be_visible()

    library.keyboard.press("ArrowRight")
    expect(library.get_by_role("img", name="IMG_00001.jpg")).to_be_visible()
    for _ in range(12):
        library.keyboard.press("Tab")
        assert library.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    library.keyboard.press("Escape")

    expect(library.get_by_role("dialog")).to_have_count(0)
    expect(tile(library, 1)).to_be_focused()
    assert library.url.endswith("/#library")


def test_the_way_back_of_a_phone_closes_the_viewer_alone(library: Page) -> None:
    enter(library)
    tile(library, 3).tap()
    expect(library.get_by_role("dialog")).to_be_visible()

    library.go_back()

    expect(library.get_by_role("dialog")).to_have_count(0)
    expect(library.get_by_text("130 files")).to_be_visible()


def swipe(page: Page, dx: int) -> None:
    page.locator(".stage").evaluate(
        """(stage, dx) => {
            const touch = { bubbles: true, isPrimary: true, pointerType: 'touch', clientY: 400 };
            const at = (type, clientX) => stage.dispatchEvent(new PointerEvent(type, { ...touch, clientX }));
            at('pointerdown', 200); at('pointermove', 200 + dx / 2); at('pointerup', 200 + dx);
        }""",
        dx,
    )


def test_a_swipe_goes_to_the_neighbour_and_a_twitch_does_not(library: Page) -> None:
    enter(library)
    tile(library, 3).tap()
    title = library.locator("#viewer-title")

    swipe(library, -20)
    expect(title).to_have_text("IMG_00003.jpg")
    swipe(library, -120)
    expect(title).to_have_text("IMG_00004.jpg")
    swipe(library, 120)
    expect(title).to_have_text("IMG_00003.jpg")


def test_details_tell_where_a_file_is_and_since_when_that_is_sure(library: Page) -> None:
    enter(library)
    tile(library, 12).tap()
    expect(library.get_by_role("img", name="IMG_00012.jpg")).to_be_visible()
    picture(library, "library-viewer")
    library.get_by_role("button", name="Details").tap()

    facts = library.get_by_role("complementary", name="Details")
    for text in ("Apple iPhone 14", "48.8577° N", "Den PC, verified 20 Nov 2026, 21:15", "The original is there"):
        expect(facts).to_contain_text(text)
    picture(library, "library-details")
    library.get_by_role("button", name="Next").click()
    expect(facts).to_contain_text("IMG_00013.jpg")


def test_a_video_plays_from_its_link(library: Page) -> None:
    enter(library)
    tile(library, 5).tap()
    video = library.locator("video")
    expect(video).to_be_visible()

    played = video.evaluate(
        "(it) => new Promise((over) => { it.onended = () => over(it.currentTime); it.muted = true; it.play(); })"
    )

    assert played > 0.9


def test_a_file_that_is_only_at_home_says_where_and_is_asked_back(library: Page, shelves: Shelves) -> None:
    enter(library)
    tile(library, 6).tap()
    expect(library.get_by_role("alert")).to_contain_text("The file is at home, on Den PC")
    assert serious(library) == []

    library.get_by_role("button", name="Ask the PC for it").tap()

    expect(library.get_by_text("The PC is asked")).to_be_visible()
    assert len(shelves.of("POST", f"files/{10**9 - 6:032x}/recall")) == 1


def test_what_cannot_be_seen_is_told_plainly(library: Page) -> None:
    enter(library)
    tile(library, 2).tap()
    expect(library.get_by_role("alert")).to_contain_text("never sent whole")
    library.keyboard.press("Escape")
    tile(library, 9).tap()
    expect(library.get_by_role("alert")).to_contain_text("no picture of it")


def test_a_favourite_is_one_at_once_even_if_another_was_quicker(library: Page, shelves: Shelves) -> None:
    changed = {"Code": "ChangedMeanwhileError", "Message": "no", "Details": {"version": 4}}
    path = f"files/{10**9 - 4:032x}"
    whole = shelves.answer

    def quicker(method: str, asked: str, body: Any) -> Any:
        return (
            (409, changed) if (method, asked, body.get("version")) == ("PATCH", path, 0) else whole(method, asked, body)
        )

    shelves.answer = quicker  # type: ignore[method-assign]
    enter(library)
    tile(library, 4).tap()
    library.get_by_role("button", name="Favourite", exact=True).tap()

    expect(library.get_by_role("button", name="No favourite")).to_have_attribute("aria-pressed", "true")
    library.keyboard.press("Escape")
    expect(tile(library, 4)).to_have_attribute("aria-label", re.compile("favourite"))
    assert [body["version"] for body in shelves.of("PATCH", path)] == [4]


def test_what_goes_into_the_trash_while_it_is_seen_makes_room_for_the_next(library: Page) -> None:
    enter(library)
    tile(library, 10).tap()
    library.get_by_role("button", name="Trash").tap()

    expect(library.locator("#viewer-title")).to_have_text("IMG_00011.jpg")
    library.get_by_role("button", name="Undo").tap()
    expect(library.get_by_text("1 file restored.")).to_be_visible()
    library.keyboard.press("ArrowLeft")
    expect(library.locator("#viewer-title")).to_have_text("IMG_00010.jpg")


def test_the_original_is_downloaded_from_its_link(library: Page) -> None:
    enter(library)
    tile(library, 12).tap()

    with library.expect_download() as told:
        library.get_by_role("button", name="Download").tap()

    assert told.value.suggested_filename == "IMG_00012.jpg"
    expect(library.get_by_role("dialog")).to_be_visible()
