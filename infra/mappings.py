"""Mappings from queues to functions report each failed message by itself. Knows Lambda's client, and its events."""

from typing import Any

_FLAG = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def report_single_failures(client: Any) -> None:
    """Make a Lambda client set the flag in every call that makes or changes a queue's mapping.

    In the call itself: set afterwards, the first messages would slip through, and AWS refuses to change a mapping
    that is still being made. Registering again under the same id changes nothing.
    """

    def at_creation(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return params | _FLAG if ":sqs:" in params["EventSourceArn"] else params

    def at_update(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        source = client.get_event_source_mapping(UUID=params["UUID"])["EventSourceArn"]
        return params | _FLAG if ":sqs:" in source else params

    events = client.meta.events
    events.register("provide-client-params.lambda.CreateEventSourceMapping", at_creation, unique_id="backhaul-create")
    events.register("provide-client-params.lambda.UpdateEventSourceMapping", at_update, unique_id="backhaul-update")
