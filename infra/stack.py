"""Put a stage's stack up, or take it down, and tell each step as it comes. Knows CloudFormation.

    values = stack.put_up(boto3.client("cloudformation"), "dev", {"AlarmEmail": "me@example.com"})
    outputs.from_stack("dev", values).write(project)

Safe to run again at any moment: what is in progress is waited for, what has nothing to change is left alone.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.errors import StackFailedError, UnfinishedStackError
from infra.names import written_out
from infra.outputs import APP, stack_of
from infra.progress import (
    Step,
    change_told,
    is_good,
    is_news,
    is_over,
    next_step,
    reasons,
    says_no_changes,
    tells_the_end,
    told,
)

TEMPLATE = Path(__file__).with_name("template.yaml")
# An hour: a first deploy takes two minutes, and a stuck one must not hold a terminal for ever.
_LOOKS = 1200
Report = Callable[[str], object]


@dataclass(frozen=True)
class Standing:
    """A stack as AWS describes it."""

    id: str
    status: str
    outputs: Mapping[str, str]
    parameters: frozenset[str]


@dataclass
class Stack:
    """One stage's stack, and how to watch it."""

    cloudformation: Any
    stage: str
    report: Report = print
    sleep: Callable[[float], object] = time.sleep
    pace: float = 3.0
    _seen: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """What the stack is called."""
        return stack_of(self.stage)

    def find(self, name: str = "") -> Standing | None:
        """Look how the stack stands, or find that there is none."""
        try:
            found = self.cloudformation.describe_stacks(StackName=name or self.name)["Stacks"][0]
        except self.cloudformation.exceptions.ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return Standing(
            id=found["StackId"],
            status=found["StackStatus"],
            outputs={output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])},
            parameters=frozenset(parameter["ParameterKey"] for parameter in found.get("Parameters", [])),
        )

    def put_up(self, parameters: Mapping[str, str], template: str) -> dict[str, str]:
        """Create or update the stack and return its outputs."""
        standing = self._ready_for_change()
        if self._change(standing, parameters, template):
            status, why = self._follow(self.name, begun=True)
            if not is_good(status):
                raise StackFailedError(self.name, str(status), why)
        else:
            self.report(f"Stack {self.name} is as it should be")
        found = self.find()
        return dict(found.outputs) if found else {}

    def preview(self, parameters: Mapping[str, str], template: str) -> list[str]:
        """Tell what a deploy would change, by a change set that is thrown away."""
        standing = self.find()
        if standing is None:
            return [f"+ stack {self.name}, and all that is in it"]
        if next_step(standing.status) is not Step.UPDATE:
            raise UnfinishedStackError(self.name, standing.status)
        change_set = self._propose(standing, parameters, template)
        if not self._has_changes(change_set):
            self.cloudformation.delete_change_set(ChangeSetName=change_set)
            return []
        try:
            found = self.cloudformation.describe_change_set(ChangeSetName=change_set)["Changes"]
        finally:
            self.cloudformation.delete_change_set(ChangeSetName=change_set)
        return [change_told(one["ResourceChange"]) for one in found]

    def take_down(self) -> None:
        """Delete the stack, and wait; it may be gone already."""
        standing = self.find()
        if standing is None:
            return
        self._remember_events()
        if standing.status != "DELETE_IN_PROGRESS":
            self.report(f"Deleting stack {self.name}")
            self.cloudformation.delete_stack(StackName=standing.id)
        status, why = self._follow(standing.id, begun=True)
        if status not in (None, "DELETE_COMPLETE"):
            raise StackFailedError(self.name, str(status), why)

    def _ready_for_change(self) -> Standing | None:
        """Wait and clear until the stack can be created or updated."""
        for _ in range(3):
            standing = self.find()
            step = next_step(standing.status if standing else None)
            if standing is None or step in (Step.CREATE, Step.UPDATE):
                return standing
            if step is Step.STOP:
                raise UnfinishedStackError(self.name, standing.status)
            if step is Step.WAIT:
                self.report(f"Stack {self.name} is {standing.status}; waiting for it")
                self._remember_events()
                self._follow(standing.id, begun=False)
            else:
                self.report(f"Clearing away what an earlier first deploy left of stack {self.name}")
                self.take_down()
        raise UnfinishedStackError(self.name, "never at rest")

    def _change(self, standing: Standing | None, parameters: Mapping[str, str], template: str) -> bool:
        """Make and execute a change set, or find that there is nothing to change."""
        is_new = standing is None or next_step(standing.status) is Step.CREATE
        self.report(f"{'Creating' if is_new else 'Updating'} stack {self.name}")
        change_set = self._propose(standing, parameters, template)
        if not self._has_changes(change_set):
            self.cloudformation.delete_change_set(ChangeSetName=change_set)
            return False
        self._remember_events()
        self.cloudformation.execute_change_set(ChangeSetName=change_set)
        return True

    def _propose(self, standing: Standing | None, parameters: Mapping[str, str], template: str) -> str:
        is_new = standing is None or next_step(standing.status) is Step.CREATE
        proposed: str = self.cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=f"deploy-{uuid.uuid4().hex}",
            ChangeSetType="CREATE" if is_new else "UPDATE",
            TemplateBody=template,
            Parameters=_parameters({"Stage": self.stage, **parameters}, standing if not is_new else None),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": "app", "Value": APP}, {"Key": "stage", "Value": self.stage}],
            # A bucket and a table that survived their stack come back instead of standing in the way (names.py).
            ImportExistingResources=True,
        )["Id"]
        return proposed

    def _has_changes(self, change_set: str) -> bool:
        for _ in range(_LOOKS):
            found = self.cloudformation.describe_change_set(ChangeSetName=change_set)
            if found["Status"] == "CREATE_COMPLETE":
                return True
            if found["Status"] == "FAILED":
                reason = found.get("StatusReason", "")
                if says_no_changes(reason):
                    return False
                self.cloudformation.delete_change_set(ChangeSetName=change_set)
                raise StackFailedError(self.name, "FAILED before anything was changed", [reason])
            self.sleep(self.pace)
        raise UnfinishedStackError(self.name, "still being looked at by AWS")

    def _follow(self, name: str, *, begun: bool) -> tuple[str | None, list[str]]:
        """Tell the events until the stack is at rest; return how it ended and why it failed.

        Of what we have begun, the stack itself has to tell the end: for a moment it is still at rest from before.
        """
        events: list[Mapping[str, Any]] = []
        for _ in range(_LOOKS):
            standing = self.find(name)
            fresh = self._fresh_events(name) if standing else []
            events += fresh
            for event in filter(is_news, fresh):
                self.report(told(event))
            if standing is None:
                return None, reasons(events)
            if is_over(standing.status) and (not begun or any(tells_the_end(event, self.name) for event in events)):
                return standing.status, reasons(events)
            self.sleep(self.pace)
        raise UnfinishedStackError(self.name, "still at work after an hour")

    def _remember_events(self) -> None:
        if self.find():
            self._fresh_events(self.name)

    def _fresh_events(self, name: str) -> list[Mapping[str, Any]]:
        """Return the events not told yet, the oldest first; AWS lists the newest first."""
        fresh = []
        for page in self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name):
            unseen = [event for event in page["StackEvents"] if event["EventId"] not in self._seen]
            fresh += unseen
            if len(unseen) < len(page["StackEvents"]):
                break
        self._seen.update(event["EventId"] for event in fresh)
        return fresh[::-1]


