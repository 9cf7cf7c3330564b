"""The whole way of a person with a phone: account, photos and a long video, a reload, a PC, everything at home."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from phone import Phone
from playwright.sync_api import Route, expect
from whole_system import WholeSystem, await_truth

from tests.media.pictures import encoded

EMAIL = "anna@example.com"
VIDEO_BYTES = 40 * 1024**2


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    made = []
    for number in range(10):
        path = folder / f"IMG_{number:04}.jpg"
        path.write_bytes(encoded("JPEG", 640 + number * 16, 480))
        made.append(path)
    return made


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "holiday.mp4"
    path.write_bytes(os.urandom(VIDEO_BYTES))
    return path


@contextmanager
def a_pc(system: WholeSystem, home: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """An agent that asks to be paired, and what it shows."""
    command = [sys.executable, "-m", "agent", "pair", f"http://127.0.0.1:{system.api_port}"]
    command += ["--home", str(home), "--name", "Den PC", "--yes", "--json"]
    environment = {**os.environ, "BACKHAUL_KEYRING": "file"}
    process = subprocess.Popen(command, cwd=system.project, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def running(system: WholeSystem, home: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "agent", "run", "--home", str(home)]
    environment = {**os.environ, "BACKHAUL_KEYRING": "file"}
    process = subprocess.Popen(command, cwd=system.project, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def digests(folder: Path) -> set[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and ".backhaul" not in path.parts]
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def serious(phone: Phone) -> list[str]:
    """What an accessibility run finds that would keep somebody out."""
    found = Axe().run(phone.page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def test_from_a_phone_to_the_disk_at_home(
    system: WholeSystem, phone: Phone, photos: list[Path], video: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    sent = {hashlib.sha256(path.read_bytes()).hexdigest() for path in [video, *photos]}

    gets_an_account(phone)
    lets_a_pc_in(system, phone, home)
    reloads_in_the_middle(phone, video)
    sends_the_rest(phone, [video, *photos])
    with running(system, home):
        expect(phone.page.locator("#sum")).to_have_text("All 11 files are safe at home")
    assert digests(home) == sent
    sees_that_all_is_home(phone)
    sends_again_what_is_known(phone, photos[0])
    looks_through_the_library(phone)
    removes_the_pc(phone)
    signs_out(phone)


def gets_an_account(phone: Phone) -> None:
    phone.open()
    expect(phone.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert serious(phone) == []
    phone.picture("sign-in-light")
    phone.sign_up(EMAIL)
    expect(phone.page.get_by_text("Nothing here yet")).to_be_visible()
    expect(phone.page.get_by_text("No PC is paired")).to_be_visible()
    assert serious(phone) == []


def lets_a_pc_in(system: WholeSystem, phone: Phone, home: Path) -> None:
    page = phone.page
    with a_pc(system, home) as (process, told):
        phone.open(told["verificationUriComplete"].removeprefix(phone.url))
        expect(page.get_by_role("heading", name="Let Den PC in?")).to_be_visible()
        expect(page.get_by_text("127.0.0.1")).to_be_visible()
        assert serious(phone) == []
        phone.picture("pairing-light")
        page.get_by_role("button", name="Yes, let it in").click()
        expect(page.get_by_text("Den PC is let in")).to_be_visible()
        assert process.wait(60) == 0


def reloads_in_the_middle(phone: Phone, video: Path) -> None:
    """Two of three parts are in; the third never leaves the phone before the reload."""
    page, held = phone.page, [True]
    stopped: list[Route] = []

    def stop_the_third(route: Route) -> None:
        if held and route.request.method == "PUT":
            stopped.append(route)
        else:
            route.continue_()

    page.route("**/*partNumber=3*", stop_the_third)
    phone.go("Home")
    phone.choose(video)
    await_truth(lambda: phone.hears() and len(phone.puts) == 2 and len(stopped) == 1, 120, "two parts of three")
    page.on("dialog", lambda dialog: dialog.accept())
    held.clear()
    page.reload()
    expect(page.get_by_text("Choose holiday.mp4 again")).to_be_visible()


def sends_the_rest(phone: Phone, files: list[Path]) -> None:
    phone.puts.clear()
    phone.choose(*files)
    expect(phone.page.locator("#sum")).to_have_text("All 11 files are safe in the cloud")
    phone.picture("uploaded-light")

    assert len([url for url in phone.puts if "partNumber" in url]) == 1
    assert len(phone.puts) == 11


def sees_that_all_is_home(phone: Phone) -> None:
    expect(phone.page.get_by_text("Everything is safe at home")).to_be_visible()
    for scheme in ("light", "dark"):
        phone.page.emulate_media(color_scheme=scheme)
        phone.picture(f"home-{scheme}")
        assert serious(phone) == []


def sends_again_what_is_known(phone: Phone, photo: Path) -> None:
    phone.page.get_by_role("button", name="Clear the list").click()
    phone.puts.clear()
    phone.choose(photo)
    expect(phone.page.get_by_text("was here already")).to_be_visible()
    assert phone.puts == []


def looks_through_the_library(phone: Phone) -> None:
    phone.go("Library")
    expect(phone.page.locator(".tile img").first).to_be_visible()
    expect(phone.page.locator(".tile")).to_have_count(11)
    assert serious(phone) == []
    phone.picture("library-dark")


def removes_the_pc(phone: Phone) -> None:
    page = phone.page
    phone.go("Devices")
    expect(page.get_by_text("Last seen")).to_contain_text("Has everything")
    assert serious(phone) == []
    phone.picture("devices-dark")
    page.get_by_role("button", name="Remove: Den PC").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Den PC is removed")).to_be_visible()


def signs_out(phone: Phone) -> None:
    phone.page.get_by_role("button", name="Sign out").click()
    expect(phone.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert phone.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_wrong_password_is_told_and_a_link_that_ended_is_renewed(phone: Phone, photos: list[Path]) -> None:
    page = phone.page
    phone.watched.expect(r"status of (401|403)")
    phone.open()
    phone.sign_in("nobody@example.com")
    expect(page.get_by_role("alert")).to_contain_text("Address or password is wrong")
    phone.sign_up("bert@example.com")
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if route.request.method != "PUT" or refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"})

    page.route("**/originals/**", refuse_once)
    phone.choose(photos[0])

    expect(page.locator("#sum")).to_have_text("The file is safe in the cloud")
    assert len(refused) == 1


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
