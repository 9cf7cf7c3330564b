"""What files tell of themselves is cleaned before anybody keeps it; and what they are is seen, not believed."""

import pytest

from chalicelib.media import sniffed, told
from chalicelib.media.sniffed import Kind


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Apple", "iPhone 14", "Apple iPhone 14"),
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION\0\0", "NIKON D850", "NIKON CORPORATION NIKON D850"),
        ("", "Pixel 8", "Pixel 8"),
        ("Google", "", "Google"),
        ("", "", None),
        ("\0\n\t ", "\u202e", None),
        ("a\u0000b", "c\x1b[31m", "a b c [31m"),
        ("x" * 500, "y", "x" * 64),
        ("caf\u0065\u0301", "", "caf\u00e9"),
    ],
)
def test_a_camera_is_named_once_in_print(make: str, model: str, expected: str | None) -> None:
    assert told.camera(make, model) == expected


@pytest.mark.parametrize(
    ("gps", "expected"),
    [
        (([48, 51, 27.72], "N", [2, 17, 42.0], "E"), {"lat": 48857700, "lon": 2295000}),
        (([33, 51, 0], "S", [151, 12, 0], "E"), {"lat": -33850000, "lon": 151200000}),
        (([40.5], "N", [74.25], "W\0"), {"lat": 40500000, "lon": -74250000}),
        (([0, 0, 0], "N", [0, 0, 0], "E"), None),
        (([91, 0, 0], "N", [0, 0, 0], "E"), None),
        (([48, 0, 0], "", [2, 0, 0], "E"), None),
        (([48, 0, 0], "E", [2, 0, 0], "N"), None),
        (([], "N", [2, 0, 0], "E"), None),
        (([1e308, 1e308, 1e308], "N", [1, 0, 0], "E"), None),
        (([float("nan"), 0, 0], "N", [1, 0, 0], "E"), None),
    ],
)
def test_a_place_is_one_on_earth(
    gps: tuple[list[float], str, list[float], str], expected: dict[str, int] | None
) -> None:
    latitude, north, longitude, east = gps

    found = told.place_of_picture(
        {"GPSLatitude": latitude, "GPSLatitudeRef": north, "GPSLongitude": longitude, "GPSLongitudeRef": east}
    )

    assert found == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("+48.8577+002.2950+035.000/", {"lat": 48857700, "lon": 2295000}),
        ("-33.85+151.2/", {"lat": -33850000, "lon": 151200000}),
        ("+48+002", {"lat": 48000000, "lon": 2000000}),
        ("48,2", None),
        ("+00.0+000.0/", None),
        ("+99.0+000.0/", None),
        ("", None),
    ],
)
def test_films_tell_their_place_in_one_word(location: str, expected: dict[str, int] | None) -> None:
    assert told.place_of_film(location) == expected


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(4032, 3024, (4032, 3024)), (0, 5, None), (5, -1, None), (1_000_001, 5, None)],
)
def test_a_size_is_one_a_picture_may_have(width: int, height: int, expected: tuple[int, int] | None) -> None:
    assert told.size(width, height) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\xff\xd8\xff\xe0", Kind.JPEG),
        (b"\x89PNG\r\n\x1a\n", Kind.PNG),
        (b"GIF89a", Kind.GIF),
        (b"RIFF\0\0\0\0WEBP", Kind.WEBP),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"II*\0", Kind.TIFF),
        (b"MM\0*", Kind.TIFF),
        (b"\0\0\0\x18ftypheic", Kind.HEIF),
        (b"\0\0\0\x18ftypmif1", Kind.HEIF),
        (b"\0\0\0\x18ftypavif", Kind.HEIF),
        (b"\0\0\0\x14ftypqt  ", Kind.FILM),
        (b"\0\0\0\x18ftypmp42", Kind.FILM),
        (b"\0\0\0\x08wide", Kind.FILM),
        (b"%PDF-1.7", None),
        (b"%!PS-Adobe", None),
        (b"<svg>", None),
        (b"", None),
    ],
)
def test_what_a_file_is_shows_in_its_first_bytes(head: bytes, expected: Kind | None) -> None:
    assert sniffed.kind(head) == expected
