"""A picture goes up; its previews and what it tells appear by themselves, in the zip that is deployed."""

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image
from whole_system import WholeSystem, await_truth

from local.samples import Sample
from tests.media.films import a_film
from tests.media.pictures import encoded

pytestmark = pytest.mark.e2e


def a_sample(folder: Path, name: str, kind: str, contents: bytes) -> Sample:
    path = folder / name
    path.write_bytes(contents)
    return Sample(path, name, kind, len(contents), hashlib.sha256(contents).hexdigest())


def test_previews_and_facts_appear_after_an_upload(system: WholeSystem, tmp_path: Path) -> None:
    api = system.api()
    heic = a_sample(tmp_path, "IMG_0001.heic", "image/heic", encoded("HEIF", 1800, 1200, orientation=6))
    film = a_sample(tmp_path, "IMG_0002.mov", "video/quicktime", a_film())
    broken = a_sample(tmp_path, "IMG_20230704_080000.jpg", "image/jpeg", encoded("JPEG")[:1500])

    ids = [system.upload(api, sample) for sample in (heic, film, broken)]

    await_truth(lambda: all("mediaState" in api.get(f"/files/{one}") for one in ids), 120, "what the files tell")
    shown, filmed, unread = (api.get(f"/files/{one}") for one in ids)
    assert shown["previews"] == ["256", "1600"]
    assert (shown["width"], shown["height"], shown["camera"]) == (1200, 1800, "Apple iPhone 14")
    assert (shown["capturedAt"], shown["capturedFrom"]) == ("2024-01-31T12:34:56.780+01:00", "exif")
    assert "place" not in shown
    assert (filmed["capturedAt"], filmed["capturedFrom"]) == ("2024-01-31T12:34:56+01:00", "quicktime")
    assert (unread["mediaState"], unread["capturedFrom"]) == ("unreadable", "name")
    assert preview(system, ids[0]).size == (171, 256)


def preview(system: WholeSystem, file_id: str) -> Image.Image:
    bucket, s3 = system.outputs()["policy"]["Bucket"], system.aws("s3")
    (key,) = [
        one["Key"]
        for one in s3.list_objects_v2(Bucket=bucket, Prefix="previews/")["Contents"]
        if one["Key"].endswith(f"{file_id}-256.webp")
    ]
    return Image.open(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
