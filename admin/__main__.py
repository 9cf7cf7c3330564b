"""The command line: `python -m admin audit|redrive|reindex|export|erase|rebuild --stage dev`.

Decides nothing. 0 is well, 1 an error, 2 a wrong command, 3 something found that is still to be mended, 130 Ctrl-C.
"""

import argparse
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from admin import stage
from admin.audit import Orders, Told, audit
from admin.erase import erase
from admin.errors import MissingOwnerError
from admin.export import LOST, export, summed
from admin.mend import CHANGED
from admin.rebuild import AGAIN, Rebuilt, is_person, rebuild
from admin.redrive import redrive
from admin.reindex import reindex
from admin.stage import Stage
from chalicelib import log
from infra.errors import InfraError, MissingStageError
from infra.place import plain_refusals
from infra.stages import known_stages

PROJECT = Path(__file__).resolve().parents[1]
STILL_WRONG = 3
REBUILT = """Owners pair their devices anew; a PC keeps its folder (`backhaul pair`), and fetches nothing twice.
Then each PC tells what it has: `backhaul verify --tell`. Last: `make audit STAGE=... MEND=1`."""


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


def show_reindex(here: Stage, asked: argparse.Namespace) -> int:
    """Print a line an owner as it is done."""
    with log.only_errors():
        for done in reindex(here.world, asked.owner or None):
            told = f"{done.files} files, {done.written} made to be found anew, {done.removed} strays removed"
            print(f"owner {done.owner_id}  {told}", flush=True)
    return 0


def do_export(here: Stage, asked: argparse.Namespace) -> int:
    """Write an owner's data into a folder, and say how much of it there is."""
    with log.only_errors():
        counts, size = summed(export(here, _owner(asked), Path(asked.to), links=asked.links))
    for done, times in sorted(counts.items()):
        print(f"{times:>8}  {done}")
    print(f"{counts.total()} files, {size} bytes in {asked.to}")
    if counts[LOST]:
        print(
            f"{counts[LOST]} lost: the bucket has no bytes of them; objects.jsonl names them, `make audit` tells more"
        )
    return STILL_WRONG if counts[LOST] else 0


def do_erase(here: Stage, asked: argparse.Namespace) -> int:
    """Erase an owner's data, once it was agreed, and say what is left."""
    agreed = asked.yes_erase
    with log.only_errors():
        found = erase(here, _owner(asked), (lambda _: str(agreed)) if agreed else input)
    return STILL_WRONG if found else 0


def _owner(asked: argparse.Namespace) -> str:
    if not asked.owner:
        raise MissingOwnerError
    return str(asked.owner)


def show_rebuild(here: Stage, asked: argparse.Namespace) -> int:
    """Print a line an owner as it is done, then what is left to do by hand."""
    found: Counter[str] = Counter()
    with log.only_errors():
        for one in rebuild(here.world, partial(is_person, here), owner_id=asked.owner or None):
            print(_rebuilt_line(one), flush=True)
            found.update(one.found)
    for outcome, count in sorted(found.items()):
        print(f"{count:>8}  {outcome}")
    print(REBUILT)
    return STILL_WRONG if found[AGAIN] else 0


def _rebuilt_line(one: Rebuilt) -> str:
    if one.left_alone:
        return f"owner {one.owner_id}  left alone: {one.left_alone}"
    grace = "" if one.was_known else "; cloud copies stay until the owner sets a grace again"
    return f"owner {one.owner_id}  {one.found['uploaded']} of {one.found.total()} written down anew{grace}"


def _line(told: Told) -> str:
    finding = told.finding
    about = [finding.file_id and f"file {finding.file_id}", finding.device_id and f"PC {finding.device_id}"]
    told_of = "  ".join([f"{finding.damage:<30}", f"owner {told.owner_id}", *filter(None, [*about, finding.detail])])
    return f"{told_of}  -> {told.done}" if told.done else told_of


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m admin", description="Look after a stage.")
    deeds = parser.add_subparsers(required=True, metavar="audit|redrive|reindex|export|erase|rebuild")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--stage", default="", help="which stage, as .chalice/config.json names it")
    shared.add_argument("--profile", help="who; else AWS_PROFILE or the usual places say")
    compared = deeds.add_parser("audit", parents=[shared], help="compare ledger and bucket")
    compared.add_argument("--owner", help="this owner only")
    compared.add_argument("--mend", action="store_true", help="put right what is safe to put right")
    compared.add_argument("--tags", action="store_true", help="look at the tag of every object: a call each")
    compared.set_defaults(deed=show_audit)
    _add_what_goes_on(deeds, shared)
    written = deeds.add_parser("export", parents=[shared], help="write all of an owner's data into a folder")
    written.add_argument("--owner", help="whose, as `GET /me` shows it as ownerId")
    written.add_argument("--to", required=True, help="the folder: new, empty, or that of an export that was stopped")
    written.add_argument("--links", action="store_true", help="addresses of the objects, for a week, not their bytes")
    written.set_defaults(deed=do_export)
    erased = deeds.add_parser("erase", parents=[shared], help="erase all of an owner's data; asks before")
    erased.add_argument("--owner", help="whose, as `GET /me` shows it as ownerId")
    erased.add_argument("--yes-erase", metavar="OWNER", help="agree beforehand, for scripts")
    erased.set_defaults(deed=do_erase)
    anew = deeds.add_parser("rebuild", parents=[shared], help="write down what the bucket holds and the table does not")
    anew.add_argument("--owner", help="this owner only")
    anew.set_defaults(deed=show_rebuild)
    return parser


def _add_what_goes_on(deeds: Any, shared: argparse.ArgumentParser) -> None:
    """Tell of the deeds after which work goes on that had stopped."""
    sent_back = deeds.add_parser("redrive", parents=[shared], help="send dead letters back where they belong")
    sent_back.add_argument("--queue", help="this queue only: arrivals-dead, media-dead, notices-dead or paired-dead")
    sent_back.set_defaults(deed=show_redrive)
    found_by = deeds.add_parser("reindex", parents=[shared], help="put right what files are found by")
    found_by.add_argument("--owner", help="this owner only")
    found_by.set_defaults(deed=show_reindex)


if __name__ == "__main__":
    sys.exit(main())
