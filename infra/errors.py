"""Every way putting a stage up or taking it down stops, each with one sentence and what a person can do.

InfraError
├── MissingStageError        no stage was named
├── UnknownStageError        a stage that .chalice/config.json does not have
├── LocalStageError          the stage of the embedded cloud, which AWS is not asked for
├── UnsupportedPythonError   a Python that Lambda does not run
├── OtherPythonError         another Python than the one the stage runs
├── NoOutputsError           the stage was never put up from this checkout
├── BrokenOutputsError       the recorded outputs cannot be read
├── BrokenPolicyError        a policy names something the stage does not have
├── NoCredentialsError       AWS does not know who is asking
├── RefusedByAwsError        AWS said no to a call
├── UnreachableError         AWS cannot be reached at all
├── NoRegionError            nobody said where
├── WrongPlaceError          the stage stands in another account or region
├── ForeignStateError        Chalice's state is another account's, or cannot be read
├── LockedError              somebody else deploys the stage right now
├── NoLockError              nobody deploys it
├── UnfinishedStackError     the stack is in a state nothing can be deployed onto
├── StackFailedError         AWS could not make the resources
├── SeveralApisError         more than one API bears the stage's name
├── UnpackagedError          a dependency has no package for Lambda
├── ChaliceFailedError       chalice deploy or delete ended with an error
├── SickApiError             the API does not answer as it should
├── NothingThereError        there is nothing to take down
├── StubbornBucketError      the bucket fills up faster than it is emptied
└── NotConfirmedError        a person did not agree that data is deleted
"""

from collections.abc import Sequence
from pathlib import Path


class InfraError(Exception):
    """The root; `hint` says what a person can do."""

    hint: str = ""

    def told(self) -> str:
        """One sentence, and the hint on a line of its own."""
        return f"{self}\n{self.hint}" if self.hint else str(self)


class MissingStageError(InfraError):
    """Raised when no stage was named."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(f"STAGE is missing, expected one of {', '.join(known)}")
        self.hint = f"Say which: STAGE={known[0]}"


class UnknownStageError(InfraError):
    """Raised for a stage that .chalice/config.json does not have."""

    hint = "Stages are written down in .chalice/config.json."

    def __init__(self, stage: str, known: Sequence[str]) -> None:
        named = f"stage {stage!r}" if stage else "such stage"
        super().__init__(f"there is no {named}, expected one of {', '.join(known)}")


class LocalStageError(InfraError):
    """Raised when the stage of the embedded cloud is asked of AWS."""

    hint = "`make run` puts it up on this machine, `make reset` takes it down."

    def __init__(self) -> None:
        super().__init__("stage 'local' belongs to the embedded cloud")


class UnsupportedPythonError(InfraError):
    """Raised when the running Python has no counterpart in Lambda, which would run the packages of another one."""

    def __init__(self, running: str, supported: Sequence[str]) -> None:
        super().__init__(f"Lambda has no Python {running}, expected one of {', '.join(supported)}")
        self.hint = f"Make the environment anew: make clean deploy PYTHON=python{supported[-1]}"


class OtherPythonError(InfraError):
    """Raised when the stage runs another Python: a deploy would change it under everybody, by the way."""

    def __init__(self, stage: str, standing: str, running: str) -> None:
        super().__init__(f"stage {stage!r} runs Python {standing}, got Python {running}")
        self.hint = (
            f"Make the environment anew: make clean deploy STAGE={stage} PYTHON=python{standing}. "
            f"If the stage is to run Python {running} from now on: make deploy STAGE={stage} CHANGE_PYTHON=1"
        )


class NoOutputsError(InfraError):
    """Raised when the stage was never put up from this checkout."""

    def __init__(self, stage: str) -> None:
        how = "make run" if stage == "local" else f"make deploy STAGE={stage}"
        super().__init__(f"Stage {stage!r} has no recorded outputs; run `{how}`")
        self.stage = stage


class BrokenOutputsError(InfraError):
    """Raised when the recorded outputs cannot be read."""

    hint = "Delete the file and deploy again; it is written anew from the stack."

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{str(file)!r} does not hold a stage's outputs: {why}")


class BrokenPolicyError(InfraError):
    """Raised when a policy names something the stage does not have."""

    hint = "A placeholder is an output of infra/template.yaml, or one of those infra/outputs.py adds."

    def __init__(self, file: Path, unknown: Sequence[str]) -> None:
        super().__init__(f"policy {file.name!r} asks for unknown placeholders: {', '.join(unknown)}")


class NoCredentialsError(InfraError):
    """Raised when AWS does not know who is asking, or does not let them ask."""

    hint = "Sign in first (aws configure, aws sso login, or AWS_PROFILE), or name another profile with --profile."

    def __init__(self, why: str) -> None:
        super().__init__(f"AWS did not accept the credentials: {why}")


class RefusedByAwsError(InfraError):
    """Raised when AWS said no to a call, mostly for want of a permission."""

    hint = "Use credentials that may manage the stage. What was done already stays and is not done twice."

    def __init__(self, call: str, why: str) -> None:
        super().__init__(f"AWS refused {call}: {why}")


class UnreachableError(InfraError):
    """Raised when AWS cannot be reached at all."""

    hint = "Look at the network and the name of the region; the embedded cloud answers only while `make run` runs."

    def __init__(self, why: str) -> None:
        super().__init__(f"AWS cannot be reached: {why}")


class NoRegionError(InfraError):
    """Raised when nobody said where."""

    hint = "Name a region with --region eu-central-1, AWS_REGION, or in your AWS profile."

    def __init__(self) -> None:
        super().__init__("no AWS region is set")


class WrongPlaceError(InfraError):
    """Raised when the stage stands in another account or region than the credentials lead to."""

    hint = "Use the profile and region it stands in. If that stage is gone, delete .chalice/outputs/STAGE.json."

    def __init__(self, stage: str, what: str, recorded: str, found: str) -> None:
        super().__init__(f"stage {stage!r} stands in {what} {recorded!r}, got {what} {found!r}")


class ForeignStateError(InfraError):
    """Raised for a state of Chalice's that was made in another account: it would look for its functions there."""

    hint = "Delete that file and deploy again: what stands is found by its names."

    def __init__(self, file: Path, what: str, account: str) -> None:
        super().__init__(f"state file {str(file)!r} {what}, expected account {account}")


