"""What a team shares of a stage: its state outlives every laptop, and no two deploy at once."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from fake_bucket import FakeBucket, refused

from infra.errors import ForeignStateError, LockedError, NoLockError
from infra.place import Place
from infra.shared import Holder, Shared

ACCOUNT = "123456789012"
STATE = {"resources": [{"name": "x", "lambda_arn": f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:backhaul-dev"}]}


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket()


def shared(bucket: FakeBucket, project: Path, who: str = "anna") -> Shared:
    place = Place(ACCOUNT, "eu-central-1", lambda _: bucket)
    return Shared(bucket, place, "dev", project, Holder(who, "2026-11-21T10:00:00Z", who))


def remember(project: Path, state: object = STATE) -> Path:
    file = project / ".chalice" / "deployed" / "dev.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(state if isinstance(state, str) else json.dumps(state), encoding="utf-8")
    return file


def test_another_laptop_takes_up_where_the_last_deploy_ended(bucket: FakeBucket, tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    remember(mine)
    shared(bucket, mine).publish()

    shared(bucket, theirs, "ben").fetch()

    assert json.loads((theirs / ".chalice" / "deployed" / "dev.json").read_text(encoding="utf-8")) == STATE


def test_what_the_team_knows_goes_before_what_this_laptop_knows(bucket: FakeBucket, tmp_path: Path) -> None:
    file = remember(tmp_path)
    shared(bucket, tmp_path).publish()
    remember(tmp_path, {"resources": []})

    shared(bucket, tmp_path).fetch()

    assert json.loads(file.read_text(encoding="utf-8")) == STATE


def test_it_lies_in_the_stages_own_bucket(bucket: FakeBucket, tmp_path: Path) -> None:
    remember(tmp_path)
    shared(bucket, tmp_path).publish()

    assert bucket.names == {f"backhaul-dev-{ACCOUNT}-eu-central-1"}
    assert bucket.objects.keys() == {"state/deployed.json"}


@pytest.mark.parametrize(
    ("state", "what"),
    [
        ({"resources": [{"role_arn": "arn:aws:iam::999999999999:role/x"}]}, "names account 999999999999"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
    ],
)
def test_a_state_of_another_account_is_refused(bucket: FakeBucket, tmp_path: Path, state: object, what: str) -> None:
    remember(tmp_path, state)

    with pytest.raises(ForeignStateError, match=what) as caught:
        shared(bucket, tmp_path).fetch()
    assert "Delete that file" in caught.value.told()


def test_a_laptop_that_knows_something_while_nobody_else_does_goes_on(bucket: FakeBucket, tmp_path: Path) -> None:
    file = remember(tmp_path)

    shared(bucket, tmp_path).fetch()

    assert json.loads(file.read_text(encoding="utf-8")) == STATE


def test_two_do_not_deploy_at_once(bucket: FakeBucket, tmp_path: Path) -> None:
    with shared(bucket, tmp_path).lock(), pytest.raises(LockedError) as caught, shared(bucket, tmp_path, "ben").lock():
        pytest.fail("both deploy")

    assert caught.value.told().splitlines() == [
        "stage 'dev' is being deployed by anna since 2026-11-21T10:00:00Z",
        "Wait until they are done. If that deploy died: make unlock STAGE=dev",
    ]


def test_the_lock_is_given_back_however_a_deploy_ends(bucket: FakeBucket, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), shared(bucket, tmp_path).lock():
        raise ZeroDivisionError

    assert bucket.objects == {}


def test_within_ones_own_lock_there_is_nothing_to_wait_for(bucket: FakeBucket, tmp_path: Path) -> None:
    mine = shared(bucket, tmp_path)

    with mine.lock():
        with mine.lock():
            pass
        assert bucket.objects.keys() == {"state/lock.json"}


def test_a_lock_that_was_broken_is_left_to_who_has_it_now(bucket: FakeBucket, tmp_path: Path) -> None:
    with shared(bucket, tmp_path).lock():
        assert shared(bucket, tmp_path, "ben").break_lock().who == "anna"
        ben = shared(bucket, tmp_path, "ben").lock()
        ben.__enter__()

    holder = shared(bucket, tmp_path).holder()
    assert holder
    assert holder.who == "ben"


def test_a_lock_that_nobody_holds_cannot_be_broken(bucket: FakeBucket, tmp_path: Path) -> None:
    with pytest.raises(NoLockError):
        shared(bucket, tmp_path).break_lock()


def test_before_the_first_deploy_there_is_nothing_to_lock(tmp_path: Path) -> None:
    nothing = FakeBucket(exists=False)

    with shared(nothing, tmp_path).lock(may_lack_bucket=True):
        pass
    with pytest.raises(ClientError), shared(nothing, tmp_path).lock():
        pytest.fail("locked")


def test_what_s3_refuses_otherwise_is_no_lock(bucket: FakeBucket, tmp_path: Path) -> None:
    def deny(**_: object) -> None:
        raise refused("AccessDenied", "PutObject")

    bucket.put_object = deny  # type: ignore[assignment,method-assign] # S3 says no

    with pytest.raises(ClientError, match="AccessDenied"), shared(bucket, tmp_path).lock():
        pytest.fail("locked")
