"""The whole way of a person with a phone: account, photos and a long video, a reload, a PC, everything at home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pcs import asking, digest, digests, fetching
from phone import Phone
from playwright.sync_api import Route, expect
from whole_system import WholeSystem, await_truth

from tests.media.pictures import encoded

EMAIL = "anna@example.com"
PHOTOS = 30
MEBIBYTE = 1024**2
# Three parts at least: two are in when the page is reloaded. 300 is the size to try by hand.
VIDEO_MEBIBYTES = int(os.environ.get("BACKHAUL_VIDEO_MEBIBYTES", "40"))
VIDEO_BYTES = VIDEO_MEBIBYTES * MEBIBYTE
PATIENCE = 180 + VIDEO_MEBIBYTES
PARTS = -(-VIDEO_BYTES // (16 * MEBIBYTE))


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    made = []
    for number in range(PHOTOS):
        path = folder / f"IMG_{number:04}.jpg"
        path.write_bytes(encoded("JPEG", 320 + number * 16, 240))
        made.append(path)
    return made


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "holiday.mp4"
    with path.open("wb") as file:
        for _ in range(VIDEO_BYTES // MEBIBYTE):
            file.write(os.urandom(MEBIBYTE))
    return path


def test_from_a_phone_to_the_disk_at_home(
    system: WholeSystem, phone: Phone, photos: list[Path], video: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    files = [video, *photos]
    sent = {digest(path) for path in files}

    gets_an_account(phone)
    lets_a_pc_in(system, phone, home)
    reloads_in_the_middle(phone, video)
    sends_the_rest(phone, files)
    sees_why_it_waits(phone, len(files))
    with fetching(system, home):
        expect(phone.page.locator("#sum")).to_have_text(
            f"All {len(files)} files are safe at home", timeout=PATIENCE * 1000
        )
    assert digests(home) == sent
    sees_that_all_is_home(phone)
    sends_again_what_is_known(phone, photos[0])
    reads_what_it_comes_to(phone)
    removes_the_pc(phone)
    phone.sign_out()
    assert phone.page.evaluate("localStorage.length + sessionStorage.length") == 0


def gets_an_account(phone: Phone) -> None:
    phone.open()
    expect(phone.page.get_by_role("heading", name="Sign in")).to_be_visible()
    phone.looks("sign-in")
    phone.sign_up(EMAIL)
    expect(phone.page.get_by_text("Nothing here yet")).to_be_visible()
    expect(phone.page.get_by_text("No PC is paired")).to_be_visible()
    phone.looks("home-empty")


def lets_a_pc_in(system: WholeSystem, phone: Phone, home: Path) -> None:
    page = phone.page
    with asking(system, home) as (process, told):
        phone.open(told["verificationUriComplete"].removeprefix(phone.url))
        expect(page.get_by_role("heading", name="Let Den PC in?")).to_be_visible()
        expect(page.get_by_text(told["userCode"])).to_be_visible()
        expect(page.get_by_text("127.0.0.1")).to_be_visible()
        phone.looks("pairing")
        page.get_by_role("button", name="Yes, let it in").click()
        expect(page.get_by_text("Den PC is let in")).to_be_visible()
        assert process.wait(60) == 0


def reloads_in_the_middle(phone: Phone, video: Path) -> None:
    """All parts but the last are in; that never leaves the phone before the reload."""
    page, held = phone.page, [True]
    stopped: list[Route] = []

    def stop_the_last(route: Route) -> None:
        if held and route.request.method == "PUT":
            stopped.append(route)
        else:
            route.continue_()

    page.route(f"**/*partNumber={PARTS}&*", stop_the_last)
    phone.go("Home")
    phone.choose(video)
    await_truth(
        lambda: phone.hears() and len(phone.puts) == PARTS - 1 and len(stopped) == 1, PATIENCE, "all parts but one"
    )
    page.on("dialog", lambda dialog: dialog.accept())
    held.clear()
    page.reload()
    expect(page.get_by_text("Choose holiday.mp4 again")).to_be_visible()


def sends_the_rest(phone: Phone, files: list[Path]) -> None:
    phone.puts.clear()
    phone.choose(*files)
    expect(phone.page.locator("#sum")).to_have_text(
        f"All {len(files)} files are safe in the cloud", timeout=PATIENCE * 1000
    )

    assert len([url for url in phone.puts if "partNumber" in url]) == 1
    assert len(phone.puts) == len(files)


def sees_why_it_waits(phone: Phone, number: int) -> None:
    page = phone.page
    expect(page.get_by_text(f"{number} files on the way home")).to_be_visible()
    expect(page.get_by_text("Den PC is paired, but has not been seen yet")).to_be_visible()
    page.get_by_text("See what is on the way").click()
    expect(page.get_by_text("Waits for Den PC, which has not been seen yet.").first).to_be_visible()
    phone.looks("home-on-the-way")


def sees_that_all_is_home(phone: Phone) -> None:
    expect(phone.page.get_by_text("Everything is safe at home")).to_be_visible()
    phone.looks("home")


def sends_again_what_is_known(phone: Phone, photo: Path) -> None:
    phone.page.get_by_role("button", name="Clear the list").click()
    phone.puts.clear()
    phone.choose(photo)
    expect(phone.page.get_by_text("was here already")).to_be_visible()
    assert phone.puts == []


def reads_what_it_comes_to(phone: Phone) -> None:
    page = phone.page
    phone.enter("Storage and cost")
    expect(page.get_by_role("img", name="Bytes that came in")).to_be_visible()
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("columnheader", name="Went home")).to_be_visible()
    phone.looks("storage")
    phone.enter("Activity")
    expect(page.get_by_text("Den PC paired")).to_be_visible()
    phone.looks("activity")
    page.get_by_label("Show").select_option(label="Files")
    expect(page.get_by_text("Den PC paired")).to_have_count(0)
    expect(page.get_by_text("file sent").or_(page.get_by_text("files sent")).first).to_be_visible()


def removes_the_pc(phone: Phone) -> None:
    page = phone.page
    phone.go("Devices")
    expect(page.get_by_text("Last seen")).to_contain_text("Has everything")
    phone.looks("devices")
    page.get_by_role("button", name="Rename: Den PC").click()
    page.get_by_label("New name").fill("Attic PC")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Remove: Attic PC").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Attic PC is removed")).to_be_visible()


def test_links_that_ended_and_a_line_that_breaks_cost_nothing_but_time(phone: Phone, photos: list[Path]) -> None:
    page = phone.page
    phone.watched.expect(r"status of 403")
    phone.watched.expect(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED")
    phone.open()
    phone.sign_up("bert@example.com")
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if route.request.method != "PUT" or len(refused) == 2:
            route.continue_()
        elif not refused:
            refused.append("the link has ended")
            route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"})
        else:
            refused.append("the line is gone")
            phone.context.set_offline(offline=True)
            route.abort("internetdisconnected")

    page.route("**/originals/**", refuse_once)
    phone.choose(*photos[:2])
    expect(page.get_by_text("No connection.")).to_be_visible()
    assert "safe" not in page.locator("#sum").inner_text().replace("not safe", "")
    phone.context.set_offline(offline=False)

    expect(page.locator("#sum")).to_have_text("All 2 files are safe in the cloud")
    assert refused == ["the link has ended", "the line is gone"]


def test_an_empty_file_is_refused_by_name_and_nothing_is_called_safe(phone: Phone, tmp_path: Path) -> None:
    (tmp_path / "nothing.txt").touch()
    phone.open()
    phone.sign_up("carl@example.com")

    phone.choose(tmp_path / "nothing.txt")

    expect(phone.page.get_by_text("It is empty.")).to_be_visible()
    expect(phone.page.locator("#sum")).to_have_text("1 file could not be sent")


def test_the_page_opens_without_a_line(phone: Phone) -> None:
    phone.open()
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.watched.expect(r"ERR_INTERNET_DISCONNECTED")

    phone.context.set_offline(offline=True)
    phone.page.reload()

    expect(phone.page.get_by_role("heading", name="Sign in")).to_be_visible()
    phone.sign_in("dora@example.com")
    expect(phone.page.get_by_role("alert")).to_contain_text("cannot be reached")
