"""The same answer for an address somebody registered and one nobody did, wherever a difference would tell."""

from dataclasses import replace
from typing import Any

import pytest
import yaml

from chalicelib import limits
from chalicelib.auth import accounts, me, mfa, user_pool
from chalicelib.auth.accounts import Address, Challenge, ChangePassword, Confirm, Login, Refresh, Register, Reset
from chalicelib.auth.user_pool import (
    BusyError,
    NewPasswordNeededError,
    SessionEndedError,
    UserPoolError,
    WeakPasswordError,
    WrongCodeError,
    WrongCredentialsError,
    WrongPasswordError,
)
from chalicelib.bodies import convert, parse
from chalicelib.errors import BadInputError, NotAllowedError, Refusal
from chalicelib.limits import TooManyRequestsError
from chalicelib.metadata import owners
from tests.access import a_device, a_person, a_world
from tests.pool import APP_CODE, CODE, Member, Pool

HERE = "203.0.113.7"
KNOWN, WAITING, UNKNOWN = "anna@example.com", "waiting@example.com", "nobody@example.com"
PASSWORD = "Correct-horse-1"
SUB = "0a0a0a0a-1111-4111-8111-00000000000a"


@pytest.fixture
def pool() -> Pool:
    return Pool({KNOWN: Member(SUB, PASSWORD, confirmed=True), WAITING: Member(SUB[:-1] + "b", PASSWORD)})


@pytest.fixture
def world(pool: Pool) -> Any:
    with a_world(user_pool=pool) as world:
        yield world


def outcome(deed: Any) -> Any:
    """What a caller sees of a deed: its answer or its refusal."""
    try:
        return deed()
    except Refusal as refusal:
        return type(refusal), refusal.message, refusal.details


@pytest.mark.parametrize(
    ("name", "deed"),
    [
        ("register", lambda world, email: accounts.register(world, Register(email, PASSWORD), HERE)),
        ("register weakly", lambda world, email: accounts.register(world, Register(email, "weak"), HERE)),
        ("confirm wrongly", lambda world, email: accounts.confirm(world, Confirm(email, "000000"), HERE)),
        ("resend", lambda world, email: accounts.resend(world, Address(email), HERE)),
        ("forgot", lambda world, email: accounts.forgot(world, Address(email), HERE)),
        ("reset wrongly", lambda world, email: accounts.reset(world, Reset(email, "000000", PASSWORD), HERE)),
        ("reset weakly", lambda world, email: accounts.reset(world, Reset(email, "000000", "weak"), HERE)),
        ("login wrongly", lambda world, email: accounts.login(world, Login(email, "Wrong-horse-12"), HERE)),
        ("login with nothing", lambda world, email: accounts.login(world, Login(email, ""), HERE)),
    ],
)
def test_no_answer_tells_whether_an_address_is_known(world: Any, name: str, deed: Any) -> None:
    seen = [outcome(lambda email=email: deed(world, email)) for email in (KNOWN, WAITING, UNKNOWN)]

    assert seen[0] == seen[1] == seen[2], name


@pytest.mark.parametrize("code", ["TooManyFailedAttemptsException", "LimitExceededException"])
def test_limits_that_only_known_addresses_meet_look_like_a_wrong_code(world: Any, pool: Pool, code: str) -> None:
    pool.refusing = code

    with pytest.raises(WrongCodeError):
        accounts.confirm(world, Confirm(KNOWN, "000000"), HERE)


def test_mail_that_the_pool_refuses_to_send_again_looks_sent(world: Any, pool: Pool) -> None:
    pool.refusing = "LimitExceededException"

    assert accounts.forgot(world, Address(KNOWN), HERE) is None


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
@pytest.mark.parametrize("password", [PASSWORD, "weak"])
def test_where_nobody_new_is_taken_the_pool_is_not_asked(world: Any, pool: Pool, email: str, password: str) -> None:
    world.settings = replace(world.settings, sign_up="closed")

    with pytest.raises(user_pool.SignUpClosedError, match="nobody new"):
        accounts.register(world, Register(email, password), HERE)
    assert pool.calls == []


