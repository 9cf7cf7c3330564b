"""The cloud half's readers of what comes from outside: callers, S3, SQS, pictures, films, labels, the environment."""

import io
import json
import struct
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jwt
import msgspec
from botocore.credentials import Credentials
from hypothesis import strategies as st

from admin import export, redrive
from chalicelib import cursors, keys, limits, log, metrics, presign
from chalicelib.auth import device_keys, pairings, public_keys, tokens
from chalicelib.auth.callers import judge
from chalicelib.config import Settings
from chalicelib.debts.laps import PcChanged
from chalicelib.errors import BackhaulError, BadCursorError
from chalicelib.incoming import labels, s3_events
from chalicelib.library import changes, dispositions, files
from chalicelib.media import boxes, captured, picture, sandbox, sniffed, tasks, told
from chalicelib.metadata import library, shelves, words
from tests.access import claims, pool, settings
from tests.catalogue import a_file
from tests.fuzz.made_up import values
from tests.fuzz.parsers import Parser, near, texts
from tests.media import films
from tests.needed import ENVIRONMENT

UPLOADED = "2026-11-21T10:00:00.000Z"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
AT = NOW.timestamp()
KEY = keys.original("0a0a0a0a-1111-4111-8111-00000000000a", "0" * 32, "a.jpg")
FILM = films.a_film(first=True)
TIFF = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x100, 4, 1, 7) + bytes(4)
CLOCKS = st.sampled_from(["2024:01:31 12:34:56", "0000:00:00 00:00:00", "9999:12:31 23:59:59+14:00"]) | texts
GPS = ("GPSLatitude", "GPSLatitudeRef", "GPSLongitude", "GPSLongitudeRef")
WANTED = library.Selection(shelves.FIRST, shelves.LAST)


def spoilt_bytes(good: bytes) -> st.SearchStrategy[bytes]:
    """Make bytes that are nearly right: some changed, and cut anywhere."""
    at = st.integers(0, len(good) - 1)
    changes = st.lists(st.tuples(at, st.integers(0, 255)), max_size=6)

    def made(changed: list[tuple[int, int]], end: int) -> bytes:
        spoilt = bytearray(good)
        for where, value in changed:
            spoilt[where] = value
        return bytes(spoilt[: end + 1])

    return st.builds(made, changes, at | st.just(len(good))) | st.binary(max_size=80)


def read_token(token: str) -> Any:
    here = settings()
    believed = tokens.Pool(here.issuer, here.user_pool_client)
    return tokens.read(token, NOW, believed, {"the+pool/key=": pool().key.public_key()}.get)


def signed(payload: bytes) -> str:
    """Sign anything with the pool's own key, also what no library would."""
    return jwt.PyJWS().encode(payload, pool().key, algorithm="RS256", headers={"kid": "the+pool/key="})


def spoilt_token(at: int, letter: str) -> str:
    """Change one letter of a good token to another."""
    good = pool().sign(claims(now=AT))
    # The last letter of a part holds bits that mean nothing.
    ends = [at + 1 for at, letter in enumerate(good) if letter == "."] + [len(good)]
    at %= len(good)
    return good if at + 1 in ends or at + 2 in ends or good[at] == letter else good[:at] + letter + good[at + 1 :]


def read_film(raw: bytes) -> boxes.Film:
    pieces = boxes.Pieces(raw[:64], len(raw), lambda offset, count: raw[offset : offset + count])
    return boxes.look(pieces)


def read_picture_facts(told_of: dict[str, Any]) -> captured.Captured:
    return captured.judge(captured.Told(uploaded_at=UPLOADED, **told_of))


def is_kept_moment(found: captured.Captured) -> bool:
    """Whether a moment can be filed: the shelf takes it, and search finds it by its day."""
    file = a_file(1, "a.jpg", at=found.at)
    return bool(shelves.id_at(shelves.position(found.at, "0" * 32)) and words.of(file)) and len(found.at) < 40


def signed_for(made: tuple[str, str, str]) -> presign.Link:
    """Sign a link to look at what has a name, a type and a version."""
    name, kind, version = made
    signer = presign.Signer(
        lambda: Credentials("AKIDEXAMPLE", "secret"), "eu-west-1", "https://b.s3.eu-west-1.x", lambda: NOW
    )
    return signer.get(
        keys.original("0" * 8, "1" * 32, name), version, kind, dispositions.write(name, kind, download=True)
    )


