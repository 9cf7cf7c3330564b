"""The command line: `python -m admin audit|redrive --stage dev`.

Decides nothing. 0 is well, 1 an error, 2 a wrong command, 3 something found that is still to be mended, 130 Ctrl-C.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from admin import stage
from admin.audit import Orders, Told, audit
from admin.mend import CHANGED
from admin.redrive import redrive
from admin.stage import Stage
from chalicelib import log
from infra.errors import InfraError, MissingStageError
from infra.place import plain_refusals
from infra.stages import known_stages

PROJECT = Path(__file__).resolve().parents[1]
STILL_WRONG = 3


def main(arguments: list[str] | None = None, project: Path = PROJECT) -> int:
    """Do what was asked; return the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        if not asked.stage:
            raise MissingStageError(known_stages(project))
        with plain_refusals():
            code: int = asked.deed(stage.find(project, asked.stage, asked.profile), asked)
    except InfraError as error:
        print(error.told(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was mended stays so; run this again to go on.", file=sys.stderr)
        return 130
    return code


def show_audit(here: Stage, asked: argparse.Namespace) -> int:
    """Print a line a finding as it is found, then how many there were of each kind."""
    found: Counter[str] = Counter()
    left = 0
    with log.only_errors():
        for told in audit(here.world, Orders(asked.mend, asked.tags), asked.owner or None):
            print(_line(told), flush=True)
            found[told.finding.damage] += 1
            left += told.done in ("", CHANGED)
    for damage, count in sorted(found.items()):
        print(f"{count:>8}  {damage}")
    print(f"{found.total()} found, {left} left" if found else "Ledger and bucket agree")
    return STILL_WRONG if left else 0


def show_redrive(here: Stage, asked: argparse.Namespace) -> int:
    """Print a line a queue: its letters before and after."""
    for done in redrive(here, asked.queue or None):
        print(f"{done.queue:<14} {done.before:>6} before {done.after:>6} after   {done.deed}", flush=True)
    return 0


def _line(told: Told) -> str:
    finding = told.finding
    about = [finding.file_id and f"file {finding.file_id}", finding.device_id and f"PC {finding.device_id}"]
    told_of = "  ".join([f"{finding.damage:<30}", f"owner {told.owner_id}", *filter(None, [*about, finding.detail])])
    return f"{told_of}  -> {told.done}" if told.done else told_of


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m admin", description="Look after a stage.")
    deeds = parser.add_subparsers(required=True, metavar="audit|redrive")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--stage", default="", help="which stage, as .chalice/config.json names it")
    shared.add_argument("--profile", help="who; else AWS_PROFILE or the usual places say")
    compared = deeds.add_parser("audit", parents=[shared], help="compare ledger and bucket")
    compared.add_argument("--owner", help="this owner only")
    compared.add_argument("--mend", action="store_true", help="put right what is safe to put right")
    compared.add_argument("--tags", action="store_true", help="look at the tag of every object: a call each")
    compared.set_defaults(deed=show_audit)
    sent_back = deeds.add_parser("redrive", parents=[shared], help="send dead letters back where they belong")
    sent_back.add_argument("--queue", help="this queue only: arrivals-dead, media-dead, notices-dead or paired-dead")
    sent_back.set_defaults(deed=show_redrive)
    return parser


if __name__ == "__main__":
    sys.exit(main())
