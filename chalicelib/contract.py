"""What a route takes, gives and refuses: said once, by its handler; obeyed here, told to the world by `openapi`.

A handler's parameters are those of its path, and at most one more of a request type: the query of a GET, the body of
anything else. What it returns is the reply; `None` is told as an empty object.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from chalice.app import Response

from chalicelib import bodies
from chalicelib.auth import scopes
from chalicelib.errors import BadCursorError, BadInputError, CrowdedError, NotAllowedError, NotFoundError, Refusal

PERSON, DEVICE = "accessToken", "deviceKey"

# Which credentials open a route, and the scope each must hold besides; where there is none, everybody may come.
Callers = Mapping[str, Sequence[str]]
ANYBODY: Callers = {}
EVERYBODY_KNOWN: Callers = {PERSON: (), DEVICE: ()}
SENDERS: Callers = {PERSON: (scopes.UPLOAD,), DEVICE: (scopes.UPLOAD,)}
READERS: Callers = {PERSON: (scopes.READ,), DEVICE: (scopes.READ,)}
OWNERS: Callers = {PERSON: (scopes.OWNER,)}
ADMINS: Callers = {PERSON: (scopes.ADMIN,)}
DEVICES: Callers = {DEVICE: ()}
PCS: Callers = {DEVICE: (scopes.PC,)}
OWNERS_AND_DEVICES: Callers = {PERSON: (scopes.OWNER,), DEVICE: ()}
OWNERS_AND_PCS: Callers = {PERSON: (scopes.OWNER,), DEVICE: (scopes.PC,)}

Handler = Callable[..., Any]
Read = Callable[[type[Any]], Any]


@dataclass(frozen=True)
class Contract:
    """What a handler says of its route."""

    callers: Callers
    path: Mapping[str, Any]
    asked: tuple[str, type[bodies.Request]] | None
    reply: Any
    own_refusals: tuple[type[Refusal], ...]

    @property
    def refusals(self) -> list[type[Refusal]]:
        """Every way in which the route says no, those included that follow from what it takes."""
        return list(dict.fromkeys([*self._refusals_of_its_kind(), *self.own_refusals]))

    def _refusals_of_its_kind(self) -> Iterator[type[Refusal]]:
        if self.asked:
            yield BadInputError
            if "next" in self.asked[1].__struct_fields__:
                yield BadCursorError
        if any(self.callers.values()):
            yield NotAllowedError
        if self.path:
            yield NotFoundError
        if self.asked or self.callers:
            yield CrowdedError


def opener(read: Read) -> Callable[..., Callable[[Handler], Handler]]:
    """Make the decorator that goes below each `@app.route`; `read` reads what is asked as the type it is given."""

    def open_to(callers: Callers, *, refuses: Sequence[type[Refusal]] = ()) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            return _bound(handler, _read_signature(handler, callers, refuses), read)

        return declare

    return open_to


def of(view: Handler) -> Contract:
    """Return what a route's handler says; a handler that says nothing has no place in the app."""
    made: Contract = vars(view)["contract"]
    return made


def _bound(handler: Handler, contract: Contract, read: Read) -> Handler:
    @wraps(handler)
    def view(**given: Any) -> Any:
        if contract.asked:
            name, kind = contract.asked
            given[name] = read(kind)
        reply = handler(**given)
        return reply if isinstance(reply, Response) else bodies.to_json({} if reply is None else reply)

    vars(view)["contract"] = contract
    return view


def _read_signature(handler: Handler, callers: Callers, refuses: Sequence[type[Refusal]]) -> Contract:
    told = dict(handler.__annotations__)
    reply = told.pop("return")
    asked = [(name, kind) for name, kind in told.items() if isinstance(kind, type) and issubclass(kind, bodies.Request)]
    if len(asked) > 1:
        raise TypeError(f"{handler.__name__} must take one body or query, it takes {len(asked)}")
    path = {name: kind for name, kind in told.items() if (name, kind) not in asked}
    return Contract(callers, path, asked[0] if asked else None, reply, tuple(refuses))
