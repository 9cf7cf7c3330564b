"""What an object carries along of its file: enough to write the file down anew, and never more than S3 takes."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.incoming import labels
from chalicelib.metadata.files import File, Status

FILE = File(
    owner_id="11111111-1111-4111-8111-111111111111",
    file_id="0" * 32,
    name="Müritz & mehr=1.jpg",
    type="image/jpeg",
    status=Status.PENDING,
    key="k",
    created_at="2026-11-21T10:00:00.123Z",
    taken_at="2024-02-29T12:00:00",
    group_id="live/1",
    local_id="A-1",
    device_id="a" * 32,
    device_name="Annas Telefon",
)
TOLD = ("created_at", "taken_at", "name", "group_id", "local_id", "device_id", "device_name")


def test_what_was_declared_comes_back_as_it_was() -> None:
    assert labels.read(labels.of(FILE)) == {name: getattr(FILE, name) for name in TOLD}


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.text(min_size=1, max_size=1024), st.text(max_size=256))
def test_a_label_always_fits_and_what_it_tells_is_true(name: str, hint: str) -> None:
    name, hint = (text.encode("utf-8", "replace").decode() for text in (name, hint))
    file = msgspec.structs.replace(FILE, name=name, group_id=hint or None, local_id=hint or None)

    label = labels.of(file)

    assert len(label) <= labels.MOST_CHARACTERS
    assert label.isascii()
    assert label.isprintable()
    assert all(getattr(file, field) == value for field, value in labels.read(label).items())
    assert {"created_at", "taken_at", "device_id"} <= labels.read(label).keys()


def test_what_does_not_fit_is_left_out_and_the_rest_stays() -> None:
    long = msgspec.structs.replace(FILE, name="相" * 1024)

    assert labels.read(labels.of(long)).keys() == set(TOLD) - {"name"}


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "name=",
        "status=trashed&ownerId=x",
        "takenAt=2024-02-30T12:00:00Z",
        "takenAt=yesterday",
        "deviceId=..",
        "groupId=" + "x" * 257,
        "name=" + "x" * 1800,
        "%",
    ],
)
def test_what_is_not_of_our_making_tells_nothing(forged: str) -> None:
    assert labels.read(forged) == {}
