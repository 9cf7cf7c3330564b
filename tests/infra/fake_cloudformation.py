"""A CloudFormation that plays a script: what the stack is, and how the next change goes. Touches nothing."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

ID = "arn:aws:cloudformation:eu-central-1:123456789012:stack/backhaul-dev/1"
Event = tuple[str, str, str]


class _Exceptions:
    ClientError = ClientError


class FakeCloudFormation:
    """`then` holds what each look after a change finds: the stack's status, and what happened since the last look."""

    exceptions = _Exceptions

    def __init__(
        self,
        status: str | None = None,
        *,
        then: list[tuple[str | None, list[Event]]] | None = None,
        refusal: str = "",
        parameters: tuple[str, ...] = (),
    ) -> None:
        self.status = status
        self.refusal = refusal
        self.parameters = parameters
        self.outputs: Mapping[str, str] = {"Bucket": "a-bucket"}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.changes: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self._script = iter(then or [])
        self._is_playing = False
        self._ids = count()

    def happened(self, *events: Event) -> None:
        for resource, status, reason in events:
            told = {"LogicalResourceId": resource, "ResourceStatus": status, "EventId": str(next(self._ids))}
            self.events.append(told | ({"ResourceStatusReason": reason} if reason else {}))

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def asked(self, call: str) -> dict[str, Any]:
        return next(asked for name, asked in self.calls if name == call)

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self._is_playing or str(self.status).endswith("IN_PROGRESS"):
            self.status, events = next(self._script, (self.status, []))
            self.happened(*events)
            is_over = self.status is None or any(name == "backhaul-dev" for name, _, _ in events)
            self._is_playing = self._is_playing and not is_over
        if self.status is None:
            said = {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}
            raise ClientError({"Error": said}, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        parameters = [{"ParameterKey": key, "ParameterValue": "x"} for key in self.parameters]
        found = {"StackId": ID, "StackStatus": self.status, "Outputs": outputs, "Parameters": parameters}
        return {"Stacks": [found]}

    def create_change_set(self, **asked: Any) -> dict[str, Any]:
        self.calls.append(("create_change_set", asked))
        return {"Id": "change-set"}

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        if self.refusal:
            return {"Status": "FAILED", "StatusReason": self.refusal}
        return {"Status": "CREATE_COMPLETE", "Changes": self.changes}

    def delete_change_set(self, **asked: Any) -> None:
        self.calls.append(("delete_change_set", asked))

    def execute_change_set(self, **asked: Any) -> None:
        self.calls.append(("execute_change_set", asked))
        self._is_playing = True

    def delete_stack(self, **asked: Any) -> None:
        self.calls.append(("delete_stack", asked))
        self._is_playing = True

    def get_paginator(self, name: str) -> "FakeCloudFormation":
        assert name == "describe_stack_events"
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"StackEvents": self.events[::-1]}