def test_a_pool_that_closed_before_we_heard_of_it_is_no_error_of_ours(world: Any, pool: Pool) -> None:
    pool.refusing = "NotAuthorizedException"

    with pytest.raises(user_pool.SignUpClosedError):
        accounts.register(world, Register(UNKNOWN, PASSWORD), HERE)


def test_an_account_is_made_confirmed_and_signed_in_to(world: Any) -> None:
    accounts.register(world, Register(UNKNOWN, PASSWORD), HERE)
    accounts.confirm(world, Confirm(UNKNOWN, CODE), HERE)

    signed_in = accounts.login(world, Login(UNKNOWN, PASSWORD), HERE)

    assert (signed_in.expires_in, signed_in.refresh_token) == (3600, "refresh-0")


def test_the_first_sign_in_makes_the_owner_known(world: Any) -> None:
    accounts.login(world, Login(KNOWN, PASSWORD), HERE)

    assert [owner.owner_id for owner in owners.page(world.table, limit=5, after=None)[0]] == [SUB]


def test_a_later_sign_in_leaves_the_profile_alone(world: Any) -> None:
    a_device(world, owner_id=SUB)

    accounts.login(world, Login(KNOWN, PASSWORD), HERE)

    assert len(world.table.find(owners.profile(SUB))["pcs"]) == 1


def test_a_password_that_must_be_replaced_says_so_only_to_who_knows_it(world: Any, pool: Pool) -> None:
    pool.members[KNOWN].must_reset = True

    with pytest.raises(NewPasswordNeededError):
        accounts.login(world, Login(KNOWN, PASSWORD), HERE)
    with pytest.raises(WrongCredentialsError):
        accounts.login(world, Login(KNOWN, "Wrong-horse-12"), HERE)


@pytest.mark.parametrize(
    ("password", "fits"),
    [
        ("Correct-horse-1", True),
        ("abcdefghijK1", True),
        ("abcdefghiK1", False),
        ("ABCDEFGHIJK1", False),
        ("abcdefghijk1", False),
        ("abcdefghijKL", False),
        ("abcdef hijK1", False),
        ("äbcdefghijÖ1", False),
        ("", False),
    ],
)
def test_the_password_rule(password: str, fits: bool) -> None:
    refused = outcome(lambda: user_pool.check_password(password))

    assert (refused is None) is fits


def test_the_rule_is_told_in_the_refusal() -> None:
    with pytest.raises(
        WeakPasswordError, match="at least 12 characters with a lower-case letter, a capital and a digit"
    ):
        user_pool.check_password("weak")


def test_the_rule_is_the_pools() -> None:
    class Loader(yaml.SafeLoader):
        """Reads the template; its functions do not matter here."""

    Loader.add_multi_constructor("!", lambda *_: None)
    with open("infra/template.yaml", encoding="utf-8") as template:  # noqa: PTH123 (relative on purpose: pytest's root)
        told = yaml.load(template, Loader)["Resources"]["UserPool"]["Properties"]["Policies"]["PasswordPolicy"]  # noqa: S506

    told.pop("TemporaryPasswordValidityDays")
    assert told == {
        "MinimumLength": 12,
        "RequireLowercase": True,
        "RequireUppercase": True,
        "RequireNumbers": True,
        "RequireSymbols": False,
    }


def test_a_refresh_token_is_rotated(world: Any) -> None:
    first = accounts.login(world, Login(KNOWN, PASSWORD), HERE)

    second = accounts.refresh(world, Refresh(first.refresh_token))

    assert second.refresh_token != first.refresh_token


def test_a_rotated_refresh_token_is_dead(world: Any) -> None:
    first = accounts.login(world, Login(KNOWN, PASSWORD), HERE)
    accounts.refresh(world, Refresh(first.refresh_token))

    with pytest.raises(SessionEndedError):
        accounts.refresh(world, Refresh(first.refresh_token))


