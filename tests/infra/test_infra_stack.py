import pytest
from fake_cloudformation import ID, Event, FakeCloudFormation

from infra.errors import StackFailedError, UnfinishedStackError
from infra.stack import Stack, put_up

NAME = "backhaul-dev"
BUCKET_MADE: Event = ("Bucket", "CREATE_COMPLETE", "")
CREATED: tuple[str | None, list[Event]] = ("CREATE_COMPLETE", [BUCKET_MADE, (NAME, "CREATE_COMPLETE", "")])
UPDATED: tuple[str | None, list[Event]] = ("UPDATE_COMPLETE", [(NAME, "UPDATE_COMPLETE", "")])
GONE: tuple[str | None, list[Event]] = (None, [])


class Watched:
    """A stack with what it told, and no time lost."""

    def __init__(self, cloudformation: FakeCloudFormation) -> None:
        self.told: list[str] = []
        self.cloudformation = cloudformation
        self.stack = Stack(cloudformation, "dev", self.told.append, sleep=lambda _: None)

    def put_up(self, **parameters: str) -> dict[str, str]:
        return self.stack.put_up(parameters, "Resources: {}")


def test_a_stack_that_is_not_there_is_created_and_its_outputs_returned() -> None:
    watched = Watched(FakeCloudFormation(then=[("CREATE_IN_PROGRESS", []), CREATED]))

    found = watched.put_up()

    assert found == {"Bucket": "a-bucket"}
    assert watched.cloudformation.asked("create_change_set")["ChangeSetType"] == "CREATE"


def test_a_stack_that_stands_is_updated() -> None:
    watched = Watched(FakeCloudFormation("CREATE_COMPLETE", then=[UPDATED]))

    watched.put_up()

    assert watched.cloudformation.asked("create_change_set")["ChangeSetType"] == "UPDATE"


def test_the_stage_is_always_a_parameter() -> None:
    watched = Watched(FakeCloudFormation(then=[CREATED]))

    watched.put_up(AlarmEmail="me@example.com")

    assert watched.cloudformation.asked("create_change_set")["Parameters"] == [
        {"ParameterKey": "Stage", "ParameterValue": "dev"},
        {"ParameterKey": "AlarmEmail", "ParameterValue": "me@example.com"},
    ]


def test_what_an_earlier_deploy_gave_is_kept() -> None:
    watched = Watched(FakeCloudFormation("CREATE_COMPLETE", then=[UPDATED], parameters=("Stage", "AlarmEmail")))

    watched.put_up()

    kept = {"ParameterKey": "AlarmEmail", "UsePreviousValue": True}
    assert kept in watched.cloudformation.asked("create_change_set")["Parameters"]


def test_nothing_to_change_is_no_error_and_leaves_no_change_set_behind() -> None:
    watched = Watched(FakeCloudFormation("UPDATE_COMPLETE", refusal="No updates are to be performed."))

    found = watched.put_up()

    assert found == {"Bucket": "a-bucket"}
    assert watched.cloudformation.names() == ["create_change_set", "delete_change_set"]


def test_a_change_set_that_fails_changes_nothing_and_says_why() -> None:
    watched = Watched(FakeCloudFormation("UPDATE_COMPLETE", refusal="no such parameter"))

    with pytest.raises(StackFailedError, match="no such parameter"):
        watched.put_up()
    assert "execute_change_set" not in watched.cloudformation.names()


def test_what_is_in_progress_is_waited_for() -> None:
    busy = FakeCloudFormation("UPDATE_IN_PROGRESS", then=[("UPDATE_IN_PROGRESS", []), ("UPDATE_COMPLETE", []), UPDATED])
    watched = Watched(busy)

    watched.put_up()

    assert "waiting for it" in watched.told[0]
    assert busy.names() == ["create_change_set", "execute_change_set"]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_what_a_failed_first_deploy_left_is_cleared_away_first(status: str) -> None:
    watched = Watched(FakeCloudFormation(status, then=[GONE, CREATED]))

    watched.put_up()

    assert watched.cloudformation.names() == ["delete_stack", "create_change_set", "execute_change_set"]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_a_person_must_look_at_is_not_touched(status: str) -> None:
    watched = Watched(FakeCloudFormation(status))

    with pytest.raises(UnfinishedStackError, match=status):
        watched.put_up()
    assert watched.cloudformation.calls == []


