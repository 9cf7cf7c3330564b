"""The security of Backhaul, as a sceptic would try it: each test is an attack, and the reason why it comes to nothing.

Read it from top to bottom, then the forgeries beside it, each of which needs an account of its own; docs/SECURITY.md
says what is behind each, and which tests look closer. Anna and Bert share
a stage; Mallory has whatever the test says.
"""

import logging
import re
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agent.drive import paths
from agent.errors import AgentError, UnsafeAddressError
from agent.fetch import notices
from agent.wire.api import DeviceApi
from chalicelib import keys
from chalicelib.auth import device_keys
from chalicelib.cloud import cloud
from chalicelib.library import dispositions
from chalicelib.media import boxes, sandbox
from chalicelib.media.sniffed import Kind
from tests import leaks
from tests.access import a_token, an_account
from tests.agent.fake_cloud import DEVICE, KEY, FakeCloud
from tests.agent.notices_told import FILE_ID, told
from tests.builders import OWNER
from tests.expected import ADMIN, EXPECTED, PC, PERSON, PHONE
from tests.gateway import Answer
from tests.media.pictures import png
from tests.security.mallory import ASKED, CLIMBING, JUDGED_BY_ITSELF, Redirecting, kinds
from tests.stage import GUARDED, ROUTES, Stage, bad_credentials, by_hand, set_up


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with an_account():
        cloud.cache_clear()
        yield set_up()
        cloud.cache_clear()


# Who may call.


@pytest.mark.parametrize("kind", [PERSON, ADMIN, PHONE, PC])
def test_no_credential_opens_a_route_that_the_table_does_not_give_it(stage: Stage, kind: str) -> None:
    closed = [route for route in GUARDED if kind not in (EXPECTED[route].callers or ())]
    answers = {route: stage.ask(route, stage.anna["ids"][kind], stage.anna["tokens"][kind]) for route in closed}

    assert closed
    assert {route: answer.status for route, answer in answers.items() if answer.status not in (403, 404)} == {}


@pytest.mark.parametrize("route", [("GET", "/me"), ("POST", "/uploads"), ("POST", "/devices/{device_id}/receipts")])
def test_whoever_is_nobody_is_let_in_nowhere(stage: Stage, route: tuple[str, str]) -> None:
    answers = {why: stage.ask(route, stage.anna["ids"][PC], token) for why, token in bad_credentials(stage).items()}

    assert {why: answer.status for why, answer in answers.items() if answer.status != 401} == {}


def test_only_what_must_be_open_is_open() -> None:
    assert {path.split("/")[1] for _, path in set(ROUTES) - set(GUARDED)} == {
        *("", "pair", "web", "health", "openapi.json"),
        *("auth", "pairings"),
    }


# Whose key is whose.


@pytest.mark.parametrize(
    "header",
    JUDGED_BY_ITSELF,
)
def test_no_header_of_a_token_chooses_how_it_is_judged(stage: Stage, header: dict[str, Any]) -> None:
    assert stage.gateway.call("GET", "/me", token=by_hand(header)).status == 401


def test_one_devices_secret_is_no_others_key(stage: Stage) -> None:
    phone, pc = (device_keys.parse(stage.anna["tokens"][kind]) for kind in (PHONE, PC))
    assert phone
    assert pc

    for mixed in (device_keys.DeviceKey(pc.device_id, phone.secret), device_keys.DeviceKey(phone.device_id, pc.secret)):
        assert stage.gateway.call("GET", "/me", token=mixed.text()).status == 401


def test_a_key_is_no_token_and_a_token_no_key(stage: Stage) -> None:
    person = stage.anna["tokens"][PERSON]
    for mixed in (
        f"bh_{stage.anna['pc'].device_id}_{person}",
        f"{stage.anna['tokens'][PC]}.{person}",
        a_token("x" * 36),
    ):
        assert stage.gateway.call("GET", "/me", token=mixed).status == 401


# What is another's.


# Nobody's until it is decided: whoever types the code of a device that waits is shown what waits.
SHOWN_BY_CODE = ("GET", "/pairings/{user_code}")


def test_nothing_of_annas_is_there_for_bert(stage: Stage) -> None:
    """Each route that names a thing is asked by Bert for Anna's; test_access_matrix compares with what never was."""
    about = [route for route in GUARDED if "{" in route[1] and route != SHOWN_BY_CODE]
    for route in about:
        for kind in sorted(EXPECTED[route].callers or ()):
            answer = stage.ask(route, stage.anna["ids"][kind], stage.bert["tokens"][kind])
            assert answer.status == 404, (route, kind, answer)


# Names that climb, hide, run or say more than a name.


