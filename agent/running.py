"""`run`, in a terminal or started by itself, and `serve`, for Windows' service control: the agent at work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from agent import farewell
from agent.errors import NotPairedError, RevokedError
from agent.fetch import limits
from agent.fetch.limits import Limit
from agent.session import Session
from agent.show import journal, screen, toasts
from agent.startup import host
from agent.words import at_home, checked

if TYPE_CHECKING:
    import argparse

    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore

LOG = logging.getLogger(__name__)


def add_to(commands: Any) -> None:
    """Add both commands to the others."""
    going = commands.add_parser("run", help="bring files home until stopped")
    going.add_argument(
        "--limit",
        type=checked(limits.parse_amount),
        metavar="RATE",
        help="bytes a second at most, as 2M or 750k; 0: no limit",
    )
    at_home(going, run)
    at_home(commands.add_parser("serve"), serve)


def run(chosen: argparse.Namespace, home: Home, keys: KeyStore) -> int:
    """Bring files home until asked to stop."""
    if home.folder.exists() and not home.marker.exists():
        raise NotPairedError(home, "marker")
    limit = None if chosen.limit is None else Limit(day=chosen.limit, night=chosen.limit)
    session = Session(home, keys, limit=limit)
    farewell.stop_on_signals(session.ask_to_stop)
    journal.begin(home)
    with (
        farewell.heeded(home, session.ask_to_stop) as show,
        toasts.following(home, show),
        screen.live(session.view, verbose=chosen.verbose),
    ):
        session.run()
    LOG.info("stopped")
    return 0


def serve(_chosen: argparse.Namespace, home: Home, keys: KeyStore) -> int:
    """Do the same as `run`, for Windows' service control. Not for people, so `--help` says nothing of it."""
    journal.begin(home)
    session = Session(home, keys)
    host.serve(lambda: _until_revoked(session), session.ask_to_stop)
    return 0


def _until_revoked(session: Session) -> None:
    """Work; Windows starts a service again that failed, which does not help one whose PC was revoked."""
    try:
        session.run()
    except RevokedError as error:
        journal.complain(str(error))
