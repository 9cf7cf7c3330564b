"""Trouble that somebody must look at: told to the log as an error, and to the topic that reaches a person."""

import json
from collections.abc import Mapping

from chalicelib import log
from chalicelib.cloud import Cloud


def report(world: Cloud, what: str, **details: object) -> None:
    """Tell once to the log and once to the topic; a topic that cannot be reached must not undo the deed."""
    log.logger.error(what, extra=details)
    _send(world, what, details)


def relieve(world: Cloud, what: str, **details: object) -> None:
    """Tell whoever was told of trouble that it is over."""
    log.logger.info(what, extra=details)
    _send(world, what, details)


def _send(world: Cloud, what: str, details: Mapping[str, object]) -> None:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (the client below imports it anyway)

    try:
        world.sns.publish(
            TopicArn=world.settings.topic,
            Subject=f"Backhaul {world.settings.stage}: {what}"[:100],
            Message=json.dumps({"what": what, **details}, indent=2, default=str),
        )
    except (BotoCoreError, ClientError) as error:
        log.logger.warning("trouble not sent", extra={"why": str(error)})
