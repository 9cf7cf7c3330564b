"""A file that only a PC has comes back to the cloud when its owner asks: by the deployed functions and a real agent."""

from pathlib import Path

import pytest
from test_e2e_trash import original, sweep
from whole_system import WholeSystem, await_truth

from local import samples

pytestmark = pytest.mark.e2e


def test_a_file_that_is_only_at_home_comes_back_when_it_is_asked_for(system: WholeSystem, tmp_path: Path) -> None:
    (sample, *_), api = samples.make(tmp_path, seed=38, video_mb=0), system.api()
    api.patch("/me", {"graceDays": 0})
    file_id = system.upload(api, sample)
    await_truth(lambda: api.get(f"/files/{file_id}")["status"] == "downloaded", 60, "the receipt")
    await_truth(lambda: bool(api.get(f"/files/{file_id}").get("mediaState")), 60, "the look into it")
    sweep(system)
    before = original(system, file_id)
    system.aws("s3").delete_object(**before)

    asked = api.post(f"/files/{file_id}/recall", {})["outcome"]
    await_truth(lambda: api.get(f"/files/{file_id}")["cloudCopy"] == "kept", 60, "the coming back")

    api.patch("/me", {"graceDays": None})
    where = original(system, file_id)
    came = system.aws("s3").get_object(**where)["Body"].read()
    assert (asked, where["VersionId"] != before["VersionId"]) == ("asked", True)
    assert came == sample.path.read_bytes()
    assert system.is_home(sample)