def put_up(
    cloudformation: Any,
    stage: str,
    parameters: Mapping[str, str] | None = None,
    *,
    known: Mapping[str, str] | None = None,
    report: Report = print,
    pace: float = 3.0,
) -> dict[str, str]:
    """Put a stage's resources up from the template and return the stack's outputs.

    `known` are the variables that names are made of; without them what survived an earlier stack is not taken back.
    """
    stack = Stack(cloudformation, stage, report, pace=pace)
    template = TEMPLATE.read_text(encoding="utf-8")
    return stack.put_up(parameters or {}, written_out(template, known) if known else template)


def preview(cloudformation: Any, stage: str, known: Mapping[str, str]) -> list[str]:
    """Tell what putting a stage's resources up would change; what parameters an earlier deploy gave are kept."""
    template = written_out(TEMPLATE.read_text(encoding="utf-8"), {"Stage": stage, **known})
    return Stack(cloudformation, stage).preview({}, template)


def _parameters(given: Mapping[str, str], standing: Standing | None) -> list[dict[str, Any]]:
    """Name the parameters that are given, and keep what an earlier deploy gave."""
    named: list[dict[str, Any]] = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    kept = sorted(standing.parameters - given.keys()) if standing else []
    return [*named, *({"ParameterKey": key, "UsePreviousValue": True} for key in kept)]
