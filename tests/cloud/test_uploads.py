"""Beginning to bring files in, and calling it off."""

import json
from typing import Any

import pytest

from chalicelib import bodies
from chalicelib.auth.callers import Caller
from chalicelib.errors import BadInputError, ConditionFailedError, NotAllowedError, NotFoundError
from chalicelib.incoming import uploads, wanted
from chalicelib.incoming.uploads import AlreadyUploadedError, KnownContentsError
from chalicelib.metadata.table import Put
from tests.builders import OWNER, STRANGER, Account, b64, declare, key_of, sha256


def test_a_new_file_gets_a_link_for_exactly_its_bytes(account: Account) -> None:
    (begun,) = account.phone().begin(b"photo")

    assert begun.outcome == "upload"
    assert begun.key == f"originals/{OWNER}/{begun.file_id}-IMG_0001.jpg"
    assert key_of(begun.link.url) == begun.key
    assert begun.link.headers["Content-Length"] == "5"
    assert begun.link.headers["x-amz-checksum-sha256"] == b64(b"photo")


def test_a_file_is_kept_as_it_was_declared(account: Account) -> None:
    phone = account.phone()
    told = {"name": "Köln 😀/..\\x.jpg", "takenAt": "2019-07-01T00:30:00+02:00", "groupId": "g", "localId": "l"}

    (begun,) = phone.begin(declare(b"photo", **told))

    shown = phone.see(begun.file_id)
    assert (shown.name, shown.taken_at, shown.group_id, shown.local_id) == tuple(told.values())
    assert (shown.status, shown.size, shown.sha256) == ("pending", 5, sha256(b"photo"))


def test_answers_come_in_the_order_asked(account: Account) -> None:
    phone = account.phone()
    phone.bring(b"there")

    answers = phone.begin(b"a", declare(b"b", size=0), b"there", b"c")

    assert [answer.outcome for answer in answers] == ["upload", "refused", "duplicate", "upload"]


def test_begun_again_before_it_arrived_it_is_the_same_file_with_a_fresh_link(account: Account) -> None:
    phone = account.phone()

    (first,) = phone.begin(b"photo")
    account.clock.wind(minutes=20)
    (again,) = phone.begin(b"photo")

    assert (again.outcome, again.file_id, again.key) == ("upload", first.file_id, first.key)
    assert again.link.expires_at > first.link.expires_at
    assert account.usage() == {"pendingFiles": 1, "pendingBytes": 5}


def test_two_phones_of_one_owner_bring_the_same_photo_once(account: Account) -> None:
    (one,), (other,) = account.phone().begin(b"photo"), account.phone().begin(b"photo")

    assert one.file_id == other.file_id


