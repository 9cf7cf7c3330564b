"""What stops for days, and who is told: a PC without room, phones that fell silent, sweeps that no longer run.

Days pass by a clock that is put forward for the lookout alone. It is heard as a person would hear it: on the topic,
and in the owner's activity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

from admin.stage import Stage
from chalicelib.cloud import Cloud
from chalicelib.upkeep import lookout
from local.api import Api, patiently
from tests.chaos.verdict import Stop

AFTER = timedelta(days=20)
PC_BEHIND, PC_WELL, PHONE_SILENT = "PC behind", "PC caught up", "phone silent"
SWEEP_OVERDUE, DEAD = "sweep not run", "dead letters"
IN_ACTIVITY = {"pcBehind": PC_BEHIND, "pcCaughtUp": PC_WELL, "phoneSilent": PHONE_SILENT}
WHICH = ("device_id", "sweep", "queue")
QUEUE = "chaos-hears"


class Ears:
    """Somebody who reads what the topic tells."""

    def __init__(self, here: Stage) -> None:
        self._sqs = here.client("sqs")
        topic = here.world.settings.topic
        queue = topic.replace(":sns:", ":sqs:").rpartition(":")[0] + f":{QUEUE}"
        may = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
        self._url = self._sqs.create_queue(QueueName=QUEUE, Attributes={"Policy": policy})["QueueUrl"]
        here.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def heard(self) -> frozenset[Stop]:
        """Take what was told since."""
        stops: set[Stop] = set()
        asked = {"QueueUrl": self._url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        while some := self._sqs.receive_message(**asked).get("Messages", []):
            for one in some:
                told = json.loads(json.loads(one["Body"])["Message"])
                stops |= {(told["what"], told[which]) for which in WHICH if which in told}
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=one["ReceiptHandle"])
        return frozenset(stops)


def later(world: Cloud, flown: timedelta) -> Cloud:
    """Return the same world, later."""
    return Cloud(world.settings, world._make_client, lambda: world.now() + flown)


def look_out(world: Cloud) -> None:
    """Have the lookout look, as the function `watch` does."""
    for part in (lookout.devices, lookout.dead_letters, lookout.sweeps):
        part(world)


def shown(stops: Iterable[Stop]) -> frozenset[Stop]:
    """Say what of it an owner's activity has to show. Pure."""
    return frozenset((f"{what}, in the activity", which) for what, which in stops if what in IN_ACTIVITY.values())


def in_activity(api: Api) -> frozenset[Stop]:
    """Read what the owner's activity shows of it."""
    deeds, after = [], ""
    while True:
        page = patiently(lambda after=after: api.get(f"/activity?kind=devices&limit=500{after}"))
        deeds += page["activity"]
        if not page.get("next"):
            return shown((IN_ACTIVITY[one["what"]], one["deviceId"]) for one in deeds if one["what"] in IN_ACTIVITY)
        after = f"&next={page['next']}"


def expected(behind: Iterable[str], silent: Iterable[str], dead: Iterable[str]) -> frozenset[Stop]:
    """Say what must be told. Pure."""
    told = {PC_BEHIND: behind, PHONE_SILENT: silent, DEAD: dead, SWEEP_OVERDUE: lookout.SWEEPS}
    return frozenset((what, which) for what, some in told.items() for which in some)


def dead_queues(here: Stage) -> list[str]:
    """Find the queues in which messages lie that nobody reads."""
    sqs, stage = here.client("sqs"), here.world.settings.stage
    urls = {name: sqs.get_queue_url(QueueName=f"backhaul-{stage}-{name}")["QueueUrl"] for name in lookout.DEAD_LETTERS}
    asked = {"AttributeNames": ["ApproximateNumberOfMessages"]}
    return [
        name
        for name, url in urls.items()
        if int(sqs.get_queue_attributes(QueueUrl=url, **asked)["Attributes"]["ApproximateNumberOfMessages"])
    ]
