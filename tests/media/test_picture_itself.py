"""The program that looks into one picture, called as what it is: each step, and the words it ends with."""

import io
import json
import resource
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import ExifTags, Image

from chalicelib.media import picture
from tests.media.pictures import dng, encoded, exif, png, profile, scene, write

RED, BLUE = (220, 30, 30), (20, 40, 200)
MEMORY = 10**9


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """What the program would have bound itself to: here it must not, since this process is ours."""
    asked: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", asked.__setitem__)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    monkeypatch.setattr(pillow_heif.options, "DECODE_THREADS", pillow_heif.options.DECODE_THREADS)
    return asked


Said = list[dict[str, Any]]
Look = Callable[[str, bytes], Said]


@pytest.fixture
def look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Look:
    """Look into contents, and return what was said."""

    def look(kind: str, contents: bytes) -> Said:
        (tmp_path / "original").write_bytes(contents)
        picture.main(kind, tmp_path / "original", tmp_path, MEMORY)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return look


def previews(folder: Path) -> list[Image.Image]:
    return [Image.open(io.BytesIO((folder / f"{side}.webp").read_bytes())) for side in picture.SIDES]


def test_memory_time_and_output_are_bounded(look: Look, bounds: dict[int, tuple[int, int]]) -> None:
    look("png", b"nothing of a picture")

    assert bounds == {
        resource.RLIMIT_AS: (MEMORY, MEMORY),
        resource.RLIMIT_CPU: (30, 30),
        resource.RLIMIT_FSIZE: (8 * 1024 * 1024, 8 * 1024 * 1024),
        resource.RLIMIT_CORE: (0, 0),
    }


def test_a_bound_that_the_system_refuses_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def refuse(what: int, _most: tuple[int, int]) -> None:
        asked.append(what)
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    picture.bound(MEMORY)

    assert len(asked) == 4


@pytest.mark.parametrize("kind", ["jpeg", "heif"])
def test_first_it_tells_of_the_picture_and_then_that_all_is_done(look: Look, tmp_path: Path, kind: str) -> None:
    about, ended = look(kind, encoded(kind.upper(), orientation=6))

    assert (about["width"], about["height"]) == (300, 400)
    assert about["exif"]["Model"].strip("\0") == "iPhone 14"
    assert about["exif"]["DateTimeOriginal"] == "2024:01:31 12:34:56"
    assert about["exif"]["DateTimeDigitized"] == ""
    assert about["gps"]["GPSLatitude"] == [48.0, 51.0, 27.72]
    assert ended == {"state": "done"}
    assert [image.size for image in previews(tmp_path)] == [(300, 400), (192, 256)]


@pytest.mark.parametrize(
    ("contents", "state", "why"),
    [
        (b"\x89PNG\r\n\x1a\n and no more", "unreadable", "UnidentifiedImageError"),
        (png(25_000, 20_000, data=bytes(1000)), "tooLarge", "25000 x 20000 pixels"),
    ],
)
def test_it_says_in_one_line_why_there_is_no_preview(
    look: Look, tmp_path: Path, contents: bytes, state: str, why: str
) -> None:
    ended = look("png", contents)[-1]

    assert ended["state"] == state
    assert why in ended["why"]
    assert len(ended["why"]) <= 200
    assert not list(tmp_path.glob("*.webp"))


def test_a_picture_for_which_memory_is_short_is_too_large(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(picture, "write_previews", exhausted)

    assert look("png", encoded("PNG", 40, 30))[-1] == {"state": "tooLarge", "why": "MemoryError()"}


def test_a_jpeg_may_have_more_pixels_than_what_is_held_whole() -> None:
    large = Image.new("1", (12_000, 10_000))
    large.format = "JPEG"

    picture.check_size("jpeg", large)
    with pytest.raises(picture.TooLargeError, match="12000 x 10000"):
        picture.check_size("png", Image.new("1", (12_000, 10_000)))


class Broken:
    """A picture whose EXIF cannot be parsed."""

    def getexif(self) -> None:
        raise struct.error("unpack requires a buffer of 4 bytes")


def test_broken_exif_tells_nothing() -> None:
    broken: Any = Broken()

    assert dict(picture.exif_of(broken)) == {}


def test_what_was_told_before_exif_broke_is_kept() -> None:
    class Half(dict[int, Any]):
        def get_ifd(self, _ifd: int) -> None:
            raise SyntaxError("not a TIFF file")

    half: Any = Half({ExifTags.Base.Make: "Apple", ExifTags.Base.Orientation: 8})

    told = picture.about(half, (400, 300))

    assert (told["width"], told["height"]) == (300, 400)
    assert told["exif"] == {"Make": "Apple", "Model": "", "DateTime": ""}
    assert told["gps"] == {}


@pytest.mark.parametrize(
    ("value", "told"),
    [("Apple", "Apple"), (b"Pixel \xff", "Pixel \ufffd"), ("x" * 999, "x" * 200), (5, ""), (None, "")],
)
def test_a_text_is_read_as_exif_holds_it(value: object, told: str) -> None:
    assert picture.text(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ((48, 51.0, 27.5), [48.0, 51.0, 27.5]),
        ((1, 2, 3, 4), [1.0, 2.0, 3.0]),
        (("x", 1), []),
        ((float("inf"), 1), []),
        (7, []),
        (None, []),
    ],
)
def test_three_numbers_are_read_or_none(value: object, told: list[float]) -> None:
    assert picture.numbers(value) == told


