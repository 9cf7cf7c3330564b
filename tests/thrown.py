"""What the tests of the trash share."""

from collections.abc import Callable
from typing import Any

from chalicelib.auth.callers import Caller
from chalicelib.auth.scopes import PERSON
from chalicelib.keeping import home_sweep, trash
from chalicelib.keeping.trash import TrashAnswer
from chalicelib.metadata import files
from chalicelib.metadata.files import File
from tests.builders import BUCKET, OWNER, Account, Pc

PHOTO = b"photo"
NOBODYS = "0" * 31 + "f"
AT = "2026-11-21T10:00:00.000Z"


def person(owner_id: str = OWNER) -> Caller:
    return Caller(owner_id, None, PERSON)


def purge(account: Account, *file_ids: str) -> list[TrashAnswer]:
    return trash.purge_all(account.world, person(), trash.FileIds(list(file_ids))).files


def sweep(account: Account, **wait: float) -> None:
    account.clock.wind(**wait)
    home_sweep.sweep_home(account.world)


def outcomes(answers: list[TrashAnswer]) -> list[tuple[str, str | None]]:
    return [(answer.outcome, answer.reason) for answer in answers]


def the_file(account: Account, file_id: str) -> File:
    found = files.find(account.world.table, OWNER, file_id)
    assert found is not None
    return found


def take_home(pc: Pc) -> None:
    pc.receipt(*pc.owed())


def versions(account: Account, prefix: str = "") -> list[str]:
    told = account.s3.list_object_versions(Bucket=BUCKET, Prefix=prefix)
    return [one["Key"] for one in (*told.get("Versions", ()), *told.get("DeleteMarkers", ()))]


def before(account: Account, deed: Callable[[], Any]) -> None:
    """Have something happen just before the next write, once."""
    happened: list[None] = []

    def meanwhile(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not happened:
            happened.append(None)
            deed()

    account.dynamodb.meta.events.register("before-call", meanwhile)


def left(account: Account, phone: Any, pc: Pc) -> str:
    """Bring a file home and let its cloud copy go."""
    file_id: str = phone.bring(PHOTO)
    take_home(pc)
    sweep(account)
    sweep(account, days=8)
    assert phone.see(file_id).cloud_copy == "leaving"
    return file_id
