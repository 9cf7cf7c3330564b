"""An owner's data leaves whole: every item, every object by its hash, and nothing of anybody else."""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from admin.__main__ import STILL_WRONG, do_erase, do_export
from admin.errors import ForeignFolderError, MissingOwnerError, OtherBytesError, UnknownOwnerError
from admin.export import Told, export, place_of
from admin.stage import Stage
from chalicelib.metadata import files
from chalicelib.metadata.table import Update
from tests.builders import BUCKET, OWNER, STRANGER, Account, sha256
from tests.pool import Member, Pool

EMAIL = "anna@example.com"


@pytest.fixture
def here(account: Account) -> Stage:
    account.owner()
    account.world.cognito = Pool({EMAIL: Member(OWNER, "x", confirmed=True)})  # type: ignore[misc]
    return Stage(account.world, {"s3": account.s3}.__getitem__)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "export"


def run(here: Stage, folder: Path, **how: Any) -> dict[str, str]:
    return {told.file_id: told.done for told in export(here, OWNER, folder, **how)}


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def file_of(account: Account, file_id: str) -> files.File:
    found = files.find(account.world.table, OWNER, file_id)
    assert found is not None
    return found


def test_objects_are_there_with_their_own_bytes(here: Stage, account: Account, folder: Path) -> None:
    file_id = account.phone().bring(b"photo")

    assert run(here, folder) == {file_id: "fetched"}

    (line,) = lines(folder, "objects.jsonl")
    assert hashlib.sha256((folder / line["path"]).read_bytes()).hexdigest() == line["sha256"] == sha256(b"photo")


def test_every_item_of_the_owner_is_in_some_list(here: Stage, account: Account, folder: Path) -> None:
    pc = account.pc()
    account.phone().bring(b"photo")
    account.world.table.put(Update(files.gone_key(OWNER, "f" * 32), "SET #ttl = :at", values={"at": 9}))

    run(here, folder)

    told = {line["sk"] for name in folder.glob("*.jsonl") for line in lines(folder, name.name) if "sk" in line}
    kept = {item["sk"] for item in account.everything() if item["pk"] == f"owner#{OWNER}"}
    assert told == kept - {"profile"}
    assert [line["name"] for line in lines(folder, "devices.jsonl")] == ["den"]
    assert json.loads((folder / "profile.json").read_text())["pcs"].keys() == {pc.device_id}


def test_the_person_is_named_as_the_user_pool_knows_them(here: Stage, folder: Path) -> None:
    run(here, folder)

    assert json.loads((folder / "profile.json").read_text())["person"] == {"email": EMAIL}


def test_nothing_of_another_owner_is_in_it(here: Stage, account: Account, folder: Path) -> None:
    account.phone().bring(b"mine")
    account.owner(STRANGER)
    theirs = account.phone(STRANGER).bring(b"theirs")

    run(here, folder)

    everything = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())
    assert theirs not in everything
    assert STRANGER not in everything
    assert "theirs" not in everything


def test_what_is_whole_is_not_fetched_again(here: Stage, account: Account, folder: Path) -> None:
    file_id = account.phone().bring(b"photo")
    run(here, folder)

    with account.counting() as calls:
        assert run(here, folder) == {file_id: "there"}

    assert "GetObject" not in calls


def test_what_is_there_but_damaged_is_fetched_again(here: Stage, account: Account, folder: Path) -> None:
    file_id = account.phone().bring(b"photo")
    run(here, folder)
    place = folder / place_of(file_of(account, file_id))
    place.write_bytes(b"phot0")

    assert run(here, folder) == {file_id: "fetched"}
    assert place.read_bytes() == b"photo"


def test_a_part_goes_on_where_it_was(here: Stage, account: Account, folder: Path) -> None:
    file_id = account.phone().bring(b"photograph")
    run(here, folder)
    place = folder / place_of(file_of(account, file_id))
    place.rename(place.with_name(f"{place.name}.partial")).write_bytes(b"photo")
    asked: list[Any] = []
    account.s3.meta.events.register("provide-client-params.s3.GetObject", lambda params, **_: asked.append(params))

    run(here, folder)

    assert [one.get("Range") for one in asked] == ["bytes=5-"]
    assert place.read_bytes() == b"photograph"


def test_other_bytes_never_get_the_files_name(here: Stage, account: Account, folder: Path) -> None:
    file_id = account.phone().bring(b"photo")
    wrong = Update(files.file_key(OWNER, file_id), "SET #sha256 = :other", values={"other": "0" * 64})
    account.world.table.put(wrong)

    with pytest.raises(OtherBytesError):
        run(here, folder)

    assert [path.name for path in folder.joinpath("objects").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/abs", "a\0b", "CON", "x" * 400 + ".jpg", ".."]
)
def test_no_name_leads_out_of_the_folder(here: Stage, account: Account, folder: Path, name: str) -> None:
    file_id = account.phone().bring(b"photo")
    account.world.table.put(Update(files.file_key(OWNER, file_id), "SET #name = :name", values={"name": name}))

    run(here, folder)

    (line,) = lines(folder, "objects.jsonl")
    assert (folder / line["path"]).resolve().is_relative_to((folder / "objects").resolve())
    assert Path(line["path"]).name.startswith(file_id)
    assert len(Path(line["path"]).name) < 120


