"""The library before the embedded cloud: what was sent is seen, found, thrown away and had back."""

from __future__ import annotations

from pathlib import Path

from phone import Phone
from playwright.sync_api import expect

from tests.media.pictures import encoded


def test_what_was_sent_is_looked_at_and_thrown_away_and_had_back(phone: Phone, tmp_path: Path) -> None:
    names = ("beach.jpg", "castle.jpg", "ferry.jpg")
    for at, name in enumerate(names):
        (tmp_path / name).write_bytes(encoded("JPEG", 480, 360 + 8 * at, orientation=at))
    phone.open()
    phone.sign_up("lena@example.com")
    phone.choose(*(tmp_path / name for name in names))
    expect(phone.page.locator("#sum")).to_have_text("All 3 files are safe in the cloud")

    looks_at_what_is_there(phone)
    has_an_album(phone)
    finds_by_words(phone)
    throws_away_and_has_back(phone)


def looks_at_what_is_there(phone: Phone) -> None:
    page = phone.page
    phone.go("Library")
    expect(page.locator(".tile img.shown")).to_have_count(3)
    page.locator('.tile[aria-label^="castle.jpg"]').tap()
    large = page.get_by_role("img", name="castle.jpg")
    expect(large).to_be_visible()
    assert large.evaluate("(it) => it.decode().then(() => it.naturalWidth)") == 480
    page.get_by_role("button", name="Details").tap()
    expect(page.get_by_role("complementary")).to_contain_text("Apple iPhone 14")
    expect(page.get_by_role("complementary")).to_contain_text("On no PC yet")
    page.get_by_role("button", name="Favourite", exact=True).tap()
    expect(page.get_by_text("1 file marked as favourite.")).to_be_visible()
    with page.expect_download() as told:
        page.get_by_role("button", name="Download").tap()
    assert told.value.path().read_bytes() == encoded("JPEG", 480, 368, orientation=1)
    page.get_by_role("button", name="Close", exact=True).first.tap()
    expect(page.get_by_role("dialog")).to_have_count(0)


def has_an_album(phone: Phone) -> None:
    page = phone.page
    page.locator('.tile[aria-label^="ferry.jpg"]').press(" ")
    page.get_by_role("button", name="Add to album").tap()
    page.get_by_label("Name of the album").fill("Islands")
    page.get_by_role("button", name="Make it").tap()
    expect(page.get_by_text("1 file in “Islands”.")).to_be_visible()
    page.get_by_role("link", name="Albums").tap()
    page.get_by_role("link", name="Islands").tap()
    expect(page.locator(".tile")).to_have_count(1)


def finds_by_words(phone: Phone) -> None:
    page = phone.page
    page.get_by_role("link", name="Search").tap()
    page.get_by_role("searchbox").fill("cast")
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("searchbox").fill("cast zebra")
    expect(page.get_by_text("Nothing found for “cast zebra”.")).to_be_visible()


def throws_away_and_has_back(phone: Phone) -> None:
    page = phone.page
    page.get_by_role("link", name="Favourites").tap()
    expect(page.locator(".tile")).to_have_count(1)
    page.locator(".tile").press(" ")
    page.get_by_role("toolbar").get_by_role("button", name="Trash").tap()
    expect(page.get_by_text("1 file in the trash.")).to_be_visible()
    page.get_by_role("link", name="Trash").tap()
    page.locator('.tile[aria-label^="castle.jpg"]').press(" ")
    page.get_by_role("button", name="Restore").tap()
    expect(page.get_by_text("1 file restored.")).to_be_visible()
    page.get_by_role("link", name="Photos").tap()
    expect(page.locator(".tile")).to_have_count(3)
