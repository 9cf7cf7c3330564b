"""When a file was taken: a table of what cameras, phones and apps write, and of what they should not."""

from datetime import UTC, datetime

import pytest

from chalicelib.media import captured
from chalicelib.media.captured import Captured, Told

UPLOADED = "2026-11-21T10:00:00.000Z"
TAKEN = "2024:01:31 12:34:56"
CLOCK = "2024-01-31T12:34:56"
SINCE_1904 = str(
    int((datetime(2024, 1, 31, 11, 34, 58, tzinfo=UTC) - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())
)


def by_exif(**tags: str) -> Captured:
    return captured.judge(Told("a.jpg", UPLOADED, exif=tags))


@pytest.mark.parametrize(
    ("tags", "at"),
    [
        ({"DateTimeOriginal": TAKEN}, CLOCK),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "+01:00"}, f"{CLOCK}+01:00"),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "-0330"}, f"{CLOCK}-03:30"),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "+00:00"}, f"{CLOCK}+00:00"),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "Z"}, f"{CLOCK}Z"),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "+14:00"}, f"{CLOCK}+14:00"),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "+15:00"}, CLOCK),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "-12:15"}, CLOCK),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "+01:60"}, CLOCK),
        ({"DateTimeOriginal": TAKEN, "OffsetTimeOriginal": "   :  "}, CLOCK),
        ({"DateTimeOriginal": TAKEN, "OffsetTime": "+05:00"}, CLOCK),
        ({"DateTimeOriginal": TAKEN, "SubsecTimeOriginal": "78"}, f"{CLOCK}.780"),
        ({"DateTimeOriginal": TAKEN, "SubsecTimeOriginal": "1239999"}, f"{CLOCK}.123"),
        ({"DateTimeOriginal": TAKEN, "SubsecTimeOriginal": "x"}, CLOCK),
        ({"DateTimeOriginal": TAKEN, "SubsecTimeOriginal": "\u0661"}, CLOCK),
        ({"DateTimeOriginal": "2024-01-31T12:34:56.5+01:00"}, f"{CLOCK}.500+01:00"),
        ({"DateTimeOriginal": "2024:01:31 12:34"}, "2024-01-31T12:34:00"),
        ({"DateTimeOriginal": "2024:01:31 12:34:56\0\0"}, CLOCK),
        ({"DateTimeDigitized": TAKEN, "OffsetTimeDigitized": "+02:00"}, f"{CLOCK}+02:00"),
        ({"DateTime": TAKEN, "OffsetTime": "+02:00"}, f"{CLOCK}+02:00"),
        ({"DateTimeOriginal": "0000:00:00 00:00:00", "DateTimeDigitized": TAKEN}, CLOCK),
        ({"DateTimeOriginal": "1970:01:01 00:00:00", "DateTime": TAKEN}, CLOCK),
        ({"DateTimeOriginal": "1851:05:01 09:00:00"}, "1851-05-01T09:00:00"),
    ],
)
def test_exif_tells_when_a_picture_was_taken(tags: dict[str, str], at: str) -> None:
    assert by_exif(**tags) == Captured(at, "exif")


@pytest.mark.parametrize(
    ("utc", "zone"),
    [
        ("11:34:10", "+01:00"),
        ("07:04:50", "+05:30"),
        ("06:49:56", "+05:45"),
        ("11:38:30", "+01:00"),
        ("11:42:00", ""),
        ("12:34:56", "+00:00"),
        ("24:00:00", ""),
        ("", ""),
    ],
)
def test_the_clock_of_gps_tells_the_offset_where_nothing_else_does(utc: str, zone: str) -> None:
    found = by_exif(DateTimeOriginal=TAKEN, GPSDateStamp="2024:01:31", GPSTimeStamp=utc)

    assert found.at == CLOCK + zone


def test_an_offset_that_is_told_beats_gps() -> None:
    tags = {"GPSDateStamp": "2024:01:31", "GPSTimeStamp": "11:34:10", "OffsetTimeOriginal": "+02:00"}

    assert by_exif(DateTimeOriginal=TAKEN, **tags).at == f"{CLOCK}+02:00"