def test_a_file_that_is_in_is_a_duplicate(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(b"photo")

    (answer,) = phone.begin(declare(b"photo", name="another name.jpg"))

    assert (answer.outcome, answer.file_id, answer.status, answer.link) == ("duplicate", file_id, "uploaded", None)


def test_the_same_bytes_twice_in_one_batch_are_one_file(account: Account) -> None:
    one, other = account.phone().begin(b"photo", declare(b"photo", name="copy.jpg"))

    assert (one.outcome, other.outcome, other.status) == ("upload", "duplicate", "pending")
    assert one.file_id == other.file_id


def test_the_same_name_with_other_bytes_is_another_file(account: Account) -> None:
    one, other = account.phone().begin(b"photo", b"other")

    assert one.file_id != other.file_id


def test_owners_do_not_share_hashes(account: Account) -> None:
    account.phone().bring(b"photo")

    (answer,) = account.phone(STRANGER).begin(b"photo")

    assert answer.outcome == "upload"


def test_another_size_for_the_same_hash_is_refused_as_long_as_the_first_is_awaited(account: Account) -> None:
    phone = account.phone()
    (first,) = phone.begin(declare(b"photo", size=99))

    (answer,) = phone.begin(b"photo")
    assert (answer.outcome, answer.reason, answer.file_id) == ("refused", "otherSize", first.file_id)

    uploads.abort(account.world, phone.caller, first.file_id)
    (answer,) = phone.begin(b"photo")
    assert answer.outcome == "upload"


def test_who_loses_the_race_for_a_hash_is_told_the_winners_file(account: Account) -> None:
    phone, rival = account.phone(), account.phone()
    won: list[Any] = []

    def rival_is_quicker(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not won:
            won.append(None)
            won[:] = rival.begin(b"photo")

    account.dynamodb.meta.events.register("before-call", rival_is_quicker)
    photo, other = phone.begin(b"photo", b"other")

    assert photo.file_id == won[0].file_id
    assert other.outcome == "upload"
    assert account.usage() == {"pendingFiles": 2, "pendingBytes": 10}


def test_a_pointer_left_behind_by_a_death_is_stepped_over(account: Account) -> None:
    account.world.table.put(Put({"pk": f"owner#{OWNER}", "sk": f"hash#{sha256(b'photo')}", "fileId": "f" * 32}))

    (answer,) = account.phone().begin(b"photo")

    assert answer.outcome == "upload"
    pointer = account.item(f"owner#{OWNER}", f"hash#{sha256(b'photo')}")
    assert pointer
    assert pointer["fileId"] == answer.file_id


@pytest.mark.parametrize(("count", "calls"), [(1, 2), (49, 2), (50, 3), (100, 4)])
def test_beginning_costs_few_calls(account: Account, count: int, calls: int) -> None:
    phone = account.phone()
    bodies = [f"photo {n}".encode() for n in range(count)]

    with account.counting() as counted:
        phone.begin(*bodies)

    assert counted == ["BatchGetItem"] + ["TransactWriteItems"] * (calls - 1)


def test_beginning_again_costs_two_reads(account: Account) -> None:
    phone = account.phone()
    bodies = [f"photo {n}".encode() for n in range(100)]
    phone.begin(*bodies)

    with account.counting() as counted:
        phone.begin(*bodies)

    assert counted == ["BatchGetItem"] * 2


def test_a_batch_of_refusals_touches_nothing(account: Account) -> None:
    with account.counting() as counted:
        account.phone().begin(declare(b"x", size=-1), declare(b"", size=0))

    assert counted == []


def test_the_simplest_client_is_told_where_to_put_its_file(account: Account) -> None:
    phone = account.phone()

    with account.counting() as counted:
        told = uploads.begin_simple(account.world, phone.caller, wanted.Simple("a b.jpg", "image/jpeg"))

    assert key_of(told.upload_url) == told.key == f"originals/{OWNER}/{told.file_id}-a_b.jpg"
    assert counted == ["TransactWriteItems"]
    assert phone.see(told.file_id).status == "pending"


def begin_simple(account: Account, **more: Any) -> uploads.SimpleLink:
    return uploads.begin_simple(account.world, account.phone().caller, wanted.Simple("a.jpg", "image/jpeg", **more))


def test_what_the_simplest_client_declares_is_signed(account: Account) -> None:
    told = begin_simple(account, size=5, sha256=sha256(b"photo"))

    assert told.headers == account.phone().begin(b"photo")[0].link.headers
    assert "x-amz-checksum-sha256" in told.upload_url


def test_a_size_alone_is_signed_too(account: Account) -> None:
    told = begin_simple(account, size=5)

    assert told.headers
    assert told.headers.pop("x-amz-meta-label")
    assert told.headers == {"Content-Type": "image/jpeg", "Content-Length": "5", "If-None-Match": "*"}
    assert account.usage() == {"pendingFiles": 1, "pendingBytes": 5}


def test_who_declares_nothing_has_no_header_to_send(account: Account) -> None:
    assert begin_simple(account).headers is None


def test_declared_contents_are_one_file_for_the_simplest_client_too(account: Account) -> None:
    first, again = (begin_simple(account, size=5, sha256=sha256(b"photo")) for _ in range(2))
    (begun,) = account.phone().begin(b"photo")

    assert first.file_id == again.file_id == begun.file_id


@pytest.mark.parametrize("size", [5, 6])
def test_the_simplest_client_is_told_what_is_known(account: Account, size: int) -> None:
    phone = account.phone()
    file_id = phone.bring(b"photo")

    with pytest.raises(KnownContentsError) as refusal:
        begin_simple(account, size=size, sha256=sha256(b"photo"))

    assert refusal.value.details == {"fileId": file_id, "status": "uploaded"}


def test_another_size_for_awaited_contents_gets_no_link(account: Account) -> None:
    account.phone().begin(b"photo")

    with pytest.raises(KnownContentsError, match="of 5 bytes, which is pending"):
        begin_simple(account, size=6, sha256=sha256(b"photo"))


def test_a_hash_alone_is_refused(account: Account) -> None:
    with pytest.raises(BadInputError, match="size must be given along with sha256"):
        begin_simple(account, sha256=sha256(b"photo"))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"size": 0}, "size"),
        ({"size": -1}, "size"),
        ({"size": 5 * 1024**3 + 1}, "size"),
        ({"size": "5"}, "size"),
        ({"sha256": "AB" * 32}, "sha256"),
    ],
)
def test_the_simplest_clients_body_is_checked(more: dict[str, Any], field: str) -> None:
    raw = json.dumps({"fileName": "a", "fileType": "b/c", "userId": "somebody else", **more}).encode()

    with pytest.raises(BadInputError) as refusal:
        bodies.parse(raw, wanted.Simple)

    assert refusal.value.details == {"field": field}


