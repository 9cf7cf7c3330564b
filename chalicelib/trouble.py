"""Trouble that somebody must look at: told to the log as an error, and to the topic that reaches a person."""

import json

from chalicelib import log
from chalicelib.cloud import Cloud


def report(world: Cloud, what: str, **details: object) -> None:
    """Tell once to the log and once to the topic; a topic that cannot be reached must not undo the deed."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (the client below imports it anyway)

    log.logger.error(what, extra=details)
    try:
        world.sns.publish(
            TopicArn=world.settings.topic,
            Subject=f"Backhaul {world.settings.stage}: {what}"[:100],
            Message=json.dumps({"what": what, **details}, indent=2, default=str),
        )
    except (BotoCoreError, ClientError) as error:
        log.logger.warning("trouble not sent", extra={"why": str(error)})