def test_gps_crosses_midnight() -> None:
    tags = {"GPSDateStamp": "2024:02:01", "GPSTimeStamp": "07:30:00"}

    assert by_exif(DateTimeOriginal="2024:01:31 23:30:00", **tags).at == "2024-01-31T23:30:00-08:00"


@pytest.mark.parametrize(
    "nonsense",
    [
        *("", "garbage", "0000:00:00 00:00:00", "    :  :     :  :  ", "1904:01:01 00:00:00", "1970:01:01 00:00:00"),
        *("1980:01:01 00:00:00", "2024:13:01 00:00:00", "2024:02:30 12:00:00", "2024:01:31 24:60:00"),
        *(
            "2024:01:31 24:00:00",
            "1825:12:31 23:59:59",
            "2106:02:07 06:28:15",
            "9999:12:31 23:59:59",
            "2026:11:24 10:00:00",
        ),
        *("\u0662\u0660\u0662\u0664:01:31 12:34:56", "0001:01:01 00:00:00", "2024:01:31", "9" * 300),
    ],
)
def test_absurd_times_are_no_times(nonsense: str) -> None:
    assert by_exif(DateTimeOriginal=nonsense) == Captured(UPLOADED, "upload")


def test_a_clock_a_day_fast_is_believed() -> None:
    assert by_exif(DateTimeOriginal="2026:11:22 10:00:00").source == "exif"


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("IMG_20240131_123456.jpg", CLOCK),
        ("IMG_20240131_123456_1.jpg", CLOCK),
        ("IMG20240131123456.jpg", CLOCK),
        ("20240131_123456.jpg", CLOCK),
        ("20240131_123456(0).jpg", CLOCK),
        ("VID_20240131_123456.mp4", CLOCK),
        ("MVIMG_20240131_123456.jpg", CLOCK),
        ("IMG_20240131_123456789_HDR.jpg", f"{CLOCK}.789"),
        ("PXL_20240131_123456789.jpg", f"{CLOCK}.789Z"),
        ("PXL_20240131_123456789.MP.jpg", f"{CLOCK}.789Z"),
        ("20240131_123456000_iOS.heic", f"{CLOCK}Z"),
        ("Screenshot_20240131-123456.png", CLOCK),
        ("Screenshot_20240131-123456_Chrome.png", CLOCK),
        ("Screenshot_2024-01-31-12-34-56-123_com.app.png", f"{CLOCK}.123"),
        ("Screenshot 2024-01-31 at 12.34.56.png", CLOCK),
        ("WhatsApp Image 2024-01-31 at 12.34.56.jpeg", CLOCK),
        ("signal-2024-01-31-123456.jpg", CLOCK),
        ("photo_2024-01-31_12-34-56.jpg", CLOCK),
        ("2024-01-31 12.34.56.jpg", CLOCK),
        ("FB_IMG_1706704496000.jpg", "2024-01-31T12:34:56Z"),
        ("mmexport1706704496789.jpg", "2024-01-31T12:34:56.789Z"),
        ("1706704496000.jpg", "2024-01-31T12:34:56Z"),
        ("IMG-20240131-WA0001.jpg", "2024-01-31T00:00:00"),
        ("Scan 2024-01-31.jpg", "2024-01-31T00:00:00"),
        ("2024-99-99 scanned 2024-01-31.jpg", "2024-01-31T00:00:00"),
    ],
)
def test_names_tell_when_a_file_was_made(name: str, at: str) -> None:
    assert captured.judge(Told(name, UPLOADED)) == Captured(at, "name")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a.jpg",
            "IMG_1234.HEIC",
            "DSC01234.jpg",
            "IMG_20241331_123456.jpg",
            "IMG_20240131_246060.jpg",
            "20240131.jpg",
        ),
        *(
            "120240131_1234567.jpg",
            "IMG_18990131_123456.jpg",
            "2024-01-3112.jpg",
            "IMG_21060131_123456.jpg",
            "",
            "1" * 5000,
        ),
        *("\u0662\u0660\u0662\u0664-01-31.jpg", "Scan 2024-02-30.jpg", "IMG-20241331-WA0001.jpg"),
    ],
)
def test_other_digits_in_names_are_no_time(name: str) -> None:
    assert captured.judge(Told(name, UPLOADED)).source == "upload"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"creationDate": "2024-01-31T12:34:56+0100"}, Captured(f"{CLOCK}+01:00", "quicktime")),
        ({"creationDate": "2024-01-31T12:34:56"}, Captured(CLOCK, "quicktime")),
        ({"creationDate": "", "headerSeconds": SINCE_1904}, Captured("2024-01-31T11:34:58Z", "quicktime")),
        ({"headerSeconds": "1706700898"}, Captured("2024-01-31T11:34:58Z", "quicktime")),
        ({"headerSeconds": "0"}, Captured(UPLOADED, "upload")),
        ({"headerSeconds": "4294967295"}, Captured(UPLOADED, "upload")),
        ({"headerSeconds": str(2**64 - 1)}, Captured(UPLOADED, "upload")),
        ({"headerSeconds": "-5"}, Captured(UPLOADED, "upload")),
        ({"headerSeconds": "9" * 12}, Captured(UPLOADED, "upload")),
    ],
)
def test_quicktime_tells_when_a_film_was_made(told: dict[str, str], expected: Captured) -> None:
    assert captured.judge(Told("a.mov", UPLOADED, quicktime=told)) == expected


