"""Large files on their way: fresh links, what S3 has, the putting together, again and again and all at once."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import bodies
from chalicelib.auth.callers import Caller
from chalicelib.errors import BadInputError, CrowdedError, NotAllowedError, NotFoundError
from chalicelib.incoming import under_way, uploads
from chalicelib.incoming.parts import MIB
from chalicelib.incoming.under_way import PartsMissingError
from chalicelib.metadata import files
from chalicelib.upkeep import sweeps
from tests.builders import OWNER, STRANGER, Account, Phone, b64, declare_large, part_hash, sha256

FILM = 40 * MIB
JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


def begin(phone: Phone, size: int = FILM) -> Any:
    (begun,) = phone.begin(declare_large(size))
    return begun


def upload_id(account: Account, file_id: str) -> str | None:
    file = files.find(account.world.table, OWNER, file_id)
    return file.upload_id if file else None


def query(link: Any) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(link.url).query).items()}


# Beginning


def test_a_large_file_is_to_be_sent_in_parts(account: Account) -> None:
    with account.counting() as counted:
        begun = begin(account.phone())

    assert (begun.outcome, begun.part_size, begun.part_count, begun.link) == ("multipart", 16 * MIB, 3, None)
    assert counted == ["BatchGetItem", "TransactWriteItems"]


def test_sixteen_mebibytes_are_one_put(account: Account) -> None:
    assert begin(account.phone(), 16 * MIB).outcome == "upload"
    assert begin(account.phone(), 16 * MIB + 1).outcome == "multipart"


def test_a_large_file_goes_all_the_way_home(account: Account) -> None:
    phone, pc = account.phone(), account.pc()

    file_id = phone.bring_large(FILM)

    (notice,) = pc.owed()
    assert (notice["size"], notice["sha256"]) == (FILM, declare_large(FILM)["sha256"])
    assert notice["versionId"]
    assert pc.receipt(notice) == [("taken", None)]
    assert phone.see(file_id).status == "downloaded"
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": FILM}


def test_what_the_pc_finds_to_be_other_bytes_is_never_downloaded(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring_large(FILM)
    (notice,) = pc.owed()

    assert pc.receipt({**notice, "sha256": sha256(b"what the parts really are")}) == [("refused", "otherSha256")]
    assert phone.see(file_id).status == "uploaded"


def test_a_large_file_is_never_read_in_the_cloud(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)
    phone.complete(begun.file_id)

    with account.counting() as counted:
        account.hear(begun.key)

    assert counted == ["BatchGetItem", "HeadObject", "TransactWriteItems", "SendMessageBatch"]


def test_a_large_file_whose_item_is_lost_is_adopted_with_its_hash(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)
    phone.complete(begun.file_id)
    account.dynamodb.delete_item(
        TableName="backhaul-test", Key={"pk": {"S": f"owner#{OWNER}"}, "sk": {"S": f"file#{begun.file_id}"}}
    )

    account.hear(begun.key)

    assert (phone.see(begun.file_id).status, phone.see(begun.file_id).sha256) == (
        "uploaded",
        declare_large(FILM)["sha256"],
    )


def test_what_was_put_together_in_another_size_is_refused(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)
    phone.complete(begun.file_id)
    account.s3.objects[begun.key]["ContentLength"] -= 1

    account.hear(begun.key)

    assert phone.see(begun.file_id).status == "refused"


# Links


def test_s3s_upload_begins_with_the_first_links_and_is_the_same_ever_after(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)

    phone.links(begun.file_id)
    assert account.s3.uploads == {}
    with account.counting() as counted:
        first = phone.links(begun.file_id, (1, part_hash(1)))
    assert counted == ["GetItem", "CreateMultipartUpload", "UpdateItem"]
    with account.counting() as counted:
        again = phone.links(begun.file_id, (2, part_hash(2)))
    assert counted == ["GetItem", "ListParts"]

    assert query(first.links[0])["uploadId"] == query(again.links[0])["uploadId"] == upload_id(account, begun.file_id)


def test_s3_is_told_type_and_hash_so_that_the_table_could_be_rebuilt(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.links(begun.file_id, (1, part_hash(1)))

    (upload,) = account.s3.uploads.values()

    assert upload.asked["ContentType"] == "video/mp4"
    assert upload.asked["Metadata"].pop("label")
    assert upload.asked["Metadata"] == {"declared-sha256": declare_large(FILM)["sha256"]}
    assert (upload.asked["ChecksumAlgorithm"], upload.asked["ChecksumType"]) == ("SHA256", "COMPOSITE")


def test_a_link_is_for_exactly_one_part(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)

    standing = phone.links(begun.file_id, (3, part_hash(3)), (1, part_hash(1)))

    last, first = standing.links
    assert [(link.part, link.method, query(link)["partNumber"]) for link in (last, first)] == [
        (3, "PUT", "3"),
        (1, "PUT", "1"),
    ]
    assert last.headers == {"Content-Length": str(8 * MIB), "x-amz-checksum-sha256": b64(b"part 3")}
    assert query(last)["X-Amz-SignedHeaders"] == "content-length;host;x-amz-checksum-sha256"


def test_links_are_renewed_at_will(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)

    (old,) = phone.links(begun.file_id, (1, part_hash(1))).links
    account.clock.wind(minutes=20)
    (new,) = phone.links(begun.file_id, (1, part_hash(1))).links

    assert new.expires_at > old.expires_at
    assert query(new)["uploadId"] == query(old)["uploadId"]


def test_what_s3_has_is_told_and_gets_no_link(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM, [1, 3])

    standing = phone.links(begun.file_id, *[(number, part_hash(number)) for number in (1, 2, 3)])

    assert [(have.part, have.size, have.sha256) for have in standing.have] == [
        (1, 16 * MIB, part_hash(1)),
        (3, 8 * MIB, part_hash(3)),
    ]
    assert [link.part for link in standing.links] == [2]


def test_a_part_with_other_contents_gets_a_link(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)

    standing = phone.links(begun.file_id, (1, part_hash(99)))

    assert [link.part for link in standing.links] == [1]
    assert len(standing.have) == 3


def test_another_phone_goes_on_where_the_first_stopped_days_ago(account: Account) -> None:
    begun = begin(account.phone())
    account.phone().send_parts(begun.file_id, FILM, [1])
    account.clock.wind(days=3)

    other = account.phone()
    again = begin(other)

    assert (again.outcome, again.file_id) == ("multipart", begun.file_id)
    assert [have.part for have in other.links(again.file_id).have] == [1]


@pytest.mark.parametrize(("size", "pages"), [(1_000 * 16 * MIB, 1), (1_001 * 16 * MIB, 2), (160_000 * MIB, 10)])
def test_all_parts_are_told_however_many(account: Account, size: int, pages: int) -> None:
    phone = account.phone()
    begun = begin(phone, size)
    phone.links(begun.file_id, (1, part_hash(1)))
    (upload,) = account.s3.uploads.values()
    fill(account, upload, begun.part_count)

    with account.counting() as counted:
        standing = phone.links(begun.file_id)

    assert [have.part for have in standing.have] == list(range(1, begun.part_count + 1))
    assert counted == ["GetItem"] + ["ListParts"] * pages
    with account.counting() as counted:
        phone.complete(begun.file_id)
    assert counted == ["GetItem"] + ["ListParts"] * pages + ["CompleteMultipartUpload"]


def fill(account: Account, upload: Any, count: int) -> None:
    from tests.multipart_s3 import Stored

    upload.parts = {
        n: Stored(n, 16 * MIB, b64(f"part {n}".encode()), f'"{n}"', account.clock()) for n in range(1, count + 1)
    }


def test_a_client_without_hashes_of_parts_is_served_too(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)

    for link in phone.links(begun.file_id, 1, 2, 3).links:
        assert set(link.headers) == {"Content-Length"}
        assert account.s3.put_part(link, int(link.headers["Content-Length"]), None) == 200
    standing = phone.links(begun.file_id, 1, (2, part_hash(2)))
    phone.complete(begun.file_id)
    account.hear(begun.key)

    assert [link.part for link in standing.links] == [2]
    assert [have.sha256 for have in standing.have] == [None] * 3
    assert phone.see(begun.file_id).status == "uploaded"


def test_an_upload_begun_with_hashes_goes_on_with_hashes(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.links(begun.file_id, (1, part_hash(1)))

    with pytest.raises(BadInputError, match="sha256 must be given with part 2"):
        phone.links(begun.file_id, 2)


def test_a_file_of_one_put_gets_a_fresh_link(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(b"photo")
    account.clock.wind(minutes=20)

    with account.counting() as counted:
        standing = phone.links(begun.file_id)

    assert (standing.status, standing.have, standing.links) == ("pending", None, None)
    assert standing.link.headers == begun.link.headers
    assert counted == ["GetItem"]


@pytest.mark.parametrize("status", ["uploaded", "downloaded", "refused"])
def test_a_file_that_is_no_longer_awaited_says_so_and_nothing_else(account: Account, status: str) -> None:
    phone, pc = account.phone(), account.pc()
    if status == "refused":
        begun = phone.send(b"photo", size=6)
        account.hear(begun.key)
        file_id = begun.file_id
    else:
        file_id = phone.bring_large(FILM)
    if status == "downloaded":
        pc.receipt(*pc.owed())

    assert phone.links(file_id, (1, part_hash(1))) == under_way.Standing(files.Status(status))
    assert phone.complete(file_id) == status


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ([{"part": 0}], "parts[0].part"),
        ([{"part": -1}], "parts[0].part"),
        ([{"part": 4}], "parts[0].part"),
        ([{"part": 10_001}], "parts[0].part"),
        ([{"part": 1}, {"part": 1}], "parts[1].part"),
        ([{"part": "1"}], "parts[0].part"),
        ([{"part": True}], "parts[0].part"),
        ([{"part": 1.5}], "parts[0].part"),
        ([{}], "parts[0].part"),
        ([{"part": 1, "sha256": "AB" * 32}], "parts[0].sha256"),
        ([{"part": 1, "sha256": "ab" * 31}], "parts[0].sha256"),
        ([{"part": 1, "sha256": b64(b"x")}], "parts[0].sha256"),
        ([{"part": 1}] * 51, "parts"),
        ({}, "parts"),
        (None, "parts"),
    ],
)
def test_a_bad_wish_is_refused_with_its_field(account: Account, asked: Any, field: str) -> None:
    phone = account.phone()
    begun = begin(phone)

    def ask() -> None:
        wish = bodies.parse(json.dumps({"parts": asked}).encode(), under_way.AskedParts)
        under_way.links(account.world, phone.caller, begun.file_id, wish)

    with pytest.raises(BadInputError) as refusal:
        ask()

    assert refusal.value.details == {"field": field}
    assert account.s3.uploads == {}


@given(st.lists(st.dictionaries(st.sampled_from(["part", "sha256", "x"]), JSON), max_size=3) | JSON)
def test_no_wish_at_all_breaks_the_parser(asked: Any) -> None:
    with suppress(BadInputError):
        bodies.parse(msgspec.json.encode({"parts": asked}), under_way.AskedParts)


def test_an_upload_id_of_the_clients_own_is_not_read(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    mine = account.s3.create_multipart_upload(Bucket="x", Key=begun.key, ContentType="a/b")["UploadId"]
    raw = {"uploadId": mine, "key": "originals/x", "parts": [{"part": 1, "sha256": part_hash(1), "uploadId": mine}]}

    wish = bodies.parse(json.dumps(raw).encode(), under_way.AskedParts)
    standing = under_way.links(account.world, phone.caller, begun.file_id, wish)

    assert query(standing.links[0])["uploadId"] not in ("", mine)


@pytest.mark.parametrize("deed", [under_way.complete, lambda *asked: under_way.links(*asked, under_way.AskedParts())])
@pytest.mark.parametrize("file_id", ["0" * 32, "", "../x", "A" * 32, "0" * 3000])
def test_what_is_not_there_is_404(account: Account, deed: Any, file_id: str) -> None:
    with pytest.raises(NotFoundError):
        deed(account.world, account.phone().caller, file_id)


def test_a_strangers_upload_is_404_and_stays_as_it_is(account: Account) -> None:
    phone, stranger = account.phone(), account.phone(STRANGER)
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)

    for deed in (stranger.links, stranger.complete, lambda told: uploads.abort(account.world, stranger.caller, told)):
        with pytest.raises(NotFoundError):
            deed(begun.file_id)

    assert len(phone.links(begun.file_id).have) == 3


def test_a_pcs_key_gets_no_links(account: Account) -> None:
    caller = Caller(OWNER, "a" * 32, frozenset({"pc"}))

    with pytest.raises(NotAllowedError):
        under_way.links(account.world, caller, "0" * 32, under_way.AskedParts())
    with pytest.raises(NotAllowedError):
        under_way.complete(account.world, caller, "0" * 32)


# Two at once


def once(deed: Any, at: str) -> Any:
    """Make a hook that does something in the middle of the first call of a kind."""
    done: list[None] = []

    def hook(operation: str) -> None:
        if operation == at and not done:
            done.append(None)
            deed()

    return hook


def test_of_two_who_begin_at_once_the_loser_throws_his_upload_away(account: Account) -> None:
    phone, rival = account.phone(), account.phone()
    begun = begin(phone)
    won: list[Any] = []
    account.s3.before = once(
        lambda: won.extend(rival.links(begun.file_id, (1, part_hash(1))).links), "CreateMultipartUpload"
    )

    (lost,) = phone.links(begun.file_id, (2, part_hash(2))).links

    assert query(lost)["uploadId"] == query(won[0])["uploadId"]
    assert list(account.s3.uploads) == [upload_id(account, begun.file_id)]


def test_called_off_while_links_are_made_nothing_is_left_in_the_bucket(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    call_off = once(lambda: uploads.abort(account.world, phone.caller, begun.file_id), "CreateMultipartUpload")
    account.s3.before = call_off

    with pytest.raises(NotFoundError):
        phone.links(begun.file_id, (1, part_hash(1)))

    assert account.s3.uploads == {}


def test_links_made_while_it_is_called_off_leave_nothing_in_the_bucket(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    make_links = once(lambda: phone.links(begun.file_id, (1, part_hash(1))), "TransactWriteItems")
    account.dynamodb.meta.events.register("before-call", lambda model, **_: make_links(model.name))

    with pytest.raises(CrowdedError):
        uploads.abort(account.world, phone.caller, begun.file_id)
    uploads.abort(account.world, phone.caller, begun.file_id)

    assert account.s3.uploads == {}
    assert account.usage() == {}


def test_two_who_put_together_at_once_both_hear_that_it_is_done(account: Account) -> None:
    phone, rival = account.phone(), account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)
    heard: list[str] = []
    account.s3.before = once(lambda: heard.append(rival.complete(begun.file_id)), "CompleteMultipartUpload")

    heard.append(phone.complete(begun.file_id))

    assert heard == ["pending", "pending"]
    assert len(account.s3.objects) == 1


# Putting together


def test_parts_that_lack_are_named(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)

    with pytest.raises(PartsMissingError) as refusal:
        phone.complete(begun.file_id)
    assert refusal.value.details == {"missing": [1, 2, 3]}

    phone.send_parts(begun.file_id, FILM, [1, 3])
    with pytest.raises(PartsMissingError) as refusal:
        phone.complete(begun.file_id)
    assert refusal.value.details == {"missing": [2]}
    assert account.s3.objects == {}


def test_of_ten_thousand_that_lack_a_thousand_are_named(account: Account) -> None:
    begun = begin(account.phone(), 160_000 * MIB)

    with pytest.raises(PartsMissingError, match="10000 parts lack") as refusal:
        account.phone().complete(begun.file_id)

    assert refusal.value.details == {"missing": list(range(1, 1001))}


def test_a_part_of_another_size_counts_as_missing(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)
    (upload,) = account.s3.uploads.values()
    upload.parts[2].size -= 1

    with pytest.raises(PartsMissingError) as refusal:
        phone.complete(begun.file_id)

    assert refusal.value.details == {"missing": [2]}
    assert [have.part for have in phone.links(begun.file_id).have] == [1, 3]


def test_putting_together_again_changes_nothing(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)

    assert phone.complete(begun.file_id) == "pending"
    assert phone.complete(begun.file_id) == "pending"
    account.hear(begun.key)
    assert phone.complete(begun.file_id) == "uploaded"
    pc.receipt(*pc.owed())

    assert phone.complete(begun.file_id) == "downloaded"
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": FILM}


def test_after_a_lost_answer_the_repeat_hears_how_it_stands(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)

    def dies(operation: str) -> None:
        if operation == "CompleteMultipartUpload":
            raise TimeoutError(operation)

    account.s3.after = dies
    with pytest.raises(TimeoutError):
        phone.complete(begun.file_id)

    assert phone.complete(begun.file_id) == "pending"
    standing = phone.links(begun.file_id, (1, part_hash(1)))
    assert (standing.status, [have.part for have in standing.have], standing.links) == ("pending", [1, 2, 3], [])


def test_a_lost_event_of_a_large_file_is_repaired(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)
    phone.complete(begun.file_id)

    account.clock.wind(minutes=31)
    sweeps.sweep_pending(account.world)

    assert phone.see(begun.file_id).status == "uploaded"
    assert len(pc.owed()) == 1


def test_a_part_sent_again_in_between_is_looked_at_again(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM)
    (link,) = phone.links(begun.file_id, (1, part_hash(9))).links
    account.s3.before = once(lambda: account.s3.put_part(link, 16 * MIB, part_hash(9)), "CompleteMultipartUpload")

    with pytest.raises(CrowdedError):
        phone.complete(begun.file_id)

    assert phone.complete(begun.file_id) == "pending"


def test_parts_that_s3_threw_away_are_sent_anew(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM, [1, 2])
    account.s3.uploads.clear()

    with pytest.raises(PartsMissingError):
        phone.complete(begun.file_id)
    assert phone.links(begun.file_id).have == []
    phone.send_parts(begun.file_id, FILM)

    assert phone.complete(begun.file_id) == "pending"


# Giving up


def test_calling_off_throws_the_parts_away(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM, [1])

    with account.counting() as counted:
        uploads.abort(account.world, phone.caller, begun.file_id)
    assert counted == ["BatchGetItem", "TransactWriteItems", "DeleteItem", "AbortMultipartUpload"]
    uploads.abort(account.world, phone.caller, begun.file_id)

    assert account.s3.uploads == {}
    assert account.usage() == {}


def sweep(account: Account, **later: float) -> None:
    account.clock.wind(**later)
    sweeps.sweep_pending(account.world)


def is_pending(phone: Phone, file_id: str) -> bool:
    try:
        return phone.see(file_id).status == "pending"
    except NotFoundError:
        return False


def test_an_upload_without_a_part_is_given_up_after_a_day(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.links(begun.file_id, (1, part_hash(1)))

    sweep(account, hours=23)
    assert is_pending(phone, begun.file_id)
    sweep(account, hours=2)

    assert not is_pending(phone, begun.file_id)
    assert account.s3.uploads == {}
    assert account.usage() == {}


def test_an_upload_in_progress_is_given_up_a_week_after_its_last_part(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM, [2])
    account.clock.wind(hours=20)
    phone.send_parts(begun.file_id, FILM, [1])

    for _ in range(7 * 24):
        sweep(account, hours=1)
    assert not is_pending(phone, begun.file_id)
    assert account.s3.uploads == {}
    assert account.usage() == {}


def test_an_upload_in_progress_is_waited_for(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM, [1])

    for _ in range(7 * 24 - 1):
        sweep(account, hours=1)
    assert is_pending(phone, begun.file_id)
    phone.send_parts(begun.file_id, FILM, [2])
    sweep(account, hours=30)

    assert is_pending(phone, begun.file_id)


def test_one_in_progress_is_looked_at_ever_more_rarely(account: Account) -> None:
    phone = account.phone()
    begun = begin(phone)
    phone.send_parts(begun.file_id, FILM, [1])

    with account.counting() as counted:
        for _ in range(6 * 24):
            sweep(account, hours=1)

    assert counted.count("ListParts") <= 4