def test_an_upload_called_off_is_forgotten(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(b"photo")

    with account.counting() as counted:
        uploads.abort(account.world, phone.caller, begun.file_id)

    assert counted == ["BatchGetItem", "TransactWriteItems", "DeleteItem"]
    with pytest.raises(NotFoundError):
        phone.see(begun.file_id)
    assert account.usage() == {}
    assert account.item(f"owner#{OWNER}", f"hash#{sha256(b'photo')}") is None


def test_calling_off_twice_is_calling_off(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(b"photo")

    uploads.abort(account.world, phone.caller, begun.file_id)
    uploads.abort(account.world, phone.caller, begun.file_id)

    assert account.usage() == {}


def test_what_arrives_after_it_was_called_off_is_not_wanted(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = phone.send(b"photo")
    uploads.abort(account.world, phone.caller, begun.file_id)

    account.hear(begun.key)

    assert pc.owed() == []
    assert account.usage() == {}


def test_a_file_that_is_in_cannot_be_called_off(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(b"photo")

    with pytest.raises(AlreadyUploadedError, match="must be pending to be called off, it is uploaded"):
        uploads.abort(account.world, phone.caller, file_id)


@pytest.mark.parametrize("file_id", ["0" * 32, "", "../x", "A" * 32, "0" * 3000])
def test_calling_off_what_is_not_there_is_404(account: Account, file_id: str) -> None:
    with pytest.raises(NotFoundError):
        uploads.abort(account.world, account.phone().caller, file_id)


def test_a_stranger_cannot_call_an_upload_off(account: Account) -> None:
    (begun,) = account.phone().begin(b"photo")

    with pytest.raises(NotFoundError):
        uploads.abort(account.world, account.phone(STRANGER).caller, begun.file_id)


def test_a_pcs_key_begins_nothing(account: Account) -> None:
    caller = Caller(OWNER, "a" * 32, frozenset({"pc"}))

    with pytest.raises(NotAllowedError):
        uploads.begin(account.world, caller, wanted.Batch([]))
    with pytest.raises(NotAllowedError):
        uploads.begin_simple(account.world, caller, wanted.Simple("a", "b/c"))


def test_a_hash_that_is_fought_over_for_ever_is_told(account: Account) -> None:
    def always_lost(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems":
            raise ConditionFailedError({0: None})

    account.dynamodb.meta.events.register("before-call", always_lost)

    with pytest.raises(Exception, match="1 of 1 files lost every race to begin"):
        account.phone().begin(b"photo")
