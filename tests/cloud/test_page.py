"""The page's files as the API serves them: which, how, and what they may do in a browser."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib import page
from chalicelib.config import Settings
from tests.access import settings
from tests.gateway import Answer, Gateway

WEB = sorted(page.files())


@pytest.fixture
def api() -> Gateway:
    return Gateway(app)


def a_stage(**other: Any) -> Settings:
    here = vars(settings())
    return Settings(**{**here, **other})


def header(answer: Answer, name: str) -> str:
    return {key.lower(): value for key, value in answer.headers.items()}[name.lower()]


def raw(name: str) -> bytes:
    body = page.files()[name].body
    return body.encode() if isinstance(body, str) else body


def text(name: str) -> str:
    return raw(name).decode()


@pytest.mark.parametrize("path", ["/", "/pair", "/pair?code=BCDF-GHJK"])
def test_the_page_opens_for_anybody(api: Gateway, path: str) -> None:
    answer = api.call("GET", path)

    assert answer.status == 200
    assert header(answer, "Content-Type") == "text/html; charset=utf-8"
    assert '<script type="module" src="web/app.js"></script>' in answer.text


@pytest.mark.parametrize("name", WEB)
def test_every_file_is_served_with_its_type_and_kept_from_being_taken_for_another(api: Gateway, name: str) -> None:
    answer = api.call("GET", f"/web/{name}")

    assert answer.status == 200
    assert header(answer, "Content-Type").split(";")[0] in (
        "text/html",
        "text/css",
        "text/javascript",
        "image/svg+xml",
        "image/png",
        "application/manifest+json",
    )
    assert header(answer, "X-Content-Type-Options") == "nosniff"
    assert header(answer, "Referrer-Policy") == "no-referrer"


@pytest.mark.parametrize("name", ["..", "../app.py", "..%2fapp.py", "%2e%2e", "page.py", ".", "x.js", "", "APP.JS"])
def test_nothing_else_is_served(name: str) -> None:
    with pytest.raises(page.NotFoundError):
        page.answer(settings(), name, {})


def test_who_has_the_file_is_told_so(api: Gateway) -> None:
    tag = header(api.call("GET", "/web/app.js"), "ETag")

    assert page.answer(settings(), "app.js", {"if-none-match": f"W/{tag}"}).status_code == 304
    assert page.answer(settings(), "icon.svg", {"if-none-match": tag}).status_code == 200


def test_a_file_is_asked_for_each_time_so_that_no_two_versions_meet(api: Gateway) -> None:
    assert header(api.call("GET", "/web/app.js"), "Cache-Control") == "no-cache"


def rules(text: str) -> dict[str, list[str]]:
    return {name: rest for name, *rest in (rule.split() for rule in text.split(";"))}


def test_the_page_may_talk_to_its_own_host_and_the_bucket_alone() -> None:
    told = rules(page.policy(a_stage(bucket="photos", region="eu-west-1", endpoint_url="")))

    assert told["connect-src"] == ["'self'", "https://photos.s3.eu-west-1.amazonaws.com"]
    assert told["default-src"] == told["frame-ancestors"] == told["base-uri"] == told["form-action"] == ["'none'"]
    assert told["script-src"] == told["style-src"] == told["worker-src"] == ["'self'"]


def test_on_an_endpoint_of_our_own_the_bucket_is_there() -> None:
    told = rules(page.policy(a_stage(endpoint_url="http://127.0.0.1:4510/")))

    assert told["img-src"] == ["'self'", "http://127.0.0.1:4510"]


def test_no_policy_is_loosened_by_anything_unsafe(api: Gateway) -> None:
    told = header(api.call("GET", "/"), "Content-Security-Policy")

    assert "unsafe" not in told
    assert "*" not in told
    assert "data:" not in told


def test_the_camera_is_for_the_page_alone_and_nothing_else_is_open(api: Gateway) -> None:
    assert header(api.call("GET", "/"), "Permissions-Policy") == "camera=(self), microphone=(), geolocation=()"


def test_the_shell_holds_no_script_style_or_foreign_address_of_its_own() -> None:
    shell = text(page.SHELL)

    assert re.findall(r"<script(?![^>]*src=)", shell) == []
    assert re.findall(r"<style|\son\w+=|\sstyle=|https?://", shell) == []


def test_addresses_are_relative_since_a_stage_comes_before_them() -> None:
    asked = re.findall(r'(?:href|src)="([^"]+)"', text(page.SHELL))

    assert asked
    assert all(one.startswith("web/") and one.removeprefix("web/") in WEB for one in asked)


def test_modules_import_only_what_is_served() -> None:
    for name in (one for one in WEB if one.endswith(".js")):
        for asked in re.findall(r"^(?:import|export)[^;]*from '([^']+)'", text(name), re.MULTILINE):
            assert asked.startswith("./"), (name, asked)
            assert asked.removeprefix("./") in WEB, (name, asked)


def test_the_service_worker_knows_every_file_and_may_keep_the_page_itself(api: Gateway) -> None:
    answer = api.call("GET", "/web/sw.js")
    kept = json.loads(re.search(r"JSON\.parse\('(.*)'\)", answer.text)[1])  # type: ignore[index]

    assert header(answer, "Service-Worker-Allowed") == "../"
    assert sorted([*kept["files"], page.SHELL, page.SERVICE_WORKER]) == WEB
    assert re.fullmatch("[0-9a-f]{16}", kept["version"])
    assert "const CACHE = `backhaul-${KEPT.version}`" in answer.text


def test_all_there_is_weighs_less_than_one_photo_on_the_way() -> None:
    """The gateway compresses what is text, each answer by itself."""
    sent = {name: raw(name) if name.endswith(".png") else gzip.compress(raw(name), 6) for name in WEB}

    assert sum(map(len, sent.values())) <= 150_000
    assert (
        json.loads((Path(app.__file__).parent / ".chalice" / "config.json").read_text())["minimum_compression_size"]
        == 1024
    )


def test_a_picture_leaves_as_its_bytes(api: Gateway) -> None:
    """The gateway turns Base64 back into bytes where it is marked."""
    answer = api.call("GET", "/web/icon-192.png")

    assert base64.b64decode(answer.text) == raw("icon-192.png")
    assert raw("icon-192.png").startswith(b"\x89PNG")


def test_the_manifest_names_what_is_served() -> None:
    manifest = json.loads(text("app.webmanifest"))

    assert [icon["src"] for icon in manifest["icons"]] == ["icon-192.png", "icon-512.png", "icon.svg"]
    assert all(icon["src"] in WEB for icon in manifest["icons"])
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("../", "../", "standalone")
