"""Pictures looked into by the process that does it for real: every kind, and every trick."""

import io
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from chalicelib.media import sandbox, sniffed, work
from chalicelib.media.sandbox import Seen
from chalicelib.media.sniffed import Kind
from tests.media.pictures import dng, encoded, png, png_chunk, profile, scene, write

GET_DUMPABLE = 3
SWELLING = zlib.compress(bytes(200_000_000), 1)
RED, BLUE = (220, 30, 30), (20, 40, 200)


@pytest.fixture
def look(tmp_path: Path) -> "Look":
    return Look(tmp_path)


class Look:
    """Looks into contents as media work does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, contents: bytes, kind: Kind | None = None) -> Seen:
        file = self.folder / "original"
        file.write_bytes(contents)
        found = kind or sniffed.kind(contents[: sniffed.HEAD_BYTES])
        assert found
        return sandbox.look(found, file, self.folder)


def preview(seen: Seen, name: str) -> Image.Image:
    return Image.open(io.BytesIO(seen.previews[name]))


def is_like(image: Image.Image, where: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    at = (int(where[0] * (image.width - 1)), int(where[1] * (image.height - 1)))
    found = image.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 40 for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF", "MPO"])
def test_every_kind_gets_two_previews(look: Look, kind: str) -> None:
    seen = look(encoded(kind, 1800, 1200))

    assert seen.ended.state == "done", seen.ended
    assert seen.about
    assert (seen.about.width, seen.about.height) == (1800, 1200)
    large, small = preview(seen, "1600"), preview(seen, "256")
    assert (large.format, large.size, small.size) == ("WEBP", (1600, 1067), (256, 171))
    assert is_like(small, (0.1, 0.1), RED)
    assert is_like(small, (0.9, 0.9), BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "PNG", "WEBP", "TIFF"])
def test_what_a_phone_writes_is_read_from_every_kind(look: Look, kind: str) -> None:
    found = work.from_picture(look(encoded(kind, orientation=1)))

    assert found.camera == "Apple iPhone 14"
    assert found.place == {"lat": 48857700, "lon": 2295000}
    assert found.exif["DateTimeOriginal"] == "2024:01:31 12:34:56"
    assert found.exif["OffsetTimeOriginal"] == "+01:00"
    assert found.exif["SubsecTimeOriginal"] == "78"
    assert found.exif["GPSTimeStamp"] == "11:34:55"


# Where the corner that is red in the pixels ends up, by EXIF's number.
CORNERS = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}


@pytest.mark.parametrize("orientation", CORNERS)
def test_previews_stand_upright(look: Look, orientation: int) -> None:
    seen = look(encoded("JPEG", orientation=orientation))

    image = preview(seen, "256")
    turned = orientation >= 5
    assert seen.about
    assert (seen.about.width, seen.about.height) == ((300, 400) if turned else (400, 300))
    assert image.size == ((192, 256) if turned else (256, 192))
    assert is_like(image, tuple(abs(side - 0.08) for side in CORNERS[orientation]), RED)  # type: ignore[arg-type]


def test_a_turned_heic_is_turned_once(look: Look) -> None:
    seen = look(encoded("HEIF", orientation=6))

    assert seen.about
    assert (seen.about.width, seen.about.height) == (300, 400)
    assert preview(seen, "256").size == (192, 256)
    assert is_like(preview(seen, "256"), (0.92, 0.08), RED)


def test_a_preview_tells_nothing_about_the_picture(look: Look) -> None:
    seen = look(encoded("JPEG", orientation=6))

    for contents in seen.previews.values():
        assert b"iPhone" not in contents
        assert not {"exif", "icc_profile", "xmp"} & Image.open(io.BytesIO(contents)).info.keys()


def test_small_pictures_are_not_made_larger(look: Look) -> None:
    seen = look(encoded("PNG", 40, 30))

    assert {preview(seen, name).size for name in ("256", "1600")} == {(40, 30)}


@pytest.mark.parametrize(("mode", "kind"), [("L", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("1", "PNG"), ("LA", "PNG")])
def test_colours_of_other_kinds_become_those_of_screens(look: Look, mode: str, kind: str) -> None:
    assert look(encoded(kind, mode=mode)).ended.state == "done"


def test_what_can_be_seen_through_stays_so(look: Look) -> None:
    image = scene().convert("RGBA")
    image.putalpha(128)

    seen = look(write(image, "PNG"))

    assert preview(seen, "256").mode == "RGBA"


def test_deep_greys_are_brought_down_and_not_cut_off(look: Look) -> None:
    seen = look(write(Image.new("I;16", (100, 100), 32768), "PNG"))

    assert is_like(preview(seen, "256"), (0.5, 0.5), (128, 128, 128))


def test_colours_are_converted_by_the_profile(look: Look) -> None:
    plain, labelled = write(scene(), "JPEG"), write(scene(), "JPEG", icc_profile=profile("sRGB"))

    assert is_like(preview(look(plain), "256"), (0.1, 0.1), RED)
    assert is_like(preview(look(labelled), "256"), (0.1, 0.1), RED)


@pytest.mark.parametrize("broken", [b"no profile", bytes(4000), b"\xff" * 500])
def test_a_broken_profile_is_not_believed(look: Look, broken: bytes) -> None:
    assert look(write(scene(), "JPEG", icc_profile=broken)).ended.state == "done"


def test_raw_data_show_the_largest_jpeg_in_them(look: Look) -> None:
    seen = look(dng(encoded("JPEG")))

    assert seen.ended.state == "done", seen.ended
    assert seen.about
    assert (seen.about.width, seen.about.height) == (3000, 4000)
    assert preview(seen, "256").size == (192, 256)


def test_of_a_moving_picture_the_first_frame_is_shown_however_many_follow(look: Look) -> None:
    frame = encoded("GIF", 64, 64)
    image_at = frame.index(b"\x2c")
    film = frame[:image_at] + frame[image_at:-1] * 20_000 + b";"

    seen = look(film)

    assert seen.ended.state == "done"
    assert is_like(preview(seen, "256"), (0.1, 0.1), RED)


@pytest.mark.parametrize("size", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (110_000_001, 1)])
def test_a_picture_of_too_many_pixels_is_not_decoded(look: Look, size: tuple[int, int]) -> None:
    seen = look(png(*size, data=bytes(1000)))

    assert seen.ended.state in ("tooLarge", "unreadable")
    assert not seen.previews


def test_a_bomb_of_many_pixels_is_told_as_too_large_with_its_size(look: Look) -> None:
    seen = look(png(25_000, 20_000, data=bytes(1000)))

    assert seen.ended.state == "tooLarge"
    assert "25000 x 20000 pixels" in seen.ended.why
    assert seen.about
    assert (seen.about.width, seen.about.height) == (25_000, 20_000)


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"Comment\0\0" + SWELLING),
        png_chunk(b"iCCP", b"sRGB\0\0" + SWELLING),
        png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + SWELLING),
    ],
    ids=["zTXt", "iCCP", "iTXt"],
)
def test_chunks_that_swell_do_not(look: Look, chunk: bytes) -> None:
    seen = look(png(10, 10, chunk, data=(b"\0" + bytes(30)) * 10))

    assert seen.ended.state in ("done", "unreadable", "tooLarge")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF"])
@pytest.mark.parametrize("part", [0.5, 0.05])
def test_a_truncated_picture_is_unreadable(look: Look, kind: str, part: float) -> None:
    whole = encoded(kind, 1200, 900)

    seen = look(whole[: int(len(whole) * part)], sniffed.kind(whole[:64]))

    assert seen.ended.state == "unreadable"
    assert not seen.previews


def test_a_picture_cut_short_still_tells_when_it_was_taken(look: Look) -> None:
    whole = encoded("JPEG", 1200, 900, orientation=1)

    seen = look(whole[: len(whole) - 2000])

    assert seen.ended.state == "unreadable"
    assert seen.about
    assert seen.about.exif["DateTimeOriginal"] == "2024:01:31 12:34:56"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF"])
def test_garbage_that_begins_well_is_unreadable(look: Look, kind: str) -> None:
    assert look(encoded(kind)[:32] + bytes(range(256)) * 40).ended.state == "unreadable"


def test_broken_exif_costs_nothing_but_itself(look: Look) -> None:
    seen = look(write(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xff" * 2000))

    assert seen.ended.state == "done"
    assert seen.about


def test_a_picture_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "original"
    file.write_bytes(encoded("JPEG"))

    seen = sandbox.look(Kind.JPEG, file, tmp_path, seconds=0.001)

    assert (seen.ended.state, seen.ended.why) == ("tooLarge", "out of time")


def test_a_picture_that_takes_too_much_memory_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "original"
    file.write_bytes(write(Image.new("RGB", (8_000, 6_000)), "JPEG", progressive=True))

    seen = sandbox.look(Kind.JPEG, file, tmp_path, memory_bytes=240 * 1024 * 1024)

    assert seen.ended.state in ("tooLarge", "unreadable")
    assert not seen.previews


LIAR = """
import json, os, sys
from pathlib import Path
folder = Path(sys.argv[3])
for side in ("256", "1600"):
    (folder / f"{side}.webp").write_bytes(b"<script>")
