"""Whatever strangers write is read or refused as foreseen: every reader of both halves, and all that ever broke one."""

from typing import Any

import pytest
from hypothesis import given

from tests.fuzz import parsers_of_the_agent, parsers_of_the_cloud
from tests.fuzz.corpus import kept
from tests.fuzz.made_up import some

PARSERS = parsers_of_the_cloud.PARSERS | parsers_of_the_agent.PARSERS
KEPT = list(kept())


@pytest.mark.parametrize("name", PARSERS)
def test_whatever_comes_is_read_or_refused_as_foreseen(name: str) -> None:
    @some
    @given(made=PARSERS[name].given)
    def holds(made: Any) -> None:
        PARSERS[name].hold(made)

    holds()


@pytest.mark.parametrize(("name", "found"), KEPT, ids=[f"{name}-{n}" for n, (name, _) in enumerate(KEPT)])
def test_what_once_broke_a_reader_does_not_again(name: str, found: Any) -> None:
    PARSERS[name].hold(found)
