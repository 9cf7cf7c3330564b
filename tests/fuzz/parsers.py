"""Every reader of what strangers wrote: what it is given, how it may refuse, and what holds for all that it lets in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.made_up import NASTY, values

texts = st.text(max_size=60) | st.sampled_from([one for one in NASTY if isinstance(one, str)])


def anything(_: Any) -> bool:
    """Hold for whatever came out: only how it is refused is promised."""
    return True


@dataclass(frozen=True)
class Parser:
    """A reader: `given` is made up by a machine, `refuses` is every way in which it may say no, and at what length.

    A stranger must not fill our log; what a person typed may be told to them whole.
    """

    read: Callable[[Any], Any]
    given: st.SearchStrategy[Any]
    refuses: tuple[type[Exception], ...] = ()
    sound: Callable[[Any], object] = anything
    longest: int = 1000

    def hold(self, given: Any) -> None:
        """Read what is given, and check whatever comes of it."""
        told = refusal = None
        try:
            told = self.read(given)
        except self.refuses as error:
            refusal = error
        if refusal is None:
            assert self.sound(told), (given, told)
        assert len(str(refusal)) <= self.longest, "a refusal repeats whatever it was given"


def near(good: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make objects that are nearly right: each field may be replaced, and any may lack."""
    fields = {name: st.just(value) | values for name, value in good.items()}
    return st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries(fields)
