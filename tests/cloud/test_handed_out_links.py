"""Links to look at files: who gets one, what it is pinned to, and what is said instead where there is none."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.auth.callers import Caller
from chalicelib.errors import NotAllowedError, NotFoundError
from chalicelib.library import links
from chalicelib.library.links import AskedLink, AskedLinks, AskedVariant
from chalicelib.media import previews
from chalicelib.metadata import files, media
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Update
from tests.builders import OWNER, STRANGER, Account, key_of

READER = Caller(OWNER, None, frozenset({"read"}))
ID = "a" * 32


def told(link: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link.url).query).items()}


def found(account: Account, file_id: str) -> File:
    file = files.find(account.world.table, OWNER, file_id)
    assert file
    return file


def look_into(account: Account, file_id: str, *names: str) -> None:
    """Write down that a file has these previews."""
    facts = {"previews": frozenset(names), "mediaState": "done"}
    account.world.table.put(media.found(found(account, file_id), facts))


def let_go(account: Account, file_id: str) -> None:
    """Let the cloud copy of a file be gone."""
    gone = "SET #taggedAt = :now, #goneAt = :now"
    account.world.table.put(Update(files.file_key(OWNER, file_id), gone, values={"now": account.world.now_text()}))


def test_a_link_names_the_version_the_type_and_the_name(account: Account) -> None:
    file_id = account.phone().bring(b"photo", name="Ferien ä.jpg")

    link = links.get(account.world, READER, file_id, AskedVariant())

    file = found(account, file_id)
    assert (key_of(link.url), told(link)["versionId"]) == (file.key, file.version_id)
    assert told(link)["response-content-type"] == "image/jpeg"
    assert told(link)["response-content-disposition"].startswith("inline;")
    assert told(link)["response-content-disposition"].endswith("Ferien%20%C3%A4.jpg")


def test_what_is_to_be_saved_is_linked_as_an_attachment(account: Account) -> None:
    file_id = account.phone().bring(b"photo")

    one = links.get(account.world, READER, file_id, AskedVariant(download=True))
    many = links.get_all(account.world, READER, AskedLinks([AskedLink(file_id)], download=True))

    for link in (one, many.files[0].link):
        assert told(link)["response-content-disposition"].startswith("attachment;")


def test_a_preview_is_linked_to_where_it_was_put(account: Account) -> None:
    file_id = account.phone().bring(b"photo", name="a.heic")
    look_into(account, file_id, "256", "1600")

    link = links.get(account.world, READER, file_id, AskedVariant("1600"))

    assert key_of(link.url) == previews.key(OWNER, file_id, "1600")
    assert told(link)["response-content-type"] == "image/webp"
    assert 'filename="a-1600.webp"' in told(link)["response-content-disposition"]
    assert "versionId" not in told(link)


def test_a_preview_that_was_not_made_is_told_of(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    look_into(account, file_id, "256")

    with pytest.raises(links.NoPreviewError, match=r"has no preview '1600', it has \['256'\]") as refusal:
        links.get(account.world, READER, file_id, AskedVariant("1600"))
    assert refusal.value.details == {"previews": ["256"]}


def test_a_file_that_has_not_arrived_has_no_link(account: Account) -> None:
    (begun,) = account.phone().begin(b"photo")

    with pytest.raises(links.NothingToShowError, match="it is pending"):
        links.get(account.world, READER, begun.file_id, AskedVariant())


def test_a_file_without_a_cloud_copy_is_told_of_by_its_homes(account: Account) -> None:
    pc = account.pc()
    file_id = account.phone().bring(b"photo")
    pc.receipt(*pc.owed())
    let_go(account, file_id)

    with pytest.raises(links.OnlyAtHomeError, match="it is at home on 'den'") as refusal:
        links.get(account.world, READER, file_id, AskedVariant())

    assert refusal.value.details == {"homes": [{"deviceId": pc.device_id, "name": "den"}]}


def test_a_file_without_a_cloud_copy_still_has_its_previews(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    look_into(account, file_id, "256")
    let_go(account, file_id)

    assert links.get(account.world, READER, file_id, AskedVariant("256")).method == "GET"


@pytest.mark.parametrize("file_id", ["0" * 32, "x", "", "%2e%2e", "profile", "0" * 3000])
def test_a_file_that_is_not_there_is_404(account: Account, file_id: str) -> None:
    with pytest.raises(NotFoundError):
        links.get(account.world, READER, file_id, AskedVariant())


def test_a_strangers_file_is_404_and_unknown_among_many(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    stranger = Caller(STRANGER, None, frozenset({"read"}))

    with pytest.raises(NotFoundError):
        links.get(account.world, stranger, file_id, AskedVariant())
    (answer,) = links.get_all(account.world, stranger, AskedLinks([AskedLink(file_id)])).files
    assert (answer.outcome, answer.reason, answer.link, answer.status) == ("refused", "unknownFile", None, None)


@pytest.mark.parametrize("held", [frozenset({"upload"}), frozenset({"pc"}), frozenset[str]()])
def test_who_may_not_read_gets_no_link(account: Account, held: frozenset[str]) -> None:
    caller = Caller(OWNER, "d" * 32, held)

    with pytest.raises(NotAllowedError):
        links.get(account.world, caller, "0" * 32, AskedVariant())
    with pytest.raises(NotAllowedError):
        links.get_all(account.world, caller, AskedLinks([AskedLink("0" * 32)]))


def test_many_are_answered_each_in_the_order_asked(account: Account) -> None:
    phone = account.phone()
    one, other = phone.bring(b"1"), phone.begin(b"2")[0].file_id
    asked = [AskedLink("0" * 32), AskedLink(other), AskedLink(one), AskedLink(one, "256"), AskedLink(one)]

    answers = links.get_all(account.world, READER, AskedLinks(asked)).files

    assert [(answer.file_id, answer.reason) for answer in answers] == [
        ("0" * 32, "unknownFile"),
        (other, "notHere"),
        (one, None),
        (one, "noPreview"),
        (one, None),
    ]


def test_a_hundred_links_cost_one_call(account: Account) -> None:
    ids = account.stock(100)

    with account.counting() as counted:
        answers = links.get_all(account.world, READER, AskedLinks([AskedLink(one) for one in ids])).files

    assert (counted, {answer.outcome for answer in answers}) == (["BatchGetItem"], {"link"})


def test_to_tell_where_files_are_costs_one_call_more(account: Account) -> None:
    pc = account.pc()
    ids = account.stock(3, pc)
    pc.receipt(*pc.owed())
    for file_id in ids:
        let_go(account, file_id)

    with account.counting() as counted:
        answers = links.get_all(account.world, READER, AskedLinks([AskedLink(one) for one in ids])).files

    assert counted == ["BatchGetItem"] * 2
    assert [answer.homes for answer in answers] == [[links.Home(pc.device_id, "den")]] * 3


def a_file(status: Status, **more: Any) -> File:
    return File(owner_id=OWNER, file_id=ID, name="a", type="image/jpeg", status=status, key="k", created_at="t", **more)


@pytest.mark.parametrize(
    ("file", "variant", "reason"),
    [
        (None, "original", "unknownFile"),
        (None, "256", "unknownFile"),
        (a_file(Status.PENDING), "original", "notHere"),
        (a_file(Status.REFUSED), "original", "notHere"),
        (a_file(Status.UPLOADED), "original", None),
        (a_file(Status.DOWNLOADED), "original", None),
        (a_file(Status.TRASHED), "original", None),
        (a_file(Status.DOWNLOADED, tagged_at="t"), "original", None),
        (a_file(Status.DOWNLOADED, tagged_at="t", gone_at="t"), "original", "onlyAtHome"),
        (a_file(Status.TRASHED, tagged_at="t", gone_at="t"), "original", "onlyAtHome"),
        (a_file(Status.LOST, tagged_at="t", gone_at="t"), "original", "onlyAtHome"),
        (a_file(Status.PURGING), "original", "onlyAtHome"),
        (a_file(Status.UPLOADED), "256", "noPreview"),
        (a_file(Status.UPLOADED, previews=frozenset({"256"})), "256", None),
        (a_file(Status.UPLOADED, previews=frozenset({"256"})), "1600", "noPreview"),
        (a_file(Status.DOWNLOADED, previews=frozenset({"256"}), tagged_at="t", gone_at="t"), "256", None),
        (a_file(Status.PURGING, previews=frozenset({"256"})), "256", "noPreview"),
    ],
)
def test_whether_there_is_a_link(file: File | None, variant: links.Variant, reason: str | None) -> None:
    assert links.judge(file, variant) == reason
