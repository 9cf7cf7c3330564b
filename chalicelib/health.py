"""That the service answers, and which."""

from typing import Literal

from chalicelib import VERSION
from chalicelib.bodies import Reply


class Health(Reply, frozen=True):
    """The service in its own words."""

    status: Literal["ok"]
    stage: str
    version: str


def tell(stage: str) -> Health:
    """Say that we are here."""
    return Health("ok", stage, VERSION)
