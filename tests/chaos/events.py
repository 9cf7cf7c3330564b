"""S3's events, as bad as they may be: for moments none is sent at all; some are told again, later, in any order."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.builders import s3_event, s3_record

QUIET = (0.5, 2.0)
LOUD = (2.0, 5.0)
AGAIN = 5
FUNCTION = "backhaul-local-object_arrived"


class Events:
    """The bucket's notifications, and the function that hears them."""

    def __init__(self, s3: Any, functions: Any, bucket: str) -> None:
        self._s3, self._functions, self._bucket = s3, functions, bucket
        found = s3.get_bucket_notification_configuration(Bucket=bucket)
        found.pop("ResponseMetadata", None)
        self._usual = found

    def be_unreliable(self, dice: random.Random, over: threading.Event, counts: Counter[str]) -> None:
        """Lose some and repeat some until it is over."""
        while not over.wait(dice.uniform(*LOUD)):
            try:
                self._tell({})
                counts["S3 tells nothing for a moment"] += 1
                over.wait(dice.uniform(*QUIET))
            finally:
                self.be_reliable()
            counts["an event is told again"] += self._repeat(dice)

    def be_reliable(self) -> None:
        """Tell everything from now on."""
        self._tell(self._usual)

    def _tell(self, what: dict[str, Any]) -> None:
        self._s3.put_bucket_notification_configuration(Bucket=self._bucket, NotificationConfiguration=what)

    def _repeat(self, dice: random.Random) -> int:
        try:
            there = self._s3.list_object_versions(Bucket=self._bucket, Prefix="originals/").get("Versions", [])
            some = dice.sample(there, min(AGAIN, len(there)))
            for one in some:
                event = s3_event(s3_record(one["Key"], one["VersionId"], bucket=self._bucket))
                self._functions.invoke(FunctionName=FUNCTION, InvocationType="Event", Payload=json.dumps(event))
        except (ClientError, BotoCoreError):
            return 0
        return len(some)
