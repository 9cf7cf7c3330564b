"""The boxes of films: as phones write them, and as nobody should."""

import random
import struct

import pytest

from chalicelib.media import boxes
from chalicelib.media.boxes import Film, Pieces
from tests.media.films import IPHONE, TAKEN, a_film, box, keyed, mvhd, track, user_data, wide_box


class Ranges:
    """A file that is read in pieces, and counts them."""

    def __init__(self, contents: bytes, head: int = boxes.PIECE_BYTES) -> None:
        self.contents, self.head, self.read = contents, head, list[int]()

    def look(self) -> Film:
        def read(offset: int, count: int) -> bytes:
            self.read.append(offset)
            return self.contents[offset : offset + count]

        return boxes.look(Pieces(self.contents[: self.head], len(self.contents), read))


def look(*parts: bytes) -> Film:
    return Ranges(a_film(moov=box(b"moov", *parts))).look()


@pytest.mark.parametrize("first", [True, False])
def test_an_iphone_film_tells_everything(first: bool) -> None:
    film = Ranges(a_film(first=first)).look()

    assert film.told == {
        "headerSeconds": str(TAKEN),
        "make": "Apple",
        "model": "iPhone 14",
        "creationDate": "2024-01-31T12:34:56+0100",
        "location": "+48.8577+002.2950+035.000/",
    }
    assert (film.width, film.height) == (1080, 1920)


def test_what_lies_behind_gigabytes_is_found_with_one_more_read() -> None:
    class Huge(Ranges):
        """Holds 6 GB of film of which no byte is made."""

        def look(self) -> Film:
            head = box(b"ftyp", b"qt  ", bytes(4)) + struct.pack(">I4sQ", 1, b"mdat", 6 * 10**9)
            moov_at = len(head) - 16 + 6 * 10**9

            def read(offset: int, count: int) -> bytes:
                self.read.append(offset)
                return self.contents[offset - moov_at :][:count]

            head_piece = head.ljust(boxes.PIECE_BYTES, b"\0")
            return boxes.look(Pieces(head_piece, moov_at + len(self.contents), read))

    film = Huge(box(b"moov", mvhd(), track(640, 480), keyed(IPHONE)))

    assert film.look().width == 640
    assert len(film.read) == 1


def test_sample_tables_are_stepped_over() -> None:
    big = box(b"trak", box(b"mdia", bytes(3_000_000)))
    film = Ranges(a_film(moov=box(b"moov", mvhd(), big, track(640, 480), big, keyed(IPHONE))))

    assert film.look().told["model"] == "iPhone 14"
    assert len(film.read) <= 4


def test_android_tells_in_its_own_words() -> None:
    android = {"com.android.manufacturer": "Google", "com.android.model": "Pixel 8", "com.android.version": "14"}

    film = look(mvhd(wide=True), track(1920, 1080, wide=True), keyed(android, full=True))

    assert film.told == {"headerSeconds": str(TAKEN), "make": "Google", "model": "Pixel 8"}
    assert (film.width, film.height) == (1920, 1080)


def test_older_cameras_tell_in_user_data() -> None:
    film = look(user_data({b"\xa9day": "2012-06-01T08:00:00+0200", b"\xa9xyz": "+01.5-002.5/", b"\xa9mak": "Apple"}))

    assert film.told == {"creationDate": "2012-06-01T08:00:00+0200", "location": "+01.5-002.5/", "make": "Apple"}


def test_keys_within_user_data_tell_too_and_what_is_unknown_there_is_stepped_over() -> None:
    told = box(b"udta", box(b"free", bytes(4)), keyed({"com.android.model": "Pixel 8"}, full=True), box(b"\xa9nam"))

    assert look(told).told == {"model": "Pixel 8"}


def test_of_a_list_of_keys_without_end_only_the_first_are_read() -> None:
    film = look(keyed({**{f"key {n}": "told" for n in range(300)}, "com.android.model": "Pixel 8"}))

    assert film.told == {}
    assert look(keyed({"key": "told", "com.android.model": "Pixel 8"})).told == {"model": "Pixel 8"}


def test_a_film_cut_off_before_its_boxes_tells_nothing() -> None:
    assert Ranges(a_film()[:500]).look() == Film()


def test_boxes_with_sizes_of_eight_bytes_are_read() -> None:
    film = Ranges(wide_box(b"mdat", bytes(100)) + wide_box(b"moov", mvhd(), track(10, 20))).look()

    assert (film.width, film.height) == (10, 20)


def test_the_last_box_may_reach_to_the_end() -> None:
    moov = struct.pack(">I4s", 0, b"moov") + mvhd() + track(10, 20)

    assert Ranges(box(b"ftyp", b"qt  ") + moov).look().width == 10


def test_a_chain_of_tiny_boxes_is_not_followed_for_ever() -> None:
    film = Ranges(box(b"free") * 3_000_000 + a_film(first=True))

    assert film.look() == Film()
    assert len(film.read) <= boxes.MOST_PIECES


def test_a_box_smaller_than_its_own_head_ends_the_walk() -> None:
    stuck = struct.pack(">I4sQ", 1, b"free", 0)

    assert Ranges(box(b"ftyp", b"qt  ") + stuck + a_film(first=True)).look() == Film()
    assert Ranges(box(b"ftyp", b"qt  ") + struct.pack(">I4s", 4, b"free") + a_film(first=True)).look() == Film()


def test_a_film_in_too_many_pieces_is_given_up() -> None:
    far = [box(b"trak", bytes(boxes.PIECE_BYTES)) for _ in range(40)]
    film = Ranges(a_film(moov=box(b"moov", mvhd(), *far, track(10, 20))))

    assert film.look().told == {"headerSeconds": str(TAKEN)}
    assert len(film.read) == boxes.MOST_PIECES


def test_long_texts_are_cut() -> None:
    film = look(keyed({"com.apple.quicktime.model": "x" * 10_000}))

    assert len(film.told["model"]) == 200


def test_whatever_is_broken_nothing_breaks() -> None:
    draw = random.Random(7)
    whole = a_film(first=True)

    for _ in range(3000):
        broken = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            broken[draw.randrange(len(broken))] = draw.choice([0, 1, 255, draw.randrange(256)])
        film = Ranges(bytes(broken[: draw.randint(0, len(broken))]), head=draw.choice([0, 64, 65536]))
        film.look()
        assert len(film.read) <= boxes.MOST_PIECES
