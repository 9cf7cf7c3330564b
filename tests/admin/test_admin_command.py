"""The command line of the admin: a table, an exit code, a sentence for what is wrong."""

import argparse
from pathlib import Path

import pytest

from admin.__main__ import STILL_WRONG, main, show_audit, show_redrive
from admin.stage import Stage, of
from chalicelib.metadata import files
from chalicelib.metadata.table import Delete, Key, Update
from infra import outputs
from tests.builders import BUCKET, OWNER, Account

PROJECT = Path(__file__).resolve().parents[2]


def asked(**more: object) -> argparse.Namespace:
    return argparse.Namespace(**{"mend": False, "tags": False, "owner": None, "queue": None, **more})


@pytest.fixture
def here(account: Account) -> Stage:
    account.owner()
    clients = {"sqs": account.sqs}
    return Stage(account.world, lambda service: clients[service])


def miscount(account: Account) -> None:
    account.world.table.put(Update(Key(f"owner#{OWNER}", "usage#0"), "ADD #lostFiles :by", values={"by": 2}))


def audited(here: Stage, capsys: pytest.CaptureFixture[str], **more: object) -> tuple[int, list[str]]:
    code = show_audit(here, asked(**more))
    return code, capsys.readouterr().out.splitlines()


def test_a_stage_that_is_well_is_said_to_be(here: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert audited(here, capsys) == (0, ["Ledger and bucket agree"])


def test_what_is_found_is_a_line_and_an_exit_code(
    here: Stage, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.owner()
    miscount(account)

    code, lines = audited(here, capsys, owner=OWNER)

    assert code == STILL_WRONG
    assert lines[0].split() == ["counters", "differ", "owner", OWNER, "lostFiles", "-2"]
    assert lines[-1] == "1 found, 1 left"


def test_what_was_mended_is_said_and_well(here: Stage, account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    miscount(account)

    code, lines = audited(here, capsys, mend=True, owner=OWNER)

    assert code == 0
    assert lines[0].endswith("-> set right")
    assert audited(here, capsys, owner=OWNER) == (0, ["Ledger and bucket agree"])


def test_an_object_that_is_gone_is_left_to_a_person(
    here: Stage, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    file = files.find(account.world.table, OWNER, account.phone().bring(b"photo"))
    assert file is not None
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    capsys.readouterr()

    code, lines = audited(here, capsys, mend=True, owner=OWNER)

    assert code == STILL_WRONG
    assert lines[0].startswith(f"missing object                  owner {OWNER}  file {file.file_id}")


def test_letters_before_and_after_are_shown(here: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    code = show_redrive(here, asked())

    lines = capsys.readouterr().out.splitlines()
    assert (code, len(lines)) == (0, 4)
    assert lines[0].split() == ["arrivals-dead", "0", "before", "0", "after", "empty"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["audit"], "STAGE is missing, expected one of local, dev, prod"),
        (["audit", "--stage", "prod"], "Stage 'prod' has no recorded outputs; run `make deploy STAGE=prod`"),
        (["redrive", "--stage", "local"], "Stage 'local' has no recorded outputs; run `make run`"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".chalice").mkdir()
    config = (PROJECT / ".chalice" / "config.json").read_text(encoding="utf-8")
    (tmp_path / ".chalice" / "config.json").write_text(config, encoding="utf-8")

    assert main(arguments, tmp_path) == 1
    assert capsys.readouterr().err.splitlines()[0] == sentence


def test_a_stage_is_made_of_what_was_recorded() -> None:
    made: list[str] = []

    stage = of(outputs.sample_for("dev"), made.append)

    assert (stage.name, stage.world.settings.table, stage.world.settings.region) == (
        "dev",
        "backhaul-dev",
        "eu-central-1",
    )
    assert made == []


def test_a_debt_that_was_lost_is_written_again(here: Stage, account: Account) -> None:
    pc = account.pc()
    pc.finish_laps()
    file_id = account.phone().bring(b"photo")
    account.world.table.put(Delete(Key(f"pc#{pc.device_id}", f"owed#{file_id}")))

    show_audit(here, asked(mend=True))

    assert [notice["fileId"] for notice in pc.owed()] == [file_id]
