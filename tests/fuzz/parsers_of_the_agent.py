"""The agent's readers of what comes from outside: notices, the API's answers, S3's refusals, files people edit."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from urllib3.util import parse_url

from agent import config, pause
from agent.drive import dates, disk, paths
from agent.drive.catalog import Catalog
from agent.drive.home import Home
from agent.errors import AgentError, SettingsError, UnreachableError, UnsafeAddressError, UnsoundNoticeError
from agent.fetch import limits, notices
from agent.fetch.notices import Notice
from agent.fetch.owed import Owed
from agent.identity import pairing
from agent.push import answers, replies, sidecars
from agent.recall.api import RecallApi
from agent.wire import credentials, proxies
from agent.wire.api import Api, safe_address
from tests.agent.notices_told import told
from tests.fuzz.made_up import values
from tests.fuzz.parsers import Parser, near, texts

WHOLE = 100_000
TEXT_OF_JSON = values.map(json.dumps)
STATUSES = st.sampled_from([200, 204, 301, 400, 401, 403, 404, 409, 429, 500, 503])
LENT = {
    **dict.fromkeys(("accessKeyId", "secretAccessKey", "sessionToken", "region", "bucket"), "x"),
    "queueUrl": "https://sqs.eu-west-1.amazonaws.com/1/q",
    "expiresAt": "2026-11-21T10:00:00Z",
}
ASKED = {"deviceCode": "x", "userCode": "BCDF-GHJK", "verificationUri": "https://x", "expiresIn": 600, "interval": 5}
LINK = {"url": "https://x", "headers": {"a": "b"}, "part": 1}
PIECES = [
    *("https:", "http:", "//", "/", "\\", "@", ":", "[", "]", "#", "?", ".", "\t", " ", "%2f"),
    *("localhost", "127.0.0.1", "::1", "evil.example", "80", "x"),
]
ADDRESSES = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


class Answering:
    """An HTTP client that gives one answer to everything."""

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = SimpleNamespace(status=status, data=body)

    def request(self, *_: object, **__: object) -> Any:
        return self._answer


def asking(ask: Callable[[RecallApi], Any]) -> Callable[[tuple[int, Any]], Any]:
    """Make the reader of an answer to one call; the body is JSON, or bytes as they are."""

    def read(answer: tuple[int, Any]) -> Any:
        status, said = answer
        raw = said if isinstance(said, bytes) else json.dumps(said).encode()
        return ask(RecallApi("https://x", "d" * 32, "key", http=Answering(status, raw)))

    return read


def answers_like(good: dict[str, Any]) -> st.SearchStrategy[tuple[int, Any]]:
    """Make answers: nearly right, any JSON, or no JSON."""
    return st.tuples(st.just(200), near(good) | values) | st.tuples(
        STATUSES, near(good) | values | st.binary(max_size=40)
    )


def read_pairing_answer(said: Any) -> Any:
    """Pair with a cloud that always answers the same; time flies."""
    hours = iter(range(0, 10**9, 100))
    api = Api("https://x", http=Answering(200, json.dumps(said).encode()))
    return pairing.pair(api, "den", lambda _: None, clock=lambda: float(next(hours)), sleep=check_span)


def check_span(seconds: float) -> None:
    """Refuse what `time.sleep` would, and what nobody would wait for."""
    assert 0 <= seconds < 86_400


def is_kept_whole(notice: Notice) -> bool:
    """Whether the catalog takes a notice, and its path lies in the home folder."""
    home = Home(Path("/nowhere"))
    path = next(paths.offers(paths.DEFAULT_TEMPLATE, notice))
    with Catalog(Path(":memory:")) as catalog:
        catalog.intend(notice, path)
    dates.timestamp(notice.taken_at, notice.uploaded_at)
    return disk.place(home, path).is_relative_to(home.folder)


def goes_where_it_says(url: str) -> bool:
    """Whether the client that is used finds TLS, or this PC, in an address that was judged."""
    found = parse_url(url)
    return bool(found.host) and (found.scheme == "https" or found.host.strip("[]") in proxies.LOOPBACK)


def read_state_file(name: str, read: Callable[[Home], Any]) -> Callable[[str], Any]:
    """Make the reader of a file in the state folder."""

    def reader(text: str) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder))
            home.state.mkdir()
            (home.state / name).write_bytes(text.encode("utf-8", "surrogatepass"))
            return read(home)

    return reader


def read_config(text: str) -> config.Config:
    return config.parse(text)


def files_where(found: config.Config) -> bool:
    """Whether each file gets a path inside, whatever it is called."""
    notice = notices.from_json(told(name="../../x", album="..", deviceName="a/../../b"))
    path = next(paths.offers(found.template, notice))
    return ".." not in path.split("/") and not path.startswith("/")


PARSERS: dict[str, Parser] = {
    # ---- what the queue and the cloud say
    "notice": Parser(notices.from_json, near(told()) | values, (UnsoundNoticeError,), is_kept_whole),
    "body_of_a_message": Parser(
        notices.parse, texts | st.binary(max_size=40) | TEXT_OF_JSON, (UnsoundNoticeError,), is_kept_whole
    ),
    "answer_about_owed": Parser(
        asking(lambda api: Owed(api).page()), answers_like({"files": [told()], "next": "x"}), (AgentError,)
    ),
    "answer_about_receipts": Parser(
        asking(lambda api: api.send_receipts([])),
        answers_like({"receipts": [{"fileId": "x", "outcome": "taken", "reason": "x"}]}),
        (AgentError,),
    ),
    "answer_about_losses": Parser(
        asking(lambda api: api.report_losses({})), answers_like({"losses": [{}]}), (AgentError,)
    ),
    "answer_about_holdings": Parser(
        asking(lambda api: api.tell_holdings([])), answers_like({"files": [{}]}), (AgentError,)
    ),
    "answer_about_recalls": Parser(
        asking(lambda api: api.recalls()),
        answers_like({"files": [{"fileId": "x", "size": 1, "sha256": "y"}], "next": "x"}),
        (AgentError,),
        lambda found: all(isinstance(one.size, int) for one in found[0]) and isinstance(found[1], str | None),
    ),
    "answer_about_a_recall": Parser(
        asking(lambda api: api.begin("x")), answers_like({"link": LINK, "partSize": 5}), (AgentError,)
    ),
    "answer_about_links": Parser(
        asking(lambda api: api.links("x", [])),
        answers_like({"status": "pending", "links": [LINK], "have": [{"part": 1, "size": 2, "sha256": "x"}]}),
        (AgentError,),
    ),
    "credentials": Parser(
        credentials.from_answer,
        near(LENT),
        (UnreachableError,),
        lambda lent: proxies.is_safe(lent.queue_url) and proxies.is_safe(lent.endpoint_url or "https://x"),
    ),
    "answer_to_a_pairing": Parser(
        read_pairing_answer, near({**ASKED, "deviceId": "d", "key": "k"}) | values, (AgentError,)
    ),
    "answer_about_an_upload": Parser(
        answers.begun,
        near({"outcome": "upload", "fileId": "x", "link": LINK})
        | near({"outcome": "multipart", "fileId": "x", "partSize": 5}),
        (UnreachableError,),
    ),
    "refusal_of_s3": Parser(
        lambda raw: replies.meaning(replies.read(403, raw)),
        st.binary(max_size=60)
        | texts.map(lambda text: f"<Code>{text}</Code><Message>{text}</Message>".encode("utf-8", "replace")),
    ),
    # ---- where to go
    "address": Parser(safe_address, ADDRESSES | texts, (UnsafeAddressError,), goes_where_it_says, longest=WHOLE),
    "proxy": Parser(
        lambda proxy: proxies.proxy_for("https://x", lambda: {"https": proxy}, lambda _: False),
        ADDRESSES | texts,
    ),
    # ---- what a person wrote, or another program
    "settings_of_the_agent": Parser(
        read_config,
        texts
        | st.builds(
            lambda key, value: f"{key} = {json.dumps(value)}", st.sampled_from([*config.RULES, "limit"]), values
        )
        | st.lists(
            st.sampled_from(["{name}", "{album}", "{year}", "{", "}", "/", "..", "x", "{0}", "{name!r}"]), max_size=6
        ).map(lambda words: "template = " + json.dumps("".join(words))),
        (SettingsError,),
        files_where,
        longest=WHOLE,
    ),
    "amount": Parser(limits.parse_amount, values | texts, (ValueError,), lambda amount: amount >= 0, longest=WHOLE),
    "hour": Parser(limits.parse_hour, values | texts, (ValueError,), longest=WHOLE),
    "span": Parser(
        pause.parse_span,
        texts | st.from_regex(pause.SPAN, fullmatch=True),
        (ValueError,),
        lambda span: span > 0,
        longest=WHOLE,
    ),
    "pause_file": Parser(
        lambda text: str(pause.read(text, 1_763_700_000.0)),
        texts
        | TEXT_OF_JSON
        | values.map(lambda until: json.dumps({"until": until}))
        | st.integers(1_763_700_000, 1_766_000_000).map(lambda until: json.dumps({"until": until})),
    ),
    "pairing_file": Parser(
        read_state_file("pairing.json", lambda home: home.pairing()),
        texts | near({"url": "https://x", "device_id": "d", "name": "den"}).map(json.dumps),
        (SettingsError,),
        lambda kept: all(isinstance(value, str) for value in (kept.url, kept.device_id, kept.name)),
    ),
    "description_of_takeout": Parser(
        sidecars.taken_at,
        texts | near({"title": "x", "photoTakenTime": {"timestamp": "1700000000"}}).map(json.dumps),
        sound=lambda found: found[1] is None or found[1].endswith("Z"),
    ),
    "names_of_a_folder": Parser(
        sidecars.match,
        st.lists(
            texts | st.sampled_from(["a.jpg", "a.jpg.json", "a(2).jpg", "a.jpg(2).json", "a-edited.jpg"]), unique=True
        ),
        sound=lambda found: all(kept.lower().endswith(".json") for kept in found.values()),
    ),
    "times_of_a_file": Parser(
        lambda made: (dates.timestamp(*made), dates.wall_time(*made)),
        st.tuples(st.none() | texts, st.none() | texts),
    ),
}
