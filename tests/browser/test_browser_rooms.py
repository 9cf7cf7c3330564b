"""The library's rooms: many files at once, albums, favourites, search and the trash, as a person uses them."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from shelves import PC, Shelves, choose, enter, names, picture, serious, tile

# ---- Many at once ----


def test_a_long_press_chooses_and_a_tap_then_adds(library: Page) -> None:
    enter(library)
    expect(tile(library, 0)).to_be_visible()
    tile(library, 0).evaluate(
        "(it) => it.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, pointerType: 'touch' }))"
    )
    expect(tile(library, 0)).to_have_attribute("aria-selected", "true")
    tile(library, 0).evaluate(
        "(it) => { it.dispatchEvent(new PointerEvent('pointerup', { bubbles: true })); it.click(); }"
    )

    tile(library, 4).tap()

    expect(library.get_by_text("2 chosen")).to_be_visible()
    expect(library.get_by_role("dialog")).to_have_count(0)
    picture(library, "library-chosen")
    library.keyboard.press("Escape")
    expect(library.get_by_role("toolbar", name="Files chosen")).to_be_hidden()


def test_shift_chooses_all_between(library: Page) -> None:
    enter(library)
    choose(library, 3)
    tile(library, 12).click(modifiers=["Shift"])
    expect(library.get_by_text("10 chosen")).to_be_visible()

    tile(library, 5).click(modifiers=["Shift"])
    expect(library.get_by_text("3 chosen")).to_be_visible()
    library.keyboard.press("Escape")
    tile(library, 8).focus()
    library.keyboard.press("Shift+ArrowDown")
    expect(library.get_by_text("5 chosen")).to_be_visible()


def test_a_whole_month_is_chosen_by_one_button(library: Page) -> None:
    enter(library)

    library.get_by_role("button", name="Choose all of November 2026").tap()

    expect(library.get_by_text("60 chosen")).to_be_visible()


def test_many_go_into_the_trash_by_hundreds_and_come_back(library: Page, shelves: Shelves) -> None:
    enter(library)
    expect(library.get_by_text("130 files")).to_be_visible()
    tile(library, 0).focus()
    library.keyboard.press("Control+a")

    library.get_by_role("toolbar").get_by_role("button", name="Trash").tap()
    expect(library.get_by_text("130 files in the trash. At home nothing is deleted.")).to_be_visible()
    assert [len(body["fileIds"]) for body in shelves.of("POST", "files/trash")] == [100, 30]
    library.get_by_role("button", name="Undo").tap()

    expect(library.get_by_text("130 files restored.")).to_be_visible()
    expect(tile(library, 0)).to_be_visible()
    assert names(library)[:4] == ["IMG_00000.jpg", "IMG_00001.jpg", "IMG_00002.jpg", "IMG_00003.jpg"]


def test_what_cannot_be_done_is_told_and_stays_chosen(library: Page, shelves: Shelves) -> None:
    enter(library)
    choose(library, 1, 2)
    shelves.refuse["files/trash"] = (503, {"Code": "CrowdedError", "Message": "no"})

    library.get_by_role("toolbar").get_by_role("button", name="Trash").tap()

    expect(library.get_by_text("Something went wrong. Try again.")).to_be_visible()
    expect(library.get_by_text("2 chosen")).to_be_visible()


def test_originals_that_are_only_at_home_are_told_of_when_many_are_downloaded(library: Page, shelves: Shelves) -> None:
    enter(library)
    choose(library, 5, 6)

    with library.expect_download() as told:
        library.get_by_role("toolbar").get_by_role("button", name="Download").tap()

    assert told.value.suggested_filename == "VID_00005.mp4"
    expect(library.get_by_text("1 file only at home, on Den PC.")).to_be_visible()
    library.get_by_role("button", name="Ask the PC for it").tap()
    expect(library.get_by_text("The PC is asked")).to_be_visible()
    assert len(shelves.of("POST", f"files/{10**9 - 6:032x}/recall")) == 1


# ---- The other rooms ----


def test_an_album_is_made_filled_named_emptied_and_removed(library: Page, shelves: Shelves) -> None:
    enter(library)
    choose(library, 1, 3)
    library.get_by_role("toolbar").get_by_role("button", name="Add to album").tap()
    library.get_by_label("Name of the album").fill("Brittany")
    library.get_by_role("button", name="Make it").tap()
    expect(library.get_by_text("2 files in “Brittany”.")).to_be_visible()

    library.get_by_role("link", name="Albums").tap()
    library.get_by_role("link", name=re.compile("Brittany.*2 files")).tap()
    expect(library.get_by_role("heading", name="Brittany")).to_be_visible()
    expect(library.locator(".tile")).to_have_count(2)
    assert serious(library) == []

    library.get_by_role("button", name="Rename").tap()
    library.get_by_label("Name of the album").fill("By the sea")
    library.get_by_role("button", name="Save").tap()
    expect(library.get_by_role("heading", name="By the sea")).to_be_visible()

    choose(library, 3)
    library.get_by_role("button", name="Take out").tap()
    expect(library.locator(".tile")).to_have_count(1)
    assert len(shelves.members[next(iter(shelves.albums))]) == 1

    library.get_by_role("button", name="Remove").tap()
    expect(library.get_by_role("dialog", name="Remove the album “By the sea”?")).to_be_visible()
    assert serious(library) == []
    library.get_by_role("button", name="Remove album").tap()
    expect(library.get_by_text("No albums yet.")).to_be_visible()
    assert shelves.albums == {}


def test_favourites_are_a_room_of_their_own(library: Page) -> None:
    enter(library, "/favourites")

    expect(library.get_by_text("1 file", exact=True)).to_be_visible()
    assert names(library) == ["IMG_00007.jpg"]


def test_what_is_no_favourite_any_more_leaves_their_room_and_may_come_back(library: Page, shelves: Shelves) -> None:
    enter(library, "/favourites")
    choose(library, 7)
    library.get_by_role("toolbar").get_by_role("button", name="No favourite").tap()
    expect(library.get_by_text("No favourites yet.")).to_be_visible()
    expect(library.locator(".tile")).to_have_count(0)
    assert not shelves.files[7]["favourite"]

    library.get_by_role("button", name="Undo").tap()

    expect(library.locator(".tile")).to_have_count(1)
    assert shelves.files[7]["favourite"]


def test_a_dialog_speaks_of_what_is_gone_in_words_for_people(library: Page, shelves: Shelves) -> None:
    shelves.albums["a" * 32] = {"albumId": "a" * 32, "name": "Brittany", "version": 1}
    shelves.members["a" * 32] = []
    enter(library, f"/albums/{'a' * 32}")
    library.get_by_role("button", name="Rename").tap()
    shelves.refuse["albums/"] = (404, {"Code": "NotFoundError", "Message": "there is no album"})
    library.get_by_label("Name of the album").fill("By the sea")
    library.get_by_role("button", name="Save").tap()

    expect(library.get_by_role("dialog").get_by_role("alert")).to_have_text("It is not there any more.")


def test_search_asks_once_the_fingers_rest_and_says_if_there_is_nothing(library: Page, shelves: Shelves) -> None:
    enter(library, "/search")
    library.get_by_role("searchbox", name="Search the library").fill("img_0001")
    expect(library.locator(".tile")).to_have_count(10)
    picture(library, "library-search")
    library.get_by_role("searchbox").fill("zebra")

    expect(library.get_by_text("Nothing found for “zebra”.")).to_be_visible()
    assert [body["text"] for body in shelves.of("POST", "files/search")] == ["img_0001", "zebra"]


def test_the_trash_gives_back_and_deletes_only_who_says_so_twice(library: Page, shelves: Shelves) -> None:
    for number in (20, 21, 22):
        shelves.files[number] |= {"status": "trashed", "trashedAt": "2026-11-20T00:00:00.000Z"}
    enter(library, "/trash")
    expect(library.get_by_text("nothing is deleted on your PCs")).to_be_visible()
    choose(library, 20)
    library.get_by_role("button", name="Restore").tap()
    expect(library.get_by_text("1 file restored.")).to_be_visible()

    library.get_by_role("button", name="Empty the trash").tap()
    library.get_by_role("button", name="Cancel").tap()
    assert shelves.of("POST", "files/purge") == []
    library.get_by_role("button", name="Empty the trash").tap()
    assert serious(library) == []
    library.get_by_role("button", name="Delete for good").tap()

    expect(library.get_by_text("The trash is empty.")).to_be_visible()
    assert [len(body["fileIds"]) for body in shelves.of("POST", "files/purge")] == [2]


def test_names_of_files_and_pcs_stay_text(library: Page, shelves: Shelves) -> None:
    shelves.files[9] |= {"name": "<img src=x onerror=alert(1)>.pdf"}
    enter(library)
    tile(library, 9).tap()
    library.get_by_role("button", name="Details").tap()

    expect(library.get_by_role("complementary")).to_contain_text("<img src=x onerror=alert(1)>.pdf")
    assert library.locator("img[src=x]").count() == 0
    assert PC not in library.get_by_role("complementary").inner_text()
