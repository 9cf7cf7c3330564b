"""The command line: `python -m infra deploy|diff|unlock|destroy|outputs --stage dev`.

Decides nothing: it reads what was asked, wires the world together, and turns errors into one sentence and an exit
code. 1 is an error, 2 a wrong command, 130 a person's Ctrl-C.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from infra import diff, outputs, smoke, stages
from infra.chalice import Chalice
from infra.data import Data
from infra.deploy import deploy
from infra.destroy import Stage, destroy
from infra.errors import InfraError
from infra.place import Place, check, plain_refusals, sign_in
from infra.shared import Shared
from infra.stack import Stack, preview

PROJECT = Path(__file__).resolve().parents[1]
# The template's, but for the stage; each is kept by later deploys until it is given anew.
PARAMETERS = {
    "AlarmEmail": "who is told when something stops",
    "Alarms": "on, off, or with-email: if somebody is told",
    "MailFrom": "an address verified in SES that codes are mailed from; without one Cognito mails 50 a day",
    "MonthlyBudget": "how many US dollars a month before somebody is told; 0 is none",
    "PageOrigins": "where the web page is served from, separated by commas",
    "ShowDashboard": "on or off; the first three dashboards of an account cost nothing",
    "SignUp": "open or closed: whether anybody new may become an owner",
    "TieringAfterDays": "when an original that is still in the cloud goes to Intelligent-Tiering; 0 is never",
}


def main(arguments: list[str] | None = None, project: Path = PROJECT) -> int:
    """Do what was asked; return the exit code."""
    asked = _parser().parse_args(arguments)
    report = partial(print, flush=True)
    try:
        with plain_refusals():
            asked.deed(asked, project, report)
    except InfraError as error:
        print(error.told(), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped watching. What AWS has begun it finishes; run this again to carry on.", file=sys.stderr)
        return 130
    return 0


def _deploy(asked: argparse.Namespace, project: Path, report: Callable[..., None]) -> None:
    stages.check_python()
    stage = stages.checked_stage(project, asked.stage)
    place = _place(asked, project, stage)
    chalice = Chalice(project, stage, place.region, asked.profile, may_change_python=asked.change_python)
    parameters = {name: value for name in PARAMETERS if (value := getattr(asked, _option(name))) is not None}
    report(deploy(place, chalice, parameters, smoke.check_health, report).told())


def _destroy(asked: argparse.Namespace, project: Path, report: Callable[..., None]) -> None:
    name = stages.checked_stage(project, asked.stage)
    place = _place(asked, project, name)
    stage = Stage(
        chalice=Chalice(project, name, place.region, asked.profile),
        stack=Stack(place.client("cloudformation"), name, report),
        data=Data(place, name),
    )
    destroy(place, stage, stages.functions(project), partial(_answer, asked.yes_delete_data), report)


def _diff(asked: argparse.Namespace, project: Path, report: Callable[..., None]) -> None:
    stage = stages.checked_stage(project, asked.stage)
    place = _place(asked, project, stage)
    report("\n".join(_differences(place, project, stage)) or f"Stage {stage} is as this checkout has it, but for code")


def _differences(place: Place, project: Path, stage: str) -> list[str]:
    known = {"AWS::AccountId": place.account, "AWS::Region": place.region}
    lines = preview(place.client("cloudformation"), stage, known)
    recorded = outputs.find(project, stage) or outputs.sample_for(stage, place.account, place.region)
    return lines + diff.compare(
        diff.here(project, recorded), diff.there(place.client, stage, stages.functions(project))
    )


def _unlock(asked: argparse.Namespace, project: Path, report: Callable[..., None]) -> None:
    stage = stages.checked_stage(project, asked.stage)
    place = _place(asked, project, stage)
    holder = Shared(place.client("s3"), place, stage, project).break_lock()
    report(f"Took the lock of stage {stage} from {holder.who}, who held it since {holder.since}")


def _outputs(asked: argparse.Namespace, project: Path, report: Callable[..., None]) -> None:
    found = outputs.read(project, stages.checked_stage(project, asked.stage))
    report(json.dumps({"region": found.region, **found.environment}, indent=2))


def _place(asked: argparse.Namespace, project: Path, stage: str) -> Place:
    recorded = outputs.find(project, stage)
    place = sign_in(asked.profile, asked.region, recorded)
    check(recorded, place)
    return place


def _option(parameter: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).lower()


def _answer(agreed: str | None, question: str) -> str:
    """Take the answer from the command line, or from the person; no person, no agreement."""
    if agreed is not None:
        return agreed
    try:
        return input(question)
    except EOFError:
        return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra", description="Put a stage up in AWS, or take it down.")
    deeds = parser.add_subparsers(required=True, metavar="deploy|diff|unlock|destroy|outputs")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--stage", default="", help="which stage, as .chalice/config.json names it")
    shared.add_argument("--region", help="where; else AWS_REGION, AWS_DEFAULT_REGION or the profile says")
    shared.add_argument("--profile", help="who; else AWS_PROFILE or the usual places say")
    up = deeds.add_parser("deploy", parents=[shared], help="resources, functions, API; safe to run again")
    up.add_argument("--change-python", action="store_true", help="the stage is to run this Python from now on")
    for name, what in PARAMETERS.items():
        up.add_argument(f"--{_option(name).replace('_', '-')}", help=what)
    up.set_defaults(deed=_deploy)
    down = deeds.add_parser("destroy", parents=[shared], help="everything of a stage, data included; asks first")
    down.add_argument("--yes-delete-data", metavar="STAGE", help="agree without being asked, by the stage's name")
    down.set_defaults(deed=_destroy)
    compared = deeds.add_parser("diff", parents=[shared], help="what a deploy would change; changes nothing")
    compared.set_defaults(deed=_diff)
    broken = deeds.add_parser("unlock", parents=[shared], help="break the lock of a deploy that died")
    broken.set_defaults(deed=_unlock)
    told = deeds.add_parser("outputs", parents=[shared], help="what the stage's resources are called")
    told.set_defaults(deed=_outputs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