@pytest.mark.parametrize("name", CLIMBING, ids=lambda name: ascii(name)[:30])
def test_no_name_leaves_its_place_in_either_half(name: str) -> None:
    key = keys.original(OWNER, FILE_ID, name)
    assert key.isascii()
    assert key.isprintable()
    assert keys.parse(key) == keys.Original(OWNER, FILE_ID, keys.clean(name))

    header = dispositions.write(name, "image/jpeg", download=False)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2

    notice = notices.from_json(told(name=name, album=name, deviceName=name))
    for path in paths.offers("{album}/{device}/{year}/{name}", notice):
        assert path.count("/") == 3
        assert not {"", ".", "..", ".backhaul"} & set(path.split("/"))
        assert not set(path) & set('\\:*?"<>|\0\r\n')


@pytest.mark.parametrize("path", ["/web/../app.py", "/web/..%2fapp.py", "/web/%2e%2e%2fpage.py", "/files/..%2f..%2fme"])
def test_no_path_of_the_api_leads_to_a_file_of_ours(stage: Stage, path: str) -> None:
    assert stage.gateway.call("GET", path, token=stage.anna["tokens"][PERSON]).status in (403, 404)


@pytest.mark.parametrize("kind", ["text/html\r\nX-Evil: 1", "image/jpeg\n", "a/b; c=\r\nd", "\u00e9/x", "x", "a/b\0"])
def test_no_type_of_a_file_becomes_a_header_of_its_own(stage: Stage, kind: str) -> None:
    asked = {"fileName": "a.jpg", "fileType": kind}

    assert stage.gateway.call("POST", "/upload-url", asked, token=stage.anna["tokens"][PHONE]).status == 400


def test_what_a_phone_is_told_to_send_holds_no_line_of_anothers_making(stage: Stage) -> None:
    asked = {"name": "a\r\nX-Evil: 1.jpg", "type": "image/jpeg", "size": 1, "sha256": "c" * 64, "localId": "\r\nX: y"}
    (begun,) = stage.gateway.call("POST", "/uploads", {"files": [asked]}, token=stage.anna["tokens"][PHONE]).body[
        "files"
    ]

    link = begun["link"]
    for text in (link["url"], *link["headers"], *link["headers"].values()):
        assert text.isascii()
        assert text.isprintable()


# Requests to elsewhere.


def test_no_request_can_name_an_address_a_bucket_or_a_key() -> None:
    names = {where.split(" ")[2] for where in ASKED}
    last = {re.split("(?=[A-Z])", name)[-1].lower() for name in names}

    assert len(names) > 30
    assert not last & {"url", "uri", "link", "host", "address", "bucket", "endpoint", "callback", "key", "path"} - {
        "path"
    }


def test_a_redirect_takes_no_key_elsewhere() -> None:
    with FakeCloud() as elsewhere, ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        Redirecting.elsewhere = f"{elsewhere.url}devices/{DEVICE}/credentials"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(AgentError):
            DeviceApi(f"http://127.0.0.1:{server.server_port}", DEVICE, KEY).credentials()
        server.shutdown()

        assert not elsewhere.calls


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://mallory.example",
            "http://127.0.0.1@mallory.example",
            "http://localhost\\@mallory.example",
            "ftp://x",
        ),
        *("https://[", "file:///etc/passwd", "http://localhost.mallory.example", "//mallory.example", ""),
    ],
)
def test_no_address_sends_a_key_in_clear(url: str) -> None:
    with pytest.raises(UnsafeAddressError):
        DeviceApi(url, DEVICE, KEY)


# Files that are bombs.


@pytest.mark.parametrize(
    ("contents", "state"), [(png(25_000, 20_000, data=bytes(1000)), "tooLarge"), (png(9, 9) * 2, "unreadable")]
)
def test_a_picture_that_swells_is_given_up_within_bounds(tmp_path: Path, contents: bytes, state: str) -> None:
    original = tmp_path / "original"
    original.write_bytes(contents)

    seen = sandbox.look(Kind.PNG, original, tmp_path)

    assert (seen.ended.state, seen.previews) == (state, {})


