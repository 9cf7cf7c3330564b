"""What fuzzing is made of: how much of it, and the values that have broken programs before."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

# Few and always the same in CI; a longer search: BACKHAUL_FUZZ_EXAMPLES=500 pytest tests/fuzz
FEW = 6
EXAMPLES = int(os.environ.get("BACKHAUL_FUZZ_EXAMPLES", str(FEW)))

quick = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES == FEW,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
some = settings(quick, max_examples=EXAMPLES * 8)
many = settings(quick, max_examples=EXAMPLES * 20)

NASTY = [
    *(None, True, False, 0, -1, 2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 10**40, 0.5, -0.0, 1e308, 888.0),
    *("", " ", "\x00", "\ud800", "\u202egpj.exe", "e\u0301", "\u00e9", "\U0001f4f7" * 300, "x" * 5000, "12", "true"),
    *("../../x", "C:\\x", "a:b", "/", ".", "..", "%2e%2e", "%00", "\r\nX: y", "' or 1=1 --", "${jndi:x}", "<script>"),
    *("A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30"),
    *([], {}, [[]], {"": None}, [None] * 1001, {"__proto__": {}}),
]
values = st.sampled_from(NASTY) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def spoilt(draw: Any, told: Any) -> Any:
    """Replace one thing within a good body, somewhere, by a made-up one; or leave something out, or add something."""
    if isinstance(told, dict) and told and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(told)))
        if draw(st.integers(0, 4)) == 0:
            return {other: value for other, value in told.items() if other != name}
        return {**told, name: spoilt(draw, told[name])}
    if isinstance(told, list) and told and draw(st.booleans()):
        return [*told[1:], spoilt(draw, told[0])]
    return draw(values)