@pytest.mark.parametrize(
    ("image", "mode", "colour"),
    [
        (scene(), "RGB", BLUE),
        (scene(mode="L"), "RGB", (48, 48, 48)),
        (scene(mode="CMYK"), "RGB", BLUE),
        (scene(mode="RGBA"), "RGBA", (*BLUE, 255)),
        (Image.new("I;16", (400, 300), 32768), "RGB", (127, 127, 127)),
        (Image.new("I", (400, 300), 128), "RGB", (128, 128, 128)),
    ],
)
def test_every_kind_of_colour_becomes_that_of_screens(image: Image.Image, mode: str, colour: tuple[int, ...]) -> None:
    shown = picture.to_srgb(image)

    found = shown.getpixel((399, 299))
    assert shown.mode == mode
    assert isinstance(found, tuple)
    assert all(abs(one - wanted) <= 4 for one, wanted in zip(found, colour, strict=True))


def labelled(contents: bytes) -> Image.Image:
    image = scene()
    image.info["icc_profile"] = contents
    return image


@pytest.mark.parametrize("contents", [profile("sRGB"), b"no profile", bytes(2 * 1024 * 1024)])
def test_what_is_labelled_as_of_screens_or_with_nonsense_stays_as_it_is(contents: bytes) -> None:
    assert picture.to_srgb(labelled(contents)).getpixel((0, 0)) == RED


def test_raw_data_show_the_largest_jpeg_with_the_size_of_the_whole(look: Look, tmp_path: Path) -> None:
    about, ended = look("tiff", dng(encoded("JPEG")))

    assert (about["width"], about["height"]) == (3000, 4000)
    assert ended == {"state": "done"}
    assert previews(tmp_path)[1].size == (192, 256)


def test_a_plain_tiff_carries_no_jpeg_along(look: Look) -> None:
    plain = encoded("TIFF", 40, 30)

    assert picture.embedded(io.BytesIO(plain)) == (b"", (0, 0))
    assert look("tiff", plain)[-1] == {"state": "done"}


def test_a_tiff_cut_off_within_its_directory_is_unreadable(look: Look) -> None:
    assert look("tiff", b"II*\0\x08\0\0\0\x01")[-1]["state"] == "unreadable"


def test_a_directory_that_names_itself_is_read_once() -> None:
    entry = struct.pack(">HHII", 0x100, 4, 1, 640)
    odd = struct.pack(">HHII", 0x101, 99, 1, 7)
    circle = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 2) + entry + odd + struct.pack(">I", 8)

    assert list(picture.ifds(io.BytesIO(circle))) == [{0x100: (640,)}]


def test_a_chain_of_directories_is_not_followed_for_ever() -> None:
    chain = b"II*\0" + struct.pack("<I", 8)
    for n in range(100):
        chain += struct.pack("<H", 0) + struct.pack("<I", 8 + 6 * (n + 1))

    assert len(list(picture.ifds(io.BytesIO(chain)))) == 32


def test_a_lossless_jpeg_is_not_such_as_can_be_shown() -> None:
    assert picture.lossy(io.BytesIO(encoded("JPEG", 40, 30)), 0)
    assert not picture.lossy(io.BytesIO(b"\xff\xd8\xff\xc3" * 50), 0)


def test_previews_say_nothing_of_the_picture_and_are_never_larger(tmp_path: Path) -> None:
    picture.write_previews(Image.open(io.BytesIO(write(scene(40, 30), "JPEG", exif=exif(1).tobytes()))), tmp_path)

    assert [image.size for image in previews(tmp_path)] == [(40, 30), (40, 30)]
    assert not any({"exif", "icc_profile"} & image.info.keys() for image in previews(tmp_path))