def test_a_signed_out_session_cannot_be_continued(world: Any) -> None:
    signed_in = accounts.login(world, Login(KNOWN, PASSWORD), HERE)
    accounts.logout(world, Refresh(signed_in.refresh_token))

    with pytest.raises(SessionEndedError):
        accounts.refresh(world, Refresh(signed_in.refresh_token))


def test_signing_out_twice_or_of_nothing_does_no_harm(world: Any) -> None:
    signed_in = accounts.login(world, Login(KNOWN, PASSWORD), HERE)

    for token in (signed_in.refresh_token, signed_in.refresh_token, "none-of-ours"):
        accounts.logout(world, Refresh(token))


def test_a_forgotten_password_is_replaced_with_the_mailed_code(world: Any) -> None:
    accounts.forgot(world, Address(KNOWN), HERE)
    accounts.reset(world, Reset(KNOWN, CODE, "Another-horse-2"), HERE)

    assert accounts.login(world, Login(KNOWN, "Another-horse-2"), HERE).access_token


def test_a_password_is_changed_by_who_knows_it(world: Any, pool: Pool) -> None:
    accounts.change_password(world, a_person(SUB), KNOWN, ChangePassword(PASSWORD, "Another-horse-2"))

    assert pool.members[KNOWN].password == "Another-horse-2"


def test_a_password_is_not_changed_by_who_does_not_know_it(world: Any) -> None:
    with pytest.raises(WrongPasswordError):
        accounts.change_password(world, a_person(SUB), KNOWN, ChangePassword("Wrong-horse-12", "Another-horse-2"))


def test_a_device_cannot_change_a_password(world: Any) -> None:
    phone, _ = a_device(world, "phone")

    with pytest.raises(NotAllowedError):
        accounts.change_password(world, phone, KNOWN, ChangePassword(PASSWORD, "Another-horse-2"))


@pytest.mark.parametrize("on", [True, False])
def test_a_person_who_asks_is_told_whether_sign_in_asks_for_an_app(world: Any, pool: Pool, *, on: bool) -> None:
    pool.members[KNOWN].mfa = on

    assert me.show_with(world, a_person(SUB), KNOWN, convert({"with": "mfa"}, me.AskedMe)).mfa is on


def test_nobody_pays_for_what_was_not_asked(world: Any, pool: Pool) -> None:
    pool.calls.clear()

    assert me.show_with(world, a_person(SUB), KNOWN, me.AskedMe()).mfa is None
    assert pool.calls == []


def test_a_device_is_not_told_how_its_owner_signs_in(world: Any, pool: Pool) -> None:
    phone, _ = a_device(world, "phone", owner_id=SUB)
    pool.calls.clear()

    assert me.show_with(world, phone, "key", me.AskedMe("mfa")).mfa is None
    assert pool.calls == []


def test_who_signed_out_elsewhere_is_told_nothing(world: Any) -> None:
    with pytest.raises(SessionEndedError):
        me.show_with(world, a_person(SUB), "nobody", me.AskedMe("mfa"))


def with_app(world: Any) -> None:
    mfa.set_up(world, a_person(SUB), KNOWN)
    mfa.verify(world, a_person(SUB), KNOWN, mfa.Verify(APP_CODE))


def test_an_authenticator_app_is_asked_for_once_it_was_verified(world: Any) -> None:
    with_app(world)

    challenged = accounts.login(world, Login(KNOWN, PASSWORD), HERE)

    assert challenged.challenge == "SOFTWARE_TOKEN_MFA"


def test_a_secret_not_yet_verified_changes_nothing(world: Any) -> None:
    mfa.set_up(world, a_person(SUB), KNOWN)

    assert accounts.login(world, Login(KNOWN, PASSWORD), HERE).access_token


def test_the_right_code_of_the_app_signs_in(world: Any) -> None:
    with_app(world)
    session = accounts.login(world, Login(KNOWN, PASSWORD), HERE).session

    assert accounts.answer_challenge(world, Challenge(session, APP_CODE), HERE).access_token


