"""The thinnest whole path, and what a newcomer does with it, by real processes on the embedded cloud."""

import shutil
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from whole_system import WholeSystem, await_truth

from local import samples
from local.errors import LocalError
from local.ports import free

pytestmark = pytest.mark.e2e


def test_every_byte_of_the_demo_comes_home(system: WholeSystem) -> None:
    ended = system.run(*system.command("demo", "--video-mb", "40"))

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("same bytes") == 6
    assert ended.stdout.count("known already") == 1


def test_what_came_home_is_called_downloaded(system: WholeSystem, tmp_path: Path) -> None:
    (sample, *_), api = samples.make(tmp_path, seed=1, video_mb=0), system.api()

    file_id = system.upload(api, sample)

    await_truth(lambda: api.get(f"/files/{file_id}")["status"] == "downloaded", 30, "the receipt")
    assert system.is_home(sample)


def test_chalice_deploy_by_hand_works_twice_in_a_row(system: WholeSystem) -> None:
    before = system.api_ids()

    for _ in range(2):
        ended = system.chalice_deploy()
        assert ended.returncode == 0, ended.stdout + ended.stderr

    assert system.api_ids() == before
    assert system.api().get("/me")


def test_without_chalices_memory_there_is_still_one_api(system: WholeSystem) -> None:
    before = system.api_ids()
    (system.project / ".chalice" / "deployed" / "local.json").unlink()

    ended = system.chalice_deploy()

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert system.api_ids() == before
    assert len(before) == 1


def test_the_cloud_has_what_its_cloudformation_drops(system: WholeSystem) -> None:
    names = system.outputs()["policy"]

    rules = system.aws("s3").get_bucket_lifecycle_configuration(Bucket=names["Bucket"])["Rules"]
    ttl = system.aws("dynamodb").describe_time_to_live(TableName=names["Table"])["TimeToLiveDescription"]

    assert "home-objects-expire" in [rule["ID"] for rule in rules]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")


@pytest.mark.parametrize(
    ("path", "host"), [("/_ministack/reset", None), ("/_localstack/health", None), ("/", "evil.example")]
)
def test_the_emulators_open_doors_are_closed(system: WholeSystem, path: str, host: str | None) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.cloud_port}{path}", method="POST", headers={"Host": host} if host else {}
    )

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)  # noqa: S310 - our own address

    with raised.value as answer:
        assert answer.code == 403


def test_nobody_listens_beyond_this_machine(system: WholeSystem) -> None:
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.2", system.cloud_port)) != 0


def test_a_second_start_says_who_is_running(system: WholeSystem) -> None:
    assert system.process is not None

    ended = system.run(*system.command("up"))

    assert ended.returncode == 1
    assert f"already running with the state folder '{system.state}' (process {system.process.pid})" in ended.stderr


def test_a_reset_refuses_while_it_is_up(system: WholeSystem) -> None:
    ended = system.run(*system.command("reset"))

    assert (ended.returncode, "already running" in ended.stderr) == (1, True)


def test_a_kill_in_mid_use_loses_nothing_that_was_answered(system: WholeSystem, tmp_path: Path) -> None:
    """Kill the whole cloud without warning while files go up; start it again; all that was taken comes home."""
    made = [sample for seed in (11, 12, 13) for sample in samples.make(_folder(tmp_path, seed), seed, video_mb=0)]
    taken: dict[str, samples.Sample] = {}
    enough = threading.Event()
    phone = threading.Thread(target=_upload_until_it_fails, args=(system, made, taken, enough))
    phone.start()
    enough.wait(60)
    system.end(signal.SIGKILL)
    phone.join(60)
    await_truth(lambda: not system.processes(), 15, "the end of agent and functions")

    system.ensure_up()

    assert len(taken) >= 5
    await_truth(lambda: all(map(system.is_home, taken.values())), 60, "every taken file at home")
    api = system.api()
    await_truth(
        lambda: all(api.get(f"/files/{file_id}")["status"] == "downloaded" for file_id in taken), 60, "every receipt"
    )


def test_an_api_that_a_kill_left_half_written_is_put_up_anew(system: WholeSystem) -> None:
    system.end(signal.SIGKILL)
    (system.state / "cloud/apigateway_v1.json").unlink()

    system.ensure_up()

    assert "is not whole" in system.said()
    assert system.api().get("/health")["status"] == "ok"


def _folder(parent: Path, seed: int) -> Path:
    folder = parent / str(seed)
    folder.mkdir()
    return folder


def _upload_until_it_fails(
    system: WholeSystem, made: list[samples.Sample], taken: dict[str, samples.Sample], enough: threading.Event
) -> None:
    """A phone in the middle of its work: it remembers what the cloud said yes to."""
    try:
        api = system.api()
        for sample in made:
            taken[system.upload(api, sample)] = sample
            if len(taken) == 5:
                enough.set()
    except (LocalError, OSError):
        pass
    finally:
        enough.set()


def test_a_pc_that_is_not_known_any_more_is_paired_again(system: WholeSystem) -> None:
    api = system.api()
    before = {device["deviceId"] for device in api.get("/devices")["devices"]}
    for device_id in before:
        api.delete(f"/devices/{device_id}")
    assert system.end(signal.SIGTERM) == 0

    system.ensure_up()

    after = {one["deviceId"] for one in system.api().get("/devices")["devices"] if not one.get("revokedAt")}
    assert len(after - before) == 1


def test_ctrl_c_ends_everything_and_keeps_everything(system: WholeSystem) -> None:
    before = system.api().get("/files?limit=100")["files"]

    code = system.end(signal.SIGINT)

    assert code == 0
    assert system.said().rstrip().endswith("Everything is saved.")
    assert system.processes() == []
    assert free(system.cloud_port)
    system.ensure_up()
    assert {file["fileId"] for file in system.api().get("/files?limit=100")["files"]} == {
        file["fileId"] for file in before
    }


def test_a_reset_forgets_the_cloud_and_leaves_the_home_folder(system: WholeSystem) -> None:
    at_home = sorted(system.home.rglob("*.png"))

    ended = forget(system)

    assert (ended.returncode, system.state.exists()) == (0, False)
    assert at_home
    assert sorted(system.home.rglob("*.png")) == at_home


def test_without_a_package_registry_a_first_start_says_so(one_system: WholeSystem) -> None:
    if one_system.state.exists():
        forget(one_system)
    shutil.rmtree(one_system.project / ".chalice" / "deployments", ignore_errors=True)

    ended = one_system.run(*one_system.command("up"), PIP_NO_INDEX="1", PIP_NO_CACHE_DIR="1")

    assert ended.returncode == 1
    assert "Packages for the functions could not be fetched" in ended.stderr
    assert "Traceback" not in ended.stderr


def forget(system: WholeSystem) -> subprocess.CompletedProcess[str]:
    """Stop the system, and forget its cloud."""
    system.end(signal.SIGTERM)
    return system.run(*system.command("reset"))
