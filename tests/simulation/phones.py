"""What phones and people do: begin, put, call off, throw away, have back. And S3, which tells what came."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec

from chalicelib.incoming import arrivals, uploads, wanted
from chalicelib.keeping import trash
from tests.builders import declare, s3_event, s3_record
from tests.simulation.world import PERSON, Link, World

CONTENTS = [b"one", b"two two", b"three three three", b"six", b"5"]
LINK = timedelta(minutes=15)
THROWN_AWAY = ("uploaded", "downloaded", "lost", "refused")


class Phones(World):
    """A world in which files are sent, thrown away and had back."""

    def begin(self) -> None:
        bodies = self.chance.sample(CONTENTS, self.chance.choice([1, 1, 2, 3]))
        more = {"restore": True} if self.chance.random() < 0.3 else {}
        told = {"files": [declare(body, **more) for body in bodies]}
        batch = msgspec.json.decode(json.dumps(told), type=wanted.Batch)

        def do() -> None:
            for body, answer in zip(bodies, uploads.begin(self.cloud, self.phone, batch).files, strict=True):
                if answer.link:
                    self.links.append(Link(answer.file_id, answer.key, body, self.clock.moment + LINK))

        self.act(f"begin of {bodies}", do)

    def begin_simple(self) -> None:
        def do() -> None:
            asked = wanted.Simple("IMG.jpg", "image/jpeg")
            answer = uploads.begin_simple(self.cloud, self.phone, asked)
            self.links.append(Link(answer.file_id, answer.key, None, self.clock.moment + LINK))

        self.act("simple begin", do)

    def put(self) -> None:
        """Put an object as a link lets it be put; now and then S3 is told other bytes than it was made to check."""
        links = [link for link in self.links if link.until > self.clock.moment]
        if not links:
            return
        link = self.chance.choice(links)
        if link.body is not None and self.bucket.find(link.key):
            return
        odd = self.chance.random() < 0.03
        body = self.chance.choice(CONTENTS) if link.body is None or odd else link.body
        version = self.bucket.arrive(link.key, body, "image/jpeg", checked=link.body is not None)
        copies = self.chance.choice([0, 1, 1, 1, 2, 3])
        self.stage.tell(f"    put of {body!r} to {link.file_id} as {version}, {copies} events")
        self.events += [s3_event(s3_record(link.key, version))] * copies

    def hear(self) -> None:
        if self.events:
            self.hear_one(self.chance.choice(self.events), again=self.chance.random() < 0.3)

    def hear_one(self, event: dict[str, Any], *, again: bool) -> None:
        """Deliver an event; one whose function failed or died comes again."""

        def do() -> None:
            arrivals.object_arrived(self.cloud, event)
            if not again and event in self.events:
                self.events.remove(event)

        told = event["Records"][0]["s3"]["object"]
        self.act(f"event of {_id_in(told['key'])} {told['versionId']}", do)

    def lose_event(self) -> None:
        if self.events:
            self.stage.tell("    an event is lost")
            self.events.remove(self.chance.choice(self.events))

    def call_off(self) -> None:
        if not self.links:
            return
        file_id = self.chance.choice(self.links).file_id

        def do() -> None:
            uploads.abort(self.cloud, self.phone, file_id)
            self.called_off.add(file_id)

        self.act(f"abort of {file_id}", do)

    # Trash

    def throw_away(self) -> None:
        self.with_some("trash of", partial(trash.throw_all_away, self.cloud, self.phone), *THROWN_AWAY)

    def restore(self) -> None:
        self.with_some("restore of", partial(trash.restore_all, self.cloud, self.phone), "trashed")

    def purge(self) -> None:
        self.with_some("purge of", partial(trash.purge_all, self.cloud, PERSON), "trashed")

    def with_some(self, name: str, do: Callable[[Any], Any], *statuses: str) -> None:
        """Do something to some files, mostly to such as it is meant for."""
        files = self.promises.files()
        fit = [file_id for file_id, file in files.items() if file["status"] in statuses]
        if self.chance.random() < 0.1:
            fit = list(files)
        if fit:
            some = self.chance.sample(fit, min(len(fit), self.chance.choice([1, 1, 2, 3])))
            self.act(f"{name} {some}", partial(do, trash.FileIds(some)))


def _id_in(key: str) -> str:
    return key.rpartition("/")[2][:32]
