"""What belongs to an owner's account: password, authenticator app, settings, scanning a code, and the way out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import zxingcpp
from pcs import asking
from phone import PASSWORD, Phone, totp
from PIL import Image
from playwright.sync_api import expect
from whole_system import WholeSystem

EMAIL = "emil@example.com"
NEW_PASSWORD = "Correct-horse-2"
RESET_PASSWORD = "Correct-horse-3"
MAILED_CODE = "654321"  # what the embedded cloud mails to all who forgot
# A browser that reads codes: this Chromium can not, so what it would see is told it.
SEES = """(seen) => {
    globalThis.BarcodeDetector = class { async detect() { return [{ rawValue: globalThis.before ?? seen }]; } };
    globalThis.asked = 0;
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wish) => { globalThis.asked += 1; return real(wish); };
}"""


@pytest.fixture
def emil(phone: Phone) -> Phone:
    phone.watched.expect(r"status of (400|401|403)")
    phone.open()
    return phone


def test_an_account_from_its_first_password_to_its_end(emil: Phone) -> None:
    emil.sign_in(EMAIL)
    expect(emil.page.get_by_role("alert")).to_contain_text("Address or password is wrong")
    emil.sign_up(EMAIL)
    changes_the_password(emil)
    keeps_what_is_set(emil)
    adds_an_authenticator_app(emil)
    signs_in_with_it(emil)
    turns_it_off(emil)
    forgets_the_password(emil)
    closes_the_account(emil)


def changes_the_password(emil: Phone) -> None:
    page = emil.page
    emil.enter("Sign-in and security")
    page.get_by_label("Password so far").fill("Wrong-horse-12")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("The password is wrong.")).to_be_visible()
    page.get_by_label("Password so far").fill(PASSWORD)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("The password is changed.")).to_be_visible()


def keeps_what_is_set(emil: Phone) -> None:
    page = emil.page
    emil.enter("Settings")
    page.get_by_label("Keep cloud copies").select_option(label="For ever")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_label("Remember where pictures were taken").click()
    places = page.get_by_label("Remember where pictures were taken").is_checked()
    weekly = page.get_by_label("Tell me once a week what came home")
    expect(weekly).not_to_be_checked()
    with page.expect_response(lambda one: one.request.method == "PATCH"):
        weekly.click()
    emil.go("Home")
    emil.enter("Settings")
    expect(page.get_by_label("Keep cloud copies")).to_have_value("never")
    assert page.get_by_label("Remember where pictures were taken").is_checked() is places
    expect(page.get_by_label("Tell me once a week what came home")).to_be_checked()
    emil.looks("settings")


def adds_an_authenticator_app(emil: Phone) -> None:
    page = emil.page
    emil.enter("Sign-in and security")
    page.get_by_role("button", name="Set it up").click()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    assert f"secret={secret}&" in scanned(emil)
    emil.looks("authenticator")
    page.get_by_role("textbox", name="Code").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("This code is wrong or too old.")).to_be_visible()
    page.get_by_role("textbox", name="Code").fill(totp(secret))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("The authenticator app is set up.")).to_be_visible()
    emil.secret = secret


def scanned(emil: Phone) -> str:
    """Read the code off the screen as an authenticator app does."""
    for scheme in ("dark", "light"):
        emil.page.emulate_media(color_scheme=scheme)
        picture = Image.open(io.BytesIO(emil.page.locator(".qr").screenshot()))
        (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)


def signs_in_with_it(emil: Phone) -> None:
    page = emil.page
    emil.sign_out()
    emil.sign_in(EMAIL, NEW_PASSWORD)
    expect(page.get_by_role("heading", name="Your authenticator app")).to_be_visible()
    page.get_by_role("textbox", name="Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or too old.")
    page.get_by_role("textbox", name="Code").fill(totp(emil.secret))
    page.get_by_role("button", name="Sign in").click()
    emil.is_in()


def turns_it_off(emil: Phone) -> None:
    page = emil.page
    emil.enter("Sign-in and security")
    page.get_by_role("button", name="Turn it off").click()
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Turn it off").click()
    expect(page.get_by_text("The authenticator app is turned off.")).to_be_visible()
    emil.sign_out()
    emil.sign_in(EMAIL, NEW_PASSWORD)
    emil.is_in()


def forgets_the_password(emil: Phone) -> None:
    page = emil.page
    emil.sign_out()
    page.get_by_role("button", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_role("button", name="Send a code").click()
    page.get_by_role("textbox", name="Code").fill(MAILED_CODE)
    page.get_by_label("New password").fill(RESET_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("The password is set.")).to_be_visible()
    emil.sign_in(EMAIL, RESET_PASSWORD)
    emil.is_in()


def closes_the_account(emil: Phone) -> None:
    page = emil.page
    emil.enter("Sign-in and security")
    page.get_by_role("button", name="Close the account…").click()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    emil.looks("closing")
    page.get_by_label("Type CLOSE to go on").fill("yes")
    page.get_by_label("Password", exact=True).fill(RESET_PASSWORD)
    page.get_by_role("button", name="Close it for good").click()
    expect(page.get_by_text("Not typed as asked.")).to_be_visible()
    page.get_by_label("Type CLOSE to go on").fill("CLOSE")
    page.get_by_role("button", name="Close it for good").click()
    expect(page.get_by_text("Your account is closed.")).to_be_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    emil.sign_in(EMAIL, RESET_PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("Address or password is wrong")


def test_a_pc_is_let_in_by_its_picture_and_the_camera_waits_to_be_asked(
    system: WholeSystem, phone: Phone, tmp_path: Path
) -> None:
    page = phone.page
    with asking(system, tmp_path / "home", "Scanned PC") as (process, told):
        page.add_init_script(f"({SEES})({told['verificationUriComplete']!r})")
        page.add_init_script("globalThis.before = 'https://elsewhere.example/a'")
        phone.open()
        phone.sign_up("fritz@example.com")
        phone.go("Devices")
        expect(page.get_by_role("button", name="Scan its QR code")).to_be_visible()
        assert page.evaluate("asked") == 0

        page.get_by_role("button", name="Scan its QR code").click()
        expect(page.get_by_text("That is no code of Backhaul.")).to_be_visible()
        page.evaluate("delete globalThis.before")

        expect(page.get_by_role("heading", name="Let Scanned PC in?")).to_be_visible()
        assert page.evaluate("asked") == 1
        page.get_by_role("button", name="Yes, let it in").click()
        assert process.wait(60) == 0
