import pytest

from infra.progress import Step, is_news, next_step, reasons, says_no_changes, told


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (None, Step.CREATE),
        ("DELETE_COMPLETE", Step.CREATE),
        ("REVIEW_IN_PROGRESS", Step.CREATE),
        ("CREATE_COMPLETE", Step.UPDATE),
        ("UPDATE_COMPLETE", Step.UPDATE),
        ("UPDATE_ROLLBACK_COMPLETE", Step.UPDATE),
        ("IMPORT_COMPLETE", Step.UPDATE),
        ("CREATE_IN_PROGRESS", Step.WAIT),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Step.WAIT),
        ("DELETE_IN_PROGRESS", Step.WAIT),
        ("ROLLBACK_COMPLETE", Step.CLEAR),
        ("ROLLBACK_FAILED", Step.CLEAR),
        ("UPDATE_ROLLBACK_FAILED", Step.STOP),
        ("DELETE_FAILED", Step.STOP),
        ("A_STATUS_OF_TOMORROW", Step.STOP),
    ],
)
def test_every_status_has_one_next_step(status: str | None, step: Step) -> None:
    assert next_step(status) is step


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("The submitted information didn't contain changes. Submit different information.", True),
        ("No updates are to be performed.", True),
        ("User is not authorized to perform: iam:CreateRole", False),
    ],
)
def test_nothing_to_change_is_told_from_a_failure(reason: str, *, expected: bool) -> None:
    assert says_no_changes(reason) is expected


def test_the_cause_is_named_and_what_only_followed_is_not() -> None:
    events = [
        {"LogicalResourceId": "Bucket", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "name is taken"},
        {"LogicalResourceId": "Table", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "creation cancelled"},
        {"LogicalResourceId": "Bucket", "ResourceStatus": "DELETE_COMPLETE"},
    ]

    assert reasons(events) == ["Bucket: name is taken"]


def test_a_failure_is_told_with_its_reason() -> None:
    event = {"LogicalResourceId": "Bucket", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "name is taken"}

    assert told(event).strip() == "CREATE_FAILED                Bucket: name is taken"


@pytest.mark.parametrize(("status", "expected"), [("CREATE_COMPLETE", True), ("CREATE_IN_PROGRESS", False)])
def test_only_what_is_over_is_news(status: str, *, expected: bool) -> None:
    assert is_news({"LogicalResourceId": "Bucket", "ResourceStatus": status}) is expected
