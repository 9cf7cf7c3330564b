"""How large files are cut: a table, and what must hold for every size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.incoming import parts
from chalicelib.incoming.parts import MIB, Part, Plan
from tests.builders import part_hash

SIZES = st.integers(parts.SINGLE_BYTES + 1, parts.MOST_BYTES)


@pytest.mark.parametrize(
    ("size", "part_size", "count"),
    [
        (16 * MIB + 1, 16 * MIB, 2),
        (32 * MIB, 16 * MIB, 2),
        (32 * MIB + 1, 16 * MIB, 3),
        (160_000 * MIB, 16 * MIB, 10_000),
        (160_000 * MIB + 1, 17 * MIB, 9_412),
        (170_000 * MIB, 17 * MIB, 10_000),
        (1024**4, 105 * MIB, 9_987),
        (5 * 1024**4, 525 * MIB, 9_987),
    ],
)
def test_parts_are_as_small_as_ten_thousand_of_them_allow(size: int, part_size: int, count: int) -> None:
    assert parts.cut(size) == Plan(size, part_size, count)


@given(SIZES)
def test_any_size_is_cut_as_s3_wants_it(size: int) -> None:
    plan = parts.cut(size)

    assert 2 <= plan.count <= parts.MOST_PARTS
    assert plan.part_size % MIB == 0
    assert 16 * MIB <= plan.part_size <= parts.MOST_SINGLE_BYTES
    assert 1 <= plan.size_of(plan.count) <= plan.part_size
    assert plan.size_of(1) * (plan.count - 1) + plan.size_of(plan.count) == size


@pytest.mark.parametrize(
    ("size", "large"), [(None, False), (1, False), (16 * MIB, False), (16 * MIB + 1, True), (5 * 1024**4, True)]
)
def test_a_file_is_sent_in_parts_above_16_mib(size: int | None, large: bool) -> None:
    assert parts.is_large(size) == large


PLAN = parts.cut(40 * MIB)


def a_part(number: int, size: int = 16 * MIB) -> Part:
    return Part(number, size, f'"{number}"', part_hash(number))


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        ([], [1, 2, 3]),
        ([a_part(1), a_part(2), a_part(3, 8 * MIB)], []),
        ([a_part(3, 8 * MIB), a_part(1), a_part(2)], []),
        ([a_part(1), a_part(3, 8 * MIB)], [2]),
        ([a_part(1), a_part(2, 16 * MIB - 1), a_part(3, 8 * MIB)], [2]),
        ([a_part(1), a_part(2), a_part(3)], [3]),
        ([a_part(4), a_part(0)], [1, 2, 3]),
    ],
    ids=["none", "all", "in any order", "one lacks", "one is short", "the last is too long", "numbers of no part"],
)
def test_a_part_is_there_with_its_own_size_alone(found: list[Part], missing: list[int]) -> None:
    assert parts.missing(PLAN, parts.sound(PLAN, found)) == missing


@pytest.mark.parametrize(
    ("part", "sha256", "there"),
    [
        (None, None, False),
        (None, part_hash(1), False),
        (a_part(1), None, True),
        (a_part(1), part_hash(1), True),
        (a_part(1), part_hash(2), False),
        (Part(1, 1, "e"), part_hash(1), False),
        (Part(1, 1, "e"), None, True),
    ],
)
def test_a_part_with_another_hash_is_sent_again(part: Part | None, sha256: str | None, there: bool) -> None:
    assert parts.is_there(part, sha256) == there


def test_the_checksum_of_parts_put_together_is_that_of_their_checksums() -> None:
    # Computed with openssl dgst -sha256 over the two digests in binary.
    have = {1: Part(1, 1, "", "00" * 32), 2: Part(2, 1, "", "ff" * 32)}

    assert parts.composite(have) == "u6kcqF3JFLLsPvueFucme/kZOxQ1DSD7qKi0BnMK4wo=-2"
    assert parts.composite({**have, 3: Part(3, 1, "")}) is None