def leads_to_its_key(link: presign.Link) -> bool:
    """Whether a link has the parameters we signed, each once, and no others, on our host and under our prefix."""
    parts = urlsplit(link.url)
    asked = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    names = [name for name, _ in asked]
    own = {"response-content-type", "response-content-disposition", "versionId"}
    signed = {f"X-Amz-{name}" for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")}
    return (
        parts.netloc == "b.s3.eu-west-1.x"
        and not parts.fragment
        and link.url.isascii()
        and link.url.isprintable()
        and keys.parse(unquote(parts.path).lstrip("/")) is not None
        and sorted(names) == sorted(set(names))
        and set(names) - own == signed
    )


PARSERS: dict[str, Parser] = {
    # ---- who calls
    "authorization_header": Parser(
        lambda header: judge(header, lambda _: None, lambda _: None), texts | texts.map("Bearer {}".format)
    ),
    "access_token": Parser(
        read_token,
        texts
        | st.lists(texts, min_size=3, max_size=3).map(".".join)
        | st.builds(spoilt_token, st.integers(0, 2000), st.sampled_from("AQgw-_.=")),
        sound=lambda person: person is None or person == tokens.Person(claims()["sub"], frozenset()),
    ),
    "claims": Parser(
        lambda told_of: read_token(signed(json.dumps(told_of).encode())),
        near(claims(now=AT)) | values,
        sound=lambda person: person is None or len(person.owner_id) == 36,
    ),
    "public_keys": Parser(
        lambda document: public_keys.PublicKeys(lambda: document).find("x", NOW),
        near({"keys": pool().jwks()["keys"]})
        | st.lists(near(pool().jwks()["keys"][0])).map(lambda made: {"keys": made}),
        refuses=(public_keys.KeysUnavailableError,),
    ),
    "device_key": Parser(
        device_keys.parse,
        texts | st.just(device_keys.new("0" * 32).text()).map(lambda key: key[:-1]),
        sound=lambda key: key is None or device_keys.parse(key.text()) == key,
    ),
    "user_code": Parser(
        pairings.read_user_code,
        texts | st.text("bcdfghjk -\u2010ßﬆ", max_size=40),
        sound=lambda code: code is None or (len(code) == 9 and pairings.read_user_code(code) == code),
    ),
    "place": Parser(
        limits.place, texts | st.ip_addresses().map(str), sound=lambda place: place.isascii() and len(place) < 40
    ),
    "email": Parser(limits.nameless, st.text(max_size=60), sound=lambda name: len(name) == 32 and name.isalnum()),
    # ---- where a list goes on
    "cursor": Parser(cursors.parse, texts, (BadCursorError,), lambda last: len(last) <= 200),
    "cursor_of_a_list": Parser(
        files.read_cursor,
        texts | texts.map(lambda last: cursors.encode(last[:40].encode("ascii", "replace").decode())),
        (BadCursorError,),
        keys.is_id,
    ),
    "cursor_of_a_shelf": Parser(
        lambda cursor: files.read_position(cursor, WANTED),
        texts | st.just(cursors.encode(shelves.position(UPLOADED, "0" * 32))),
        (BadCursorError,),
        shelves.id_at,
    ),
    "cursor_of_changes": Parser(
        changes.read_since,
        texts | st.builds(lambda epoch, number: cursors.encode(f"{epoch}.{number}"), st.just("0" * 32), st.integers()),
        (BadCursorError,),
        lambda head: keys.is_id(head.epoch) and 0 <= head.number < 10**12,
    ),
    # ---- what AWS tells
    "s3_event": Parser(
        lambda record: s3_events.parse({"Records": [record]}, "b"),
        near(
            {
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "b"}, "object": {"key": KEY, "versionId": "v"}},
            }
        )
        | st.text(max_size=60).map(
            lambda key: {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": key}}}
        ),
        sound=lambda arrivals: all(keys.parse(one.original.key) == one.original for one in arrivals),
    ),
    "media_task": Parser(
        lambda told_of: tasks.parse(json.dumps(told_of)),
        near({"what": "look", "ownerId": "o", "fileId": "f"})
        | near({"what": "hash", "key": KEY, "versionId": "v"})
        | values,
        (msgspec.MsgspecError, ValueError),
        longest=10_000,  # our own queue
    ),
    "pc_changed": Parser(
        lambda told_of: msgspec.json.decode(json.dumps(told_of), type=PcChanged),
        near({"ownerId": "o", "deviceId": "d", "hops": 1}),
        (msgspec.MsgspecError, ValueError),
        lambda told_of: isinstance(told_of.hops, int),
        longest=10_000,
    ),
    "dead_letter": Parser(
        redrive._event_of,
        texts | near({"requestPayload": {"Records": [{}]}}).map(json.dumps),
        sound=lambda event: event is None or event["Records"],
    ),
    "checksum": Parser(presign.to_hex, texts | st.binary(max_size=40).map(lambda raw: raw.hex()), (ValueError,)),
    "label": Parser(
        labels.read,
        texts
        | st.dictionaries(st.sampled_from(["createdAt", "takenAt", "deviceId", "name"]), texts).map(
            lambda told_of: "&".join(f"{word}={value}" for word, value in told_of.items())
        ),
        sound=lambda told_of: all(isinstance(value, str) and len(value) <= 1024 for value in told_of.values()),
    ),
    "settings": Parser(
        Settings.from_env,
        st.fixed_dictionaries(dict.fromkeys(ENVIRONMENT, texts) | {"BACKHAUL_QUOTA_BYTES": texts}),
        (BackhaulError,),
        lambda here: here.quota_bytes >= 0,
    ),
    # ---- what a picture or a film tells
    "beginning_of_a_file": Parser(sniffed.kind, st.binary(max_size=70)),
    "film": Parser(read_film, spoilt_bytes(FILM), sound=lambda film: sum(map(len, film.told.values())) < 2000),
    "directories_of_a_tiff": Parser(
        lambda raw: picture.embedded(io.BytesIO(raw)),
        spoilt_bytes(TIFF),
        (struct.error,),
        lambda found: len(found) == 2,
    ),
    "what_the_decoder_says": Parser(
        lambda raw: sandbox._parse(io.BytesIO(raw)),
        st.binary(max_size=80)
        | near({"width": 1, "height": 2, "exif": {"Make": "x"}, "gps": {"GPSLatitude": [1.0]}}).map(
            lambda told_of: json.dumps(told_of).encode()
        ),
    ),
    "moments_of_a_file": Parser(
        read_picture_facts,
        st.fixed_dictionaries(
            {
                "name": CLOCKS | st.from_regex(captured._NAME_CLOCK, fullmatch=True),
                "phone": st.none() | CLOCKS | st.datetimes().map(lambda at: at.isoformat() + "Z"),
                "exif": st.dictionaries(
                    st.sampled_from(
                        ["DateTimeOriginal", "SubsecTimeOriginal", "OffsetTimeOriginal", "GPSDateStamp", "GPSTimeStamp"]
                    ),
                    CLOCKS,
                ),
                "quicktime": st.dictionaries(
                    st.sampled_from(["creationDate", "headerSeconds"]), CLOCKS | st.integers(0, 2**64).map(str)
                ),
            }
        ),
        sound=is_kept_moment,
    ),
    "camera": Parser(
        lambda made: told.camera(*made),
        st.tuples(texts, texts),
        sound=lambda camera: camera is None or (len(camera) <= 64 and camera.isprintable()),
    ),
    "place_of_a_film": Parser(
        told.place_of_film,
        texts | st.from_regex(told._ISO_6709, fullmatch=True),
        sound=lambda place: place is None or abs(place["lat"]) <= 90_000_000,
    ),
    "place_of_a_picture": Parser(
        lambda made: told.place_of_picture(dict(zip(GPS, made, strict=True))),
        st.tuples(*2 * (st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4) | texts, texts)),
        sound=lambda place: place is None or abs(place["lon"]) <= 180_000_000,
    ),
    # ---- what a person types
    "words_looked_for": Parser(words.parse, texts, sound=lambda terms: terms is None or len(terms.whole) <= 64),
    # ---- what leaves
    "link_to_look": Parser(
        signed_for, st.tuples(texts, st.text(max_size=30), st.text(min_size=1, max_size=30)), sound=leads_to_its_key
    ),
    "place_in_an_export": Parser(
        lambda name: export.place_of(a_file(1, name)),
        texts,
        sound=lambda place: place.startswith("objects/2") and place.count("/") == 2 and ".." not in place,
    ),
    "log_line": Parser(
        lambda text: log.JsonLine().format(log.logging.makeLogRecord({"msg": text, "name_of_it": text})),
        st.text(max_size=60),
        sound=lambda line: "\n" not in line and "\r" not in line and json.loads(line),
    ),
    "metric_line": Parser(
        lambda text: metrics.line("test", NOW, {"Files": 1}, about=text),
        st.text(max_size=60),
        sound=lambda line: "\n" not in line and json.loads(line)["Files"] == 1,
    ),
}
