from typing import Any

import pytest

from chalicelib.auth import device_keys

DEVICE = "0192f0c1a2b37c4d8e5f60718293a4b5"


def test_a_key_reads_back_as_it_was_made() -> None:
    key = device_keys.new(DEVICE)

    assert device_keys.parse(key.text()) == key


def test_two_keys_of_one_device_differ() -> None:
    assert device_keys.new(DEVICE).secret != device_keys.new(DEVICE).secret


def test_a_secret_holds_256_bits() -> None:
    asked = []

    device_keys.new(DEVICE, lambda count: str(asked.append(count)))

    assert asked == [32]


def test_a_key_fits_what_is_kept_of_it() -> None:
    key = device_keys.new(DEVICE)

    assert key.fits(key.hashed())


def test_another_secret_does_not_fit() -> None:
    assert not device_keys.new(DEVICE).fits(device_keys.new(DEVICE).hashed())


def test_what_is_kept_does_not_hold_the_secret() -> None:
    key = device_keys.new(DEVICE)

    assert key.secret not in key.hashed()


def test_a_key_hides_its_secret_when_printed() -> None:
    key = device_keys.new(DEVICE)

    assert key.secret not in repr(key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bh_",
        f"bh_{DEVICE}",
        f"bh_{DEVICE}_",
        f"bh_{DEVICE}_short",
        f"bh_{DEVICE.upper()}_{'a' * 43}",
        f"bh_{DEVICE}_{'a' * 42}",
        f"bh_{DEVICE}_{'a' * 44}",
        f"bh_{DEVICE}_{'a' * 42}é",
        f"bh_{DEVICE}_{'a' * 43}\n",
        f" bh_{DEVICE}_{'a' * 43}",
        f"BH_{DEVICE}_{'a' * 43}",
        f"bh_{DEVICE[:-1]}/_{'a' * 43}",
        "x" * 100_000,
    ],
)
def test_what_is_no_key_is_not_read(text: Any) -> None:
    assert device_keys.parse(text) is None