def test_a_file_that_is_only_at_home_is_said_to_be(here: Stage, account: Account, folder: Path) -> None:
    file_id = account.phone().bring(b"photo")
    account.world.table.put(Update(files.file_key(OWNER, file_id), "SET #goneAt = :at", values={"at": "2026"}))

    assert run(here, folder) == {file_id: "only at home"}


def test_a_file_that_is_nowhere_any_more_is_said_to_be_lost(here: Stage, account: Account, folder: Path) -> None:
    file_id = account.phone().bring(b"photo")
    lost = {"at": "2026", "lost": "lost"}
    account.world.table.put(Update(files.file_key(OWNER, file_id), "SET #goneAt = :at, #status = :lost", values=lost))

    assert run(here, folder) == {file_id: "lost"}


def lose(account: Account, file_id: str) -> None:
    file = file_of(account, file_id)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)


def test_an_object_that_the_bucket_lacks_holds_nothing_up(here: Stage, account: Account, folder: Path) -> None:
    lost = account.phone().bring(b"lost")
    account.clock.wind(seconds=1)
    there = account.phone().bring(b"there")
    lose(account, lost)

    assert run(here, folder) == {lost: "lost", there: "fetched"}

    told = {line["fileId"]: (line["done"], line.get("path")) for line in lines(folder, "objects.jsonl")}
    assert told == {lost: ("lost", None), there: ("here", place_of(file_of(account, there)))}


def test_only_what_is_absent_counts_as_lost(here: Stage, account: Account, folder: Path) -> None:
    account.phone().bring(b"photo")

    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    account.s3.meta.events.register("before-call.s3.GetObject", refuse)

    with pytest.raises(ClientError):
        run(here, folder)


def test_links_stand_in_for_bytes(here: Stage, account: Account, folder: Path) -> None:
    file_id = account.phone().bring(b"photo")

    assert run(here, folder, links=True) == {file_id: "linked"}

    (line,) = lines(folder, "objects.jsonl")
    assert f"{BUCKET}" in line["link"]
    assert f"versionId={file_of(account, file_id).version_id}" in line["link"]
    assert not (folder / "objects").exists()


def test_a_folder_with_something_else_is_left_alone(here: Stage, folder: Path) -> None:
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")

    with pytest.raises(ForeignFolderError):
        run(here, folder)

    assert [path.name for path in folder.iterdir()] == ["diary.txt"]


def test_the_folder_of_another_owners_export_is_left_alone(here: Stage, account: Account, folder: Path) -> None:
    run(here, folder)
    account.owner(STRANGER)

    with pytest.raises(ForeignFolderError):
        list(export(here, STRANGER, folder))


def test_an_owner_nobody_knows_is_refused(here: Stage, folder: Path) -> None:
    with pytest.raises(UnknownOwnerError):
        list(export(here, "nobody", folder))

    assert not folder.exists()


def test_told_are_all_files(here: Stage, account: Account, folder: Path) -> None:
    phone = account.phone()
    (begun,) = phone.begin(b"pending")
    account.clock.wind(seconds=1)
    there = phone.bring(b"there")

    told = list(export(here, OWNER, folder))

    assert told == [Told(begun.file_id, "pending", 0), Told(there, "fetched", 5)]


def test_the_command_says_how_much_there_is(
    here: Stage, account: Account, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account.phone().bring(b"photo")
    capsys.readouterr()

    assert do_export(here, argparse.Namespace(owner=OWNER, to=str(folder), links=False)) == 0

    assert capsys.readouterr().out.splitlines() == ["       1  fetched", f"1 files, 5 bytes in {folder}"]


def test_the_command_says_at_the_end_what_is_lost(
    here: Stage, account: Account, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lose(account, account.phone().bring(b"photo"))
    capsys.readouterr()

    assert do_export(here, argparse.Namespace(owner=OWNER, to=str(folder), links=False)) == STILL_WRONG

    assert capsys.readouterr().out.splitlines()[-1].startswith("1 lost: ")


@pytest.mark.parametrize("deed", [do_export, do_erase])
def test_nobody_is_meant_unless_named(here: Stage, deed: Any) -> None:
    with pytest.raises(MissingOwnerError):
        deed(here, argparse.Namespace(owner="", to="x", links=False, yes_erase=None))
