"""A running agent against a cloud on loopback: what comes home, and what is said about it."""

from __future__ import annotations

from fake_cloud import FakeCloud
from fake_pc import Pc


def test_what_is_owed_comes_home_and_is_receipted(pc: Pc, cloud: FakeCloud) -> None:
    notice = cloud.has(b"a photo")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {"2024/2024-07/IMG_1.jpg": b"a photo"}
    assert cloud.receipts == [
        {"fileId": notice["fileId"], "sha256": notice["sha256"], "size": 7, "path": "2024/2024-07/IMG_1.jpg"}
    ]


def test_a_notice_brings_its_file_home_and_is_deleted(pc: Pc, cloud: FakeCloud) -> None:
    pc.start()
    cloud.wait_until(lambda: cloud.calls["ReceiveMessage"])

    message = cloud.ring(cloud.has(b"a later photo"))
    cloud.wait_until(lambda: cloud.messages[message]["deleted"])

    assert list(pc.files().values()) == [b"a later photo"]
