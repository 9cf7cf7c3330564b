"""`python -m local up | demo | reset`: Backhaul on this machine."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from local.errors import LocalError, MissingToolError
from local.places import API_PORT, CLOUD_PORT, Places

PROJECT = Path(__file__).resolve().parent.parent
HIGHEST_PORT = 65_535
INTERRUPTED = 130
ENDING_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every expected trouble is one sentence, a way out, and a code that is not 0."""
    asked = parser().parse_args(arguments)
    try:
        return int(asked.command(asked))
    except LocalError as error:
        return complain(error)
    except ModuleNotFoundError as error:
        return complain(MissingToolError(str(error.name)))
    except KeyboardInterrupt:
        print("Stopped before it was up.", file=sys.stderr)
        return INTERRUPTED


def complain(error: LocalError) -> int:
    """Say what is wrong and what a person can do about it."""
    print(f"{error}.", *filter(None, [error.hint]), sep="\n", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    places = argparse.ArgumentParser(add_help=False)
    places.add_argument("--cloud-port", type=port, default=CLOUD_PORT, help="where the AWS endpoint listens")
    places.add_argument("--api-port", type=port, default=API_PORT, help="where the API listens")
    places.add_argument("--state", type=Path, default=PROJECT / ".local", help="where the cloud's state is kept")
    places.add_argument("--home", type=Path, default=PROJECT / "home", help="the home folder of the demo PC")
    top = argparse.ArgumentParser(prog="python -m local", description="Backhaul on this machine.")
    commands = top.add_subparsers(required=True, metavar="up | demo | reset")
    up = commands.add_parser("up", parents=[places], help="run the whole system until Ctrl-C")
    up.set_defaults(command=_up)
    demo = commands.add_parser("demo", parents=[places], help="send sample files and compare the bytes at both ends")
    demo.add_argument("--video-mb", type=int, default=64, help="size of the video in MiB; 0 for none")
    demo.set_defaults(command=_demo)
    reset = commands.add_parser("reset", parents=[places], help="forget the cloud; the home folder stays")
    reset.set_defaults(command=_reset)
    return top


def port(text: str) -> int:
    """Read a port number."""
    if not text.isdigit() or not 0 < int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"a port must be a whole number from 1 to {HIGHEST_PORT}, got {text!r}")
    return int(text)


def _places(asked: argparse.Namespace) -> Places:
    return Places(PROJECT, asked.state.resolve(), asked.home.resolve(), asked.cloud_port, asked.api_port)


def _up(asked: argparse.Namespace) -> int:
    from local import system  # noqa: PLC0415 - `reset` must work where the tools are not installed

    _raise_on_signals()
    ran = False
    try:
        with system.up(_places(asked), tell) as running:
            tell(system.summary(running))
            ran = True
            running.stay()
    except KeyboardInterrupt:
        if not ran:
            raise
        tell("Stopped. Everything is saved.")
    return 0


def _demo(asked: argparse.Namespace) -> int:
    from local import demo, owner, system  # noqa: PLC0415 - as above
    from local.api import Api  # noqa: PLC0415
    from local.disk import read_json  # noqa: PLC0415
    from local.lock import held  # noqa: PLC0415

    _raise_on_signals()
    places = _places(asked)
    if not held(places.lock_file) or not places.running_file.exists():
        with system.up(places, tell) as running:
            return demo.run(running.api, places.home, asked.video_mb)
    found = read_json(places.running_file)
    api = owner.sign_in(Api(found["apiUrl"]), owner.find_or_invent(places.owner_file))
    return demo.run(api, Path(found["home"]), asked.video_mb)


def _reset(asked: argparse.Namespace) -> int:
    from local.reset import reset  # noqa: PLC0415 - as above

    places = _places(asked)
    gone = reset(places)
    tell("\n".join([f"Removed {path}" for path in gone]) or "There was nothing to remove")
    tell(f"The home folder {places.home} is as it was")
    return 0


def tell(line: str) -> None:
    """Say something to the person at the terminal, at once."""
    print(line, flush=True)


def _raise_on_signals() -> None:
    """Let Ctrl-C, SIGTERM and a closed terminal end the `with` blocks; a second one does not disturb the end."""
    known = [getattr(signal, name) for name in ENDING_SIGNALS if hasattr(signal, name)]

    def stop(_: int, __: FrameType | None) -> None:
        for one in known:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in known:
        signal.signal(one, stop)


if __name__ == "__main__":
    sys.exit(main())
