"""How far a push is: what is counted, and what a person sees of it."""

from __future__ import annotations

import io

from push_phone import Clock, Folder, Phone, noise
from push_simulator import Put, Simulator

from agent.push.local import Fate, Outcome
from agent.push.progress import Meter, Progress, line
from agent.push.report import Manner, Report

MB = 1_000_000


def test_speed_is_that_of_bytes_sent_and_time_left_counts_what_needs_no_sending() -> None:
    clock = Clock()
    meter = Meter(clock)
    meter.counted(100 * MB)

    meter.sent(20 * MB)
    meter.settled(Outcome("a.jpg", Fate.SAFE, 20 * MB))
    meter.settled(Outcome("b.jpg", Fate.KNOWN, 40 * MB))
    clock.pause(10)
    now = meter.now()

    assert now == Progress(files=2, sent_bytes=20 * MB, speed=2 * MB, left_bytes=40 * MB)
    assert line(now, meter.pace()) == "2 files done · 20.0 MB sent · 2.0 MB/s · 7 s left"


def test_the_speed_forgets_what_was_long_ago() -> None:
    clock = Clock()
    meter = Meter(clock)
    meter.sent(1_000 * MB)
    for _ in range(5):
        clock.pause(20)
        speed = meter.now().speed

    assert speed == 0


def test_before_the_folder_is_counted_no_time_is_promised() -> None:
    assert line(Progress(0, 0, 0.0, None), 0.0) == "0 files done · 0 B sent · 0 B/s · counting"


def test_in_a_terminal_only_what_needs_a_look_gets_a_line_of_its_own() -> None:
    out = io.StringIO()

    with Report(Manner(out, terminal=True), Meter()) as report:
        report.tell(Outcome("a.jpg", Fate.SAFE, 5))
        report.tell(Outcome("b.jpg", Fate.FAILED, 5, "S3 answered 405"))

    assert "a.jpg" not in out.getvalue()
    assert "failed         b.jpg  (5 B): S3 answered 405\n" in out.getvalue()


def test_pauses_grow_from_try_to_try(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    sim.fails("missing", *["503"] * 5)

    phone.push(folder)

    waited = phone.clock.pauses[:5]
    assert len(waited) == 5
    assert waited[4] > waited[0] * 4


def test_a_piece_of_a_live_photo_that_starts_afresh_keeps_its_group(
    sim: Simulator, folder: Folder, phone: Phone
) -> None:
    folder.has("IMG_1.MOV")
    path = folder.has("IMG_1.HEIC", noise(300_000))

    def change(put: Put) -> None:
        if sim.files[put.file_id].told["name"] == "IMG_1.HEIC" and put.received == 300_000 and path.stat().st_size > 9:
            path.write_bytes(b"other")

    sim.on_bytes = change

    phone.push(folder)

    groups = {file.told["groupId"] for file in sim.files.values()}
    assert len(groups) == 1