def test_a_name_and_a_header_together_tell_the_offset() -> None:
    found = captured.judge(Told("VID_20240131_123456.mp4", UPLOADED, quicktime={"headerSeconds": SINCE_1904}))

    assert found == Captured(f"{CLOCK}+01:00", "name")


def test_a_header_that_tells_another_time_tells_no_offset() -> None:
    found = captured.judge(Told("VID_20240131_123456.mp4", UPLOADED, quicktime={"headerSeconds": "1600000000"}))

    assert found == Captured(CLOCK, "name")


def test_the_sources_are_asked_from_the_best_to_the_last() -> None:
    everything = Told(
        "IMG_20240104_000004.jpg",
        UPLOADED,
        "2024-01-05T00:00:05Z",
        {"DateTimeOriginal": "2024:01:01 00:00:01"},
        {"creationDate": "2024-01-02T00:00:02", "headerSeconds": SINCE_1904},
    )
    worse = [
        everything,
        everything._replace(exif={}),
        everything._replace(exif={}, quicktime={"headerSeconds": SINCE_1904}),
        everything._replace(exif={}, name="a.jpg", quicktime={"headerSeconds": SINCE_1904}),
        everything._replace(exif={}, name="a.jpg", quicktime={}),
        everything._replace(exif={}, name="a.jpg", quicktime={}, phone=None),
    ]

    found = [captured.judge(told) for told in worse]

    assert [one.source for one in found] == ["exif", "quicktime", "name", "quicktime", "phone", "upload"]
    assert [one.at[8:10] for one in found] == ["01", "02", "04", "31", "05", "21"]


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("2024-01-31T09:00:00+01:00", Captured("2024-01-31T09:00:00+01:00", "phone")),
        ("2024-01-30T23:30:00Z", Captured("2024-01-30T23:30:00Z", "phone")),
        ("2026-03-01T09:00:00Z", Captured("2024-01-31T00:00:00", "name")),
        (None, Captured("2024-01-31T00:00:00", "name")),
    ],
)
def test_a_day_in_a_name_yields_to_a_phone_that_tells_the_hour_of_it(phone: str | None, expected: Captured) -> None:
    assert captured.judge(Told("IMG-20240131-WA0001.jpg", UPLOADED, phone)) == expected


@pytest.mark.parametrize("phone", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "nonsense"])
def test_a_phone_that_cannot_know_is_not_believed(phone: str) -> None:
    assert captured.judge(Told("a.jpg", UPLOADED, phone)) == Captured(UPLOADED, "upload")
