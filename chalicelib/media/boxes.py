"""The boxes of a film (QuickTime, MP4): when, where and with what it was taken, and its size. Pure.

A box is its size (4 bytes, or 8 after the name where that says 1; 0 reaches to the end), its name (4 bytes) and its
contents. What is wanted lies in `moov`, which may stand behind gigabytes of `mdat`; so boxes are stepped over, and the
file is read in a few pieces through whoever calls.

    moov  mvhd                                  created, in seconds since 1904
          trak  tkhd                            width and height, and how the picture is turned
          udta  (c)day (c)xyz (c)mak (c)mod     what older cameras write
          meta  keys ilst                       com.apple.quicktime.* and com.android.*
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chalicelib.errors import BackhaulError

Read = Callable[[int, int], bytes]

PIECE_BYTES = 64 * 1024
MOST_PIECES = 12
MOST_BOXES = 2000
_MOST_CONTENTS = 64 * 1024
_MOST_KEYS = 200
_HEADER = 8
_MOST_TEXT = 200
_UDTA = {b"\xa9day": "creationDate", b"\xa9xyz": "location", b"\xa9mak": "make", b"\xa9mod": "model"}
_KEYS = {
    b"com.apple.quicktime.creationdate": "creationDate",
    b"com.apple.quicktime.location.ISO6709": "location",
    b"com.apple.quicktime.make": "make",
    b"com.apple.quicktime.model": "model",
    b"com.android.manufacturer": "make",
    b"com.android.model": "model",
}
_TEXT_TYPE = 1
_FULL = 4


class TooManyPiecesError(BackhaulError):
    """Raised when a film's boxes lie so that finding them would cost too much."""


@dataclass
class Film:
    """What the boxes tell, as they tell it."""

    told: dict[str, str] = field(default_factory=dict)
    width: int = 0
    height: int = 0


class Pieces:
    """A file of which the first piece is known, read further in as few pieces as possible."""

    def __init__(self, head: bytes, size: int, read: Read) -> None:
        self.size = size
        self._read = read
        self._start, self._piece = 0, head
        self._left = MOST_PIECES

    def at(self, offset: int, count: int) -> bytes:
        """Return some bytes, fewer at the end of the file."""
        count = max(0, min(count, self.size - offset))
        if not (self._start <= offset and offset + count <= self._start + len(self._piece)):
            self._fetch(offset, count)
        begin = offset - self._start
        return self._piece[begin : begin + count]

    def _fetch(self, offset: int, count: int) -> None:
        if not self._left:
            raise TooManyPiecesError(f"more than {MOST_PIECES} pieces of a film of {self.size} bytes")
        self._left -= 1
        self._piece = self._read(offset, min(max(count, PIECE_BYTES), self.size - offset))
        self._start = offset


@dataclass(frozen=True)
class Box:
    """Where a box's contents are."""

    name: bytes
    start: int
    end: int


def look(pieces: Pieces) -> Film:
    """Read what a film's boxes tell; what is broken or too far apart is left out."""
    film = Film()
    try:
        for box in _boxes(pieces, 0, pieces.size):
            if box.name == b"moov":
                _look_into_moov(pieces, box, film)
                break
    except (TooManyPiecesError, struct.error):
        pass
    return film


def _boxes(pieces: Pieces, start: int, end: int) -> Iterator[Box]:
    for _ in range(MOST_BOXES):
        head = pieces.at(start, 2 * _HEADER)
        if start + _HEADER > end or len(head) < _HEADER:
            return
        size, name = struct.unpack(">I4s", head[:_HEADER])
        skip = _HEADER
        if size == 1:
            (size,), skip = struct.unpack(">Q", head[_HEADER:]), 2 * _HEADER
        size = size or end - start
        if size < skip or start + size > end:
            return
        yield Box(name, start + skip, start + size)
        start += size


def _look_into_moov(pieces: Pieces, moov: Box, film: Film) -> None:
    for box in _boxes(pieces, moov.start, moov.end):
        if box.name == b"mvhd":
            _read_header(_contents(pieces, box), film)
        elif box.name == b"trak":
            _read_track(pieces, box, film)
        elif box.name == b"meta":
            _read_meta(pieces, box, film)
        elif box.name == b"udta":
            _read_user_data(pieces, box, film)


def _contents(pieces: Pieces, box: Box) -> bytes:
    return pieces.at(box.start, min(box.end - box.start, _MOST_CONTENTS))


def _read_header(contents: bytes, film: Film) -> None:
    wide = contents[:1] == b"\x01"
    (seconds,) = struct.unpack(">Q", contents[4:12]) if wide else struct.unpack(">I", contents[4:8])
    film.told["headerSeconds"] = str(seconds)


def _read_track(pieces: Pieces, track: Box, film: Film) -> None:
    """Take the size of the first track that has one; sound has none."""
    if film.width:
        return
    for box in _boxes(pieces, track.start, track.end):
        if box.name == b"tkhd":
            contents = _contents(pieces, box)
            at = 52 if contents[:1] == b"\x01" else 40
            first, second = struct.unpack(">ii", contents[at : at + 8])
            width, height = (value >> 16 for value in struct.unpack(">II", contents[at + 36 : at + 44]))
            # Turned by a quarter, the first row of the matrix is 0, ±1.
            turned = first == 0 and second != 0
            film.width, film.height = (height, width) if turned else (width, height)
            return


def _read_user_data(pieces: Pieces, box: Box, film: Film) -> None:
    for told in _boxes(pieces, box.start, box.end):
        if told.name == b"meta":
            _read_meta(pieces, told, film)
        elif told.name in _UDTA:
            contents = _contents(pieces, told)
            length = int.from_bytes(contents[:2])
            film.told.setdefault(_UDTA[told.name], _text(contents[4 : 4 + length]))


def _read_meta(pieces: Pieces, meta: Box, film: Film) -> None:
    """Read keys and their values; in MP4 four bytes of version and flags come first, in QuickTime none do."""
    plain = pieces.at(meta.start, _HEADER)[4:] == b"hdlr"
    names: list[bytes] = []
    for box in _boxes(pieces, meta.start + (0 if plain else _FULL), meta.end):
        if box.name == b"keys":
            names = list(_key_names(_contents(pieces, box)))
        elif box.name == b"ilst":
            _read_values(pieces, box, names, film)


def _key_names(contents: bytes) -> Iterator[bytes]:
    at = _HEADER
    for _ in range(_MOST_KEYS):
        size = int.from_bytes(contents[at : at + 4])
        if size < _HEADER or at + size > len(contents):
            return
        yield contents[at + _HEADER : at + size]
        at += size


def _read_values(pieces: Pieces, values: Box, names: list[bytes], film: Film) -> None:
    for value in _boxes(pieces, values.start, values.end):
        place = int.from_bytes(value.name) - 1
        wanted = _KEYS.get(names[place]) if 0 <= place < len(names) else None
        for data in _boxes(pieces, value.start, value.end) if wanted else ():
            contents = _contents(pieces, data)
            if wanted and data.name == b"data" and int.from_bytes(contents[:4]) == _TEXT_TYPE:
                film.told[wanted] = _text(contents[8:])


def _text(raw: bytes) -> str:
    return raw[:_MOST_TEXT].decode("utf-8", "replace").strip(" \0")