print(json.dumps({"width": 1, "height": 1, "exif": {"Make": " ".join(os.environ)}}))
print(json.dumps({"state": "done"}))
"""


def by(program: str, folder: Path) -> Seen:
    """Look into a picture that has taken over the process which decodes it."""
    liar, file = folder / "liar.py", folder / "original"
    liar.write_text(program)
    file.write_bytes(encoded("JPEG"))
    return sandbox.look(Kind.JPEG, file, folder, program=liar)


def test_the_process_that_decodes_has_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    seen = by(LIAR, tmp_path)

    assert seen.about
    assert "AWS" not in seen.about.exif["Make"]
    assert "PATH" in seen.about.exif["Make"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hides processes")
def test_the_process_that_decodes_cannot_read_the_keys_out_of_ours() -> None:
    hidden = "import ctypes; from chalicelib.media import work; work.media_queued(None, {'Records': []}); "
    shown = hidden + f"print(ctypes.CDLL(None).prctl({GET_DUMPABLE}))"

    told = subprocess.run([sys.executable, "-c", shown], capture_output=True, check=True, text=True)

    assert told.stdout == "0\n"


def test_one_picture_leaves_nothing_that_the_next_would_run(tmp_path: Path) -> None:
    kept = "import sys; make = [str(sys.pycache_prefix), str(sys.dont_write_bytecode), str(sys.flags.no_user_site)]"
    told = 'import json; print(json.dumps({"width": 1, "height": 1, "exif": {"Make": " ".join(make)}}))'

    seen = by(f"{kept}; {told}", tmp_path)

    assert seen.about
    assert seen.about.exif["Make"] == "None True 1"


def test_what_is_no_preview_is_not_believed(tmp_path: Path) -> None:
    seen = by(LIAR, tmp_path)

    assert (seen.ended.state, seen.previews) == ("unreadable", {})


@pytest.mark.parametrize(
    "program",
    [
        "print('x' * 10_000_000)",
        "print('[]'); print('{}')",
        "raise SystemExit(3)",
        "import os; os.abort()",
        "import os, sys; said = f'{sys.argv[3]}/said'; os.unlink(said); os.mkfifo(said)",
        "import os; os.write(1, bytes(range(256)) * 1000)",
        "pass",
        'print(\'{"width": 1, "height": 1, "exif": {"Make": 5}}\'); print(\'{"state": "done"}\')',
    ],
)
def test_whatever_that_process_says_it_is_only_unreadable(tmp_path: Path, program: str) -> None:
    assert by(program, tmp_path).ended.state == "unreadable"