class LockedError(InfraError):
    """Raised when somebody else deploys the same stage: two at once would each undo half of the other."""

    def __init__(self, stage: str, who: str, since: str) -> None:
        super().__init__(f"stage {stage!r} is being deployed by {who}" + (f" since {since}" if since else ""))
        self.hint = f"Wait until they are done. If that deploy died: make unlock STAGE={stage}"


class NoLockError(InfraError):
    """Raised when a lock is to be broken that nobody holds."""

    def __init__(self, stage: str) -> None:
        super().__init__(f"nobody deploys stage {stage!r}: there is no lock to break")


class UnfinishedStackError(InfraError):
    """Raised when the stack is in a state nothing can be deployed onto."""

    hint = "Look at the stack's events in the CloudFormation console and finish what began there, then run this again."

    def __init__(self, stack: str, status: str) -> None:
        super().__init__(f"stack {stack!r} is {status}, expected a state that can be updated")


class StackFailedError(InfraError):
    """Raised when AWS could not make the resources; `reasons` are AWS's own words, the first cause first."""

    hint = "Nothing was left half-done: AWS took its steps back. Cure the cause and run this again."

    def __init__(self, stack: str, status: str, reasons: Sequence[str]) -> None:
        because = "; ".join(reasons) or "AWS gave no reason"
        super().__init__(f"stack {stack!r} ended as {status}: {because}")
        if status.endswith("_FAILED"):
            self.hint = "AWS could not finish its steps. Cure the cause and run this again: it goes on from there."


class SeveralApisError(InfraError):
    """Raised when more than one API bears the stage's name, so that none can be chosen."""

    hint = "Delete those that nothing uses in the API Gateway console, then deploy again."

    def __init__(self, name: str, ids: Sequence[str]) -> None:
        super().__init__(f"{len(ids)} APIs are called {name!r}, expected one: {', '.join(ids)}")


class UnpackagedError(InfraError):
    """Raised when a dependency cannot be packaged; deployed without it, the function fails at its first request."""

    hint = "Choose a version in requirements.txt that has a wheel for Linux and this Python."

    def __init__(self, packages: Sequence[str]) -> None:
        super().__init__(f"no package for Lambda could be made of {', '.join(packages)}")


class ChaliceFailedError(InfraError):
    """Raised when chalice ended with an error; what it said stands above."""

    hint = "Its own words stand above. Nothing needs cleaning up: cure the cause and run this again."

    def __init__(self, deed: str, stage: str, code: int) -> None:
        super().__init__(f"chalice {deed} --stage {stage} ended with exit code {code}")


class SickApiError(InfraError):
    """Raised when the API does not answer as it should."""

    def __init__(self, url: str, told: str, stage: str) -> None:
        super().__init__(f"{url} did not answer that all is well: {told}")
        self.hint = f"Look into its log: .venv/bin/chalice logs --stage {stage}"


class NothingThereError(InfraError):
    """Raised when there is nothing to take down."""

    def __init__(self, stage: str, region: str) -> None:
        super().__init__(f"nothing of stage {stage!r} stands in region {region!r}")


class StubbornBucketError(InfraError):
    """Raised when objects keep coming into a bucket that is being emptied."""

    hint = (
        "Links live for 15 minutes: wait that long, then run this again. Everything else of it still stands or is gone."
    )

    def __init__(self, bucket: str) -> None:
        super().__init__(f"bucket {bucket!r} fills up while it is being emptied")


class NotConfirmedError(InfraError):
    """Raised when a person did not agree that data is deleted."""

    hint = "Nothing was touched. To agree, type the stage's name; in a script, pass --yes-delete-data STAGE."

    def __init__(self, stage: str, answer: str) -> None:
        super().__init__(f"stage {stage!r} stays: expected its name as the answer, got {answer!r}")
