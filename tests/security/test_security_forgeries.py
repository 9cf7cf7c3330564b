"""Forged receipts, notices and events, and uploads that are begun to cost: the rest of what test_security.py tries."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.drive.home import Home, Pairing
from agent.errors import UnsoundNoticeError
from agent.fetch import notices
from agent.identity.keystore import KeyStore
from agent.session import Session
from chalicelib import limits
from chalicelib.incoming import arrivals
from chalicelib.upkeep import sweeps
from tests.agent.fake_cloud import DEVICE, KEY, FakeCloud
from tests.agent.notices_told import FILE_ID, told
from tests.builders import OWNER, STRANGER, Account, s3_event, s3_record
from tests.security.mallory import FORGED


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def test_no_forged_receipt_moves_a_file(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    bert, revoked = account.pc(STRANGER), account.pc()
    phone.bring(b"photo")
    (owed,) = pc.owed()
    revoked.revoke()
    revoked.finish_laps()
    before = account.everything()

    forged = [
        *bert.receipt(owed),
        *pc.receipt({**owed, "sha256": "0" * 64}),
        *pc.receipt({**owed, "size": owed["size"] + 1}),
        *pc.receipt({**owed, "fileId": "0" * 32}),
    ]

    assert {outcome for outcome, _ in forged} == {"refused"}
    assert account.everything() == before


def test_no_forged_notice_is_followed_and_none_stops_a_true_one(home: Home) -> None:
    with FakeCloud() as fake:
        KeyStore(home, use_keyring=False).keep(DEVICE, KEY)
        home.remember(Pairing(fake.url, DEVICE, "den"))
        true, foreign = fake.has(b"photo"), fake.has(b"Mallory's", name="evil.exe", file_id="e" * 32)
        del fake.owed[foreign["fileId"]]
        forged = [
            *("[" * 100_000, '{"v":' * 50_000, "", "null", json.dumps({"v": "x" * 200_000})),
            *(json.dumps({**foreign, **change}) for change in FORGED),
        ]
        for body in (*forged, json.dumps(true)):
            fake.ring(body)
        session = Session(home, KeyStore(home, use_keyring=False), patience=lambda _: 0.02)
        working = threading.Thread(target=session.run)
        working.start()
        try:
            fake.wait_until(lambda: fake.all_home)
        finally:
            session.ask_to_stop()
            working.join()

    files = [path for path in home.folder.rglob("*") if path.is_file() and home.state not in path.parents]
    assert [path.read_bytes() for path in files] == [b"photo"]


@pytest.mark.parametrize(
    "change", [one for one in FORGED if not {"bucket", "sha256"} & one.keys()], ids=lambda one: str(one)[:40]
)
def test_what_cannot_be_a_notice_is_refused_where_it_is_read(change: dict[str, Any]) -> None:
    with pytest.raises(UnsoundNoticeError) as refusal:
        notices.from_json(told(**change))

    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    "record",
    [
        s3_record(f"originals/{OWNER}/{FILE_ID}-a.jpg", bucket="mallorys-bucket"),
        s3_record(f"originals/{OWNER}/../{STRANGER}/{FILE_ID}-a.jpg"),
        s3_record(f"previews/{OWNER}/{FILE_ID}-256.webp"),
        s3_record(f"originals/{OWNER}/{FILE_ID}-a.jpg", name="ObjectRemoved:Delete"),
        s3_record(f"originals/{OWNER}/{FILE_ID}-nobody-put-it.jpg"),
        {"eventName": "ObjectCreated:Put", "s3": None},
    ],
)
def test_no_forged_event_makes_a_file(account: Account, record: Any) -> None:
    account.owner()
    before = account.everything()

    arrivals.object_arrived(account.world, s3_event(record))

    assert account.everything() == before


def test_what_is_begun_and_never_sent_is_counted_limited_and_lapses(account: Account) -> None:
    phone = account.phone()
    for n in range(3):
        phone.begin({"name": f"{n}", "type": "image/jpeg", "size": 10**9, "sha256": f"{n:064x}"})

    assert account.usage()["pendingBytes"] == 3 * 10**9
    assert limits.BEGIN_BY_OWNER.most <= 100_000
    account.clock.wind(days=2)
    sweeps.sweep_pending(account.world)
    assert account.usage().get("pendingBytes", 0) == 0
