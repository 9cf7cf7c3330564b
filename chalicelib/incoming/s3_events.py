"""S3's events: which of our objects arrived. Pure.

S3 delivers at least once, in any order, with keys URL-encoded and blanks as `+`, and now and then an `s3:TestEvent`
without records. What is no arrival of ours is left out without a word.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from chalicelib import keys


@dataclass(frozen=True)
class Arrival:
    """A version of an original that is in the bucket now."""

    original: keys.Original
    version_id: str | None = None


def parse(event: Mapping[str, Any], bucket: str) -> list[Arrival]:
    """Name the originals whose arrival in our bucket an event tells."""
    return list(_arrivals(event, bucket))


def _arrivals(event: Mapping[str, Any], bucket: str) -> Iterator[Arrival]:
    records = event.get("Records")
    for record in records if isinstance(records, list) else ():
        try:
            told, name = record["s3"], str(record["eventName"])
            ours = told["bucket"]["name"] == bucket and name.removeprefix("s3:").startswith("ObjectCreated:")
            original = keys.parse(unquote_plus(told["object"]["key"])) if ours else None
            version_id = told["object"].get("versionId")
        except (AttributeError, KeyError, TypeError):
            continue
        if original:
            yield Arrival(original, version_id if isinstance(version_id, str) and version_id else None)