def test_a_wrong_code_of_the_app_does_not(world: Any) -> None:
    with_app(world)
    session = accounts.login(world, Login(KNOWN, PASSWORD), HERE).session

    with pytest.raises(WrongCodeError):
        accounts.answer_challenge(world, Challenge(session, "000000"), HERE)


@pytest.mark.parametrize(
    "session", ["x" * 40, f"{KNOWN}|{'x' * 40}", f"{UNKNOWN}|{'s' * 40}", f"{KNOWN}|short", "|" * 40]
)
def test_a_session_the_pool_did_not_give_is_over(world: Any, session: str) -> None:
    with_app(world)

    with pytest.raises(SessionEndedError):
        accounts.answer_challenge(world, Challenge(session, APP_CODE), HERE)


def test_guesses_at_the_apps_code_are_counted(world: Any) -> None:
    with_app(world)
    session = accounts.login(world, Login(KNOWN, PASSWORD), HERE).session
    for _ in range(limits.CODE_BY_EMAIL.most):
        outcome(lambda: accounts.answer_challenge(world, Challenge(session, "000000"), HERE))

    with pytest.raises(TooManyRequestsError):
        accounts.answer_challenge(world, Challenge(session, APP_CODE), "198.51.100.1")


def test_the_app_is_turned_off_with_the_password(world: Any) -> None:
    with_app(world)

    mfa.turn_off(world, a_person(SUB), KNOWN, mfa.TurnOff(PASSWORD))

    assert accounts.login(world, Login(KNOWN, PASSWORD), HERE).access_token


def test_the_app_is_not_turned_off_without_it(world: Any) -> None:
    with_app(world)

    with pytest.raises(WrongPasswordError):
        mfa.turn_off(world, a_person(SUB), KNOWN, mfa.TurnOff("Wrong-horse-12"))


def test_the_apps_link_can_be_read_by_apps(world: Any) -> None:
    secret = mfa.set_up(world, a_person(SUB), KNOWN)

    assert secret.uri == "otpauth://totp/Backhaul%20%28test%29?secret=JBSWY3DPEHPK3PXP&issuer=Backhaul"


def test_a_proven_password_leaves_no_session_behind(world: Any, pool: Pool) -> None:
    accounts.prove_password(world, SUB, PASSWORD)

    assert pool.dead == set(pool.rotated)


@pytest.mark.parametrize("code", ["TooManyRequestsException", "InternalErrorException"])
def test_trouble_of_the_pool_asks_to_come_again(world: Any, pool: Pool, code: str) -> None:
    pool.refusing = code

    with pytest.raises(BusyError) as refused:
        accounts.login(world, Login(KNOWN, PASSWORD), HERE)

    assert refused.value.headers() == {"Retry-After": "60"}


def test_what_nobody_foresaw_is_named_without_what_was_asked(world: Any, pool: Pool) -> None:
    pool.refusing = "SomethingNewException"

    with pytest.raises(
        UserPoolError, match=r"^the user pool answered SomethingNewException to initiate_auth$"
    ) as trouble:
        accounts.login(world, Login(KNOWN, PASSWORD), HERE)

    assert trouble.value.__suppress_context__


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "a@b",
        "@b.cc",
        "a@",
        "a b@c.dd",
        "a@b c.dd",
        "a@b.cc ",
        "a@@b.cc",
        "<a@b.cc>",
        "a|b@c.dd",
        "é" * 140,
        "a@b.cc\n",
    ],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(BadInputError, match=r"^email must be"):
        parse(f'{{"email": {email!r}}}'.replace("'", '"').encode(), Address)


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666", "123456\\n"]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(BadInputError, match=r"^code must be"):
        parse(f'{{"email": "a@b.cc", "code": "{code}"}}'.encode(), Confirm)


def test_a_refused_body_is_not_quoted() -> None:
    with pytest.raises(BadInputError) as refused:
        parse(b'{"email": "a@b.cc", "password": ["hunter2"]}', Login)

    assert "hunter2" not in str(refused.value)
