"""The hourly sweep's lists: what cannot be done steps back, so that it hides nothing behind it."""

from typing import Any

import pytest

from chalicelib.incoming import uploads, wanted
from tests.builders import Account
from tests.thrown import purge, sweep, the_file, versions


def in_one_list(monkeypatch: pytest.MonkeyPatch, *, at_once: int) -> None:
    monkeypatch.setattr("chalicelib.metadata.files.DUE_SHARDS", 1)
    monkeypatch.setattr("chalicelib.keeping.home_sweep._MOST_AT_ONCE", at_once)


def fail_always(account: Account, *prefixes: str) -> list[str]:
    """Have S3 list everything but this; return what it was asked to list."""
    asked: list[str] = []

    def fails(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["Prefix"])
        if params["Prefix"] in prefixes:
            raise TimeoutError("S3 did not answer")

    account.s3.meta.events.register("provide-client-params.s3.ListObjectVersions", fails)
    return asked


def thrown_away(account: Account, body: bytes) -> str:
    """Have a file thrown away for good; return its key. The oldest are at the head of the list."""
    file_id = account.phone().bring(body)
    account.phone().throw_away(file_id)
    key = the_file(account, file_id).key
    purge(account, file_id)
    account.clock.wind(minutes=1)
    return key


def test_files_that_always_fail_hide_no_other(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    in_one_list(monkeypatch, at_once=2)
    poison = [thrown_away(account, body) for body in (b"one", b"two")]
    thrown_away(account, b"behind")
    fail_always(account, *poison)

    with pytest.raises(TimeoutError):
        sweep(account)

    assert sorted(versions(account)) == sorted(poison)


def test_what_failed_steps_back_and_comes_again(account: Account) -> None:
    key = thrown_away(account, b"one")
    asked = fail_always(account, key)

    with pytest.raises(TimeoutError):
        sweep(account)
    sweep(account, minutes=29)
    with pytest.raises(TimeoutError):
        sweep(account, minutes=1)

    assert asked == [key, key]


def test_a_look_that_always_fails_hides_no_other(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    in_one_list(monkeypatch, at_once=1)
    phone = account.phone()
    begun = [uploads.begin_simple(account.world, phone.caller, wanted.Simple("a.jpg", "image/jpeg")) for _ in range(2)]
    for one in begun:
        uploads.abort(account.world, phone.caller, one.file_id)
        account.put(one.key, b"late", checked=False)
        account.clock.wind(minutes=1)
    fail_always(account, begun[0].key.removesuffix("a.jpg"))

    with pytest.raises(TimeoutError):
        sweep(account)

    assert list(versions(account)) == [begun[0].key]


def test_what_cannot_even_be_put_off_keeps_no_other_waiting(account: Account) -> None:
    poison = thrown_away(account, b"one")
    thrown_away(account, b"behind")
    fail_always(account, poison)

    def fails(model: Any, **_: Any) -> None:
        if model.name == "UpdateItem":
            raise ConnectionError("the table did not answer")

    account.dynamodb.meta.events.register("before-call", fails)
    with pytest.raises(TimeoutError):
        sweep(account)

    assert list(versions(account)) == [poison]