def test_a_film_of_endless_boxes_costs_a_dozen_reads() -> None:
    reads: list[int] = []

    def read(_offset: int, count: int) -> bytes:
        reads.append(count)
        return (b"\0\0\0\x10moov" + b"\0\0\0\x08free") * (count // 16)

    boxes.look(boxes.Pieces(b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0", 2**40, read))
    boxes.look(boxes.Pieces(b"", 2**40, lambda offset, count: read(offset, count).replace(b"moov", b"skip")))

    assert len(reads) <= 2 * boxes.MOST_PIECES
    assert sum(reads) <= 2 * boxes.MOST_PIECES * boxes.PIECE_BYTES


@pytest.mark.parametrize(
    "body", ["[" * 200_000, '{"files":' * 100_000, '{"files": [' + "1," * 600_000 + "1]}", "1" * 9000]
)
def test_a_body_that_is_deep_or_huge_is_refused(stage: Stage, body: str) -> None:
    answer = stage.gateway.call("POST", "/uploads", body, token=stage.anna["tokens"][PHONE])

    assert answer.status == 400
    assert len(answer.text) < 1000


# What could cost a lot.


def test_every_list_that_may_be_asked_for_is_bounded() -> None:
    unbounded = [
        where
        for where, schema in ASKED.items()
        for one in kinds(schema)
        if one.get("type") == "array" and "maxItems" not in one
    ]
    assert unbounded == []


def test_every_number_that_may_be_asked_for_is_bounded() -> None:
    numbers = {where: one for where, schema in ASKED.items() for one in kinds(schema) if one.get("type") == "integer"}
    assert [where for where, one in numbers.items() if not {"minimum", "maximum"} <= one.keys()] == []


# Their own readers bound these (tests/fuzz): a cursor has 200 characters at most, a moment a form of its own.
BOUNDED_WHERE_READ = {"next", "since", "takenAt"}


def test_every_text_that_may_be_asked_for_is_bounded() -> None:
    bounds = {"maxLength", "pattern", "enum", "const", "format"}
    texts = [(where, one) for where, schema in ASKED.items() for one in kinds(schema) if one.get("type") == "string"]
    endless = {where.split(" ")[2] for where, one in texts if not bounds & one.keys()}
    assert endless - {""} == BOUNDED_WHERE_READ


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/uploads", {"files": [{"name": "a", "type": "a/b", "size": 1, "sha256": "a" * 64}] * 101}),
        ("/files/missing", {"hashes": ["a" * 64] * 1001}),
        ("/files/links", {"files": [{"fileId": "0" * 32, "variant": "256"}] * 101}),
        ("/files/trash", {"fileIds": ["0" * 32] * 101}),
    ],
)
def test_a_huge_batch_is_refused_before_anything_is_done(stage: Stage, path: str, body: Any) -> None:
    calls: list[str] = []
    stage.world.table._client.meta.events.register(
        "before-call.dynamodb.TransactWriteItems", lambda **_: calls.append("x")
    )
    answer = stage.gateway.call("POST", path, body, token=stage.anna["tokens"][PHONE])

    assert (answer.status, calls) == (400, [])


# What logs tell.


def test_each_form_of_a_secret_is_found_in_a_log() -> None:
    secrets = {
        "a device's key": device_keys.new("0" * 32).text(),
        "a token": a_token(),
        "a signed link": "https://b/x?X-Amz-Signature=0123",
        "a credential that was shown": "Bearer 0123456789abcdef",
        "an AWS key": "ASIA0123456789ABCDEF",
    }

    assert secrets.keys() == leaks.FORMS.keys()
    for what, secret in secrets.items():
        assert any(found.startswith(what) for found in leaks.in_text(f'{{"said": "x {secret}"}}')), what


def test_a_secret_that_an_answer_told_is_found_in_the_next_line() -> None:
    watch = leaks.Watch()
    watch.learn(
        {"files": [{"session": "made-up-by-the-pool", "key": "originals/a/b-c"}], "deviceCode": "another-made-up"}
    )
    for text in ("of made-up-by-the-pool", "originals/a/b-c"):
        watch.emit(logging.makeLogRecord({"msg": "said", "extra": text}))

    assert watch.taken() == ["a secret that was met, made…"]
    assert watch.taken() == []


def test_a_secret_in_the_log_of_another_process_is_found(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/agent.log.1").write_text(f"came home with {device_keys.new('0' * 32).text()}", "utf-8")
    (tmp_path / "logs/agent.log").write_text("came home", "utf-8")

    (told,) = leaks.in_logs(tmp_path)

    assert told.startswith("agent.log.1: a device's key")


# What the page may do.


def opened(stage: Stage, path: str) -> Answer:
    answer = stage.gateway.call("GET", path)
    assert answer.status == 200
    return answer


@pytest.mark.parametrize("path", ["/", "/pair", "/web/index.html", "/web/app.js", "/web/sw.js"])
def test_the_page_as_it_is_served_may_run_nothing_but_itself(stage: Stage, path: str) -> None:
    headers = opened(stage, path).headers
    policy = {rule.split(" ")[0]: rule.split(" ")[1:] for rule in headers["Content-Security-Policy"].split("; ")}

    assert (
        policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == ["'none'"]
    )
    assert policy["script-src"] == policy["style-src"] == policy["worker-src"] == ["'self'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    hosts = {host for rule in policy.values() for host in rule if not host.startswith("'") and host != "backhaul"}
    assert hosts == {"https://backhaul-test.s3.eu-west-1.amazonaws.com"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "max-age=31536000" in headers["Strict-Transport-Security"]


@pytest.mark.parametrize("path", ["/me", "/files", "/devices"])
def test_what_is_private_is_kept_by_nobody_and_lent_to_no_other_page(stage: Stage, path: str) -> None:
    headers = stage.gateway.call("GET", path, token=stage.anna["tokens"][PERSON]).headers

    assert headers["Cache-Control"] == "no-store"
    # Any page may ask, but has to bring the key itself: no cookie of ours is ever sent along.
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert not {"Access-Control-Allow-Credentials", "Set-Cookie"} & headers.keys()


def test_a_link_to_look_runs_nothing_that_a_stranger_sent() -> None:
    for kind in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript", "x/y"):
        assert dispositions.write("a", kind, download=False).startswith("attachment")