def test_a_failure_names_its_cause() -> None:
    failed: list[Event] = [("Bucket", "CREATE_FAILED", "the name is taken"), (NAME, "ROLLBACK_COMPLETE", "")]
    watched = Watched(FakeCloudFormation(then=[("ROLLBACK_COMPLETE", failed)]))

    with pytest.raises(StackFailedError, match="Bucket: the name is taken"):
        watched.put_up()


def test_a_rolled_back_update_is_a_failure() -> None:
    failed: list[Event] = [("Table", "UPDATE_FAILED", "no"), (NAME, "UPDATE_ROLLBACK_COMPLETE", "")]
    watched = Watched(FakeCloudFormation("CREATE_COMPLETE", then=[("UPDATE_ROLLBACK_COMPLETE", failed)]))

    with pytest.raises(StackFailedError, match="UPDATE_ROLLBACK_COMPLETE"):
        watched.put_up()


def test_a_stack_still_at_rest_from_before_is_not_taken_for_done() -> None:
    slow = FakeCloudFormation("CREATE_COMPLETE", then=[("CREATE_COMPLETE", []), ("UPDATE_IN_PROGRESS", []), UPDATED])
    watched = Watched(slow)

    watched.put_up()

    assert slow.status == "UPDATE_COMPLETE"


def test_progress_is_told_once_and_without_what_happened_last_year() -> None:
    cloudformation = FakeCloudFormation("CREATE_COMPLETE", then=[("UPDATE_IN_PROGRESS", [BUCKET_MADE]), UPDATED])
    cloudformation.happened(("Table", "CREATE_COMPLETE", ""), (NAME, "CREATE_COMPLETE", ""))
    watched = Watched(cloudformation)

    watched.put_up()

    assert [line.split() for line in watched.told[1:]] == [["CREATE_COMPLETE", "Bucket"], ["UPDATE_COMPLETE", NAME]]


def test_a_bucket_that_survived_its_stack_comes_back_into_it() -> None:
    watched = Watched(FakeCloudFormation(then=[CREATED]))

    watched.put_up()

    assert watched.cloudformation.asked("create_change_set")["ImportExistingResources"] is True


def test_the_names_of_what_survives_are_written_out_for_aws_to_find_it() -> None:
    cloudformation = FakeCloudFormation(then=[CREATED])
    known = {"Stage": "dev", "AWS::AccountId": "123456789012", "AWS::Region": "eu-central-1"}

    put_up(cloudformation, "dev", known=known, report=lambda _: None, pace=0)

    sent = cloudformation.asked("create_change_set")["TemplateBody"]
    assert "BucketName: backhaul-dev-123456789012-eu-central-1\n" in sent
    assert "TableName: backhaul-dev\n" in sent


def test_what_aws_could_not_take_back_is_not_called_whole() -> None:
    failed: list[Event] = [("Table", "DELETE_FAILED", "it is protected"), (NAME, "ROLLBACK_FAILED", "")]
    watched = Watched(FakeCloudFormation(then=[("ROLLBACK_FAILED", failed)]))

    with pytest.raises(StackFailedError) as caught:
        watched.put_up()
    assert "could not finish" in caught.value.told()


def test_taking_down_what_is_not_there_does_nothing() -> None:
    watched = Watched(FakeCloudFormation())

    watched.stack.take_down()

    assert watched.cloudformation.calls == []


def test_taking_down_waits_until_the_stack_is_gone() -> None:
    watched = Watched(FakeCloudFormation("CREATE_COMPLETE", then=[("DELETE_IN_PROGRESS", []), GONE]))

    watched.stack.take_down()

    assert watched.cloudformation.calls == [("delete_stack", {"StackName": ID})]


def test_a_stack_that_does_not_go_is_told_with_the_cause() -> None:
    failed: list[Event] = [("PcRole", "DELETE_FAILED", "in use"), (NAME, "DELETE_FAILED", "")]
    watched = Watched(FakeCloudFormation("CREATE_COMPLETE", then=[("DELETE_FAILED", failed)]))

    with pytest.raises(StackFailedError, match="PcRole: in use"):
        watched.stack.take_down()
