"""Accounts on the user pool: register, confirm, sign in, stay signed in, and get back in.

Nothing here answers differently for an address somebody registered and one nobody did; where the pool would, its
answer is replaced by the one for the other case.
"""

from typing import Annotated, Any

from msgspec import Meta

from chalicelib import limits
from chalicelib.auth import scopes, tokens, user_pool
from chalicelib.auth.callers import Caller
from chalicelib.auth.user_pool import (
    NewPasswordNeededError,
    SessionEndedError,
    WrongCodeError,
    WrongCredentialsError,
    WrongPasswordError,
)
from chalicelib.bodies import Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import BadInputError, Refusal
from chalicelib.metadata import ledger, owners

# Blanks are spelt out: what `\s` means differs between Python and the JSON Schema that clients are made of.
_LETTER = r"[^@\x00-\x20\x7f-\xa0<>|]"
Email = Annotated[str, Meta(max_length=128, pattern=rf"^{_LETTER}{{1,64}}@{_LETTER}+\.{_LETTER}+\Z")]
Password = Annotated[str, Meta(min_length=1, max_length=256)]
Code = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]
PoolToken = Annotated[str, Meta(max_length=8192, pattern=r"^[A-Za-z0-9_=.-]+\Z")]


class Register(Request, frozen=True):
    """Who wants an account."""

    email: Email
    password: Password


class Confirm(Request, frozen=True):
    """The code that was mailed."""

    email: Email
    code: Code


class Address(Request, frozen=True):
    """Whom to mail a code."""

    email: Email


class Login(Request, frozen=True):
    """Who signs in."""

    email: Email
    password: Annotated[str, Meta(max_length=256)]


class Challenge(Request, frozen=True):
    """What the authenticator app shows, for a sign-in under way."""

    session: Annotated[str, Meta(min_length=20, max_length=2300)]
    code: Code


class Refresh(Request, frozen=True):
    """The token that keeps somebody signed in."""

    refresh_token: PoolToken


class Reset(Request, frozen=True):
    """A new password, with the code that was mailed."""

    email: Email
    code: Code
    password: Password


class ChangePassword(Request, frozen=True):
    """The password as it is and as it shall be."""

    password: Password
    new_password: Password


class SignedIn(Reply, frozen=True):
    """What a client calls with from now on, for so many seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class Challenged(Reply, frozen=True):
    """What must be shown beside the password."""

    challenge: str
    session: str


def register(world: Cloud, asked: Register, address: str) -> None:
    """Make an account that waits for its code; for an address that has one, do nothing and say the same.

    Where nobody new is taken the pool is not asked: what it refuses first may differ for an address that it knows.
    """
    if world.settings.takes_nobody:
        raise user_pool.SignUpClosedError
    user_pool.check_password(asked.password)
    _count(world, limits.REGISTER_BY_ADDRESS, limits.REGISTER_BY_EMAIL, asked.email, address)
    _quietly(
        world,
        "sign_up",
        {"UsernameExistsException", "AliasExistsException"},
        {"InvalidParameterException": _no_address, "NotAuthorizedException": user_pool.SignUpClosedError},
        **_about(world, asked.email),
        Password=asked.password,
        UserAttributes=[{"Name": "email", "Value": asked.email}],
    )


def confirm(world: Cloud, asked: Confirm, address: str) -> None:
    """Take the mailed code: the address is its owner's."""
    _count(world, limits.CODE_BY_ADDRESS, limits.CODE_BY_EMAIL, asked.email, address)
    user_pool.ask(world, "confirm_sign_up", _CODE_REFUSED, **_about(world, asked.email), ConfirmationCode=asked.code)


def resend(world: Cloud, asked: Address, address: str) -> None:
    """Mail a fresh code to an account that still waits for one; say the same for any other address."""
    _count(world, limits.MAIL_BY_ADDRESS, limits.MAIL_BY_EMAIL, asked.email, address)
    _quietly(world, "resend_confirmation_code", _UNMAILED, {}, **_about(world, asked.email))


def login(world: Cloud, asked: Login, address: str) -> SignedIn | Challenged:
    """Sign in with a password."""
    _count(world, limits.SIGN_IN_BY_ADDRESS, limits.SIGN_IN_BY_EMAIL, asked.email, address)
    return _signed_in(world, _ask_with_password(world, asked.email, asked.password, WrongCredentialsError), address)


def answer_challenge(world: Cloud, asked: Challenge, address: str) -> SignedIn | Challenged:
    """Go on with a sign-in by what the authenticator app shows."""
    name, _, session = asked.session.rpartition("|")
    if not name or len(session) < 20:  # noqa: PLR2004 (the pool's own least)
        raise SessionEndedError
    _count(world, limits.CODE_BY_ADDRESS, limits.CODE_BY_EMAIL, name, address)
    reply = user_pool.ask(
        world,
        "respond_to_auth_challenge",
        _CODE_REFUSED | {"NotAuthorizedException": SessionEndedError, "UserNotFoundException": SessionEndedError},
        ClientId=world.settings.user_pool_client,
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=session,
        ChallengeResponses={"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": asked.code},
    )
    return _signed_in(world, reply, address)


def refresh(world: Cloud, asked: Refresh) -> SignedIn:
    """Exchange a refresh token for fresh tokens; where the pool rotates it, the old one dies soon after."""
    reply = user_pool.ask(
        world,
        "get_tokens_from_refresh_token",
        dict.fromkeys(_ENDED, SessionEndedError),
        RefreshToken=asked.refresh_token,
        ClientId=world.settings.user_pool_client,
    )
    return _tokens(reply["AuthenticationResult"], asked.refresh_token)


def logout(world: Cloud, asked: Refresh) -> None:
    """Revoke a refresh token and what came from it; one that is none any more is as good as revoked."""
    _quietly(
        world,
        "revoke_token",
        _ENDED | {"UnauthorizedException", "UnsupportedTokenTypeException"},
        {},
        Token=asked.refresh_token,
        ClientId=world.settings.user_pool_client,
    )


def forgot(world: Cloud, asked: Address, address: str) -> None:
    """Mail a code that allows a new password; say the same for an address without an account."""
    _count(world, limits.MAIL_BY_ADDRESS, limits.MAIL_BY_EMAIL, asked.email, address)
    _quietly(world, "forgot_password", _UNMAILED, {}, **_about(world, asked.email))


def reset(world: Cloud, asked: Reset, address: str) -> None:
    """Set a new password with the mailed code."""
    user_pool.check_password(asked.password)
    _count(world, limits.CODE_BY_ADDRESS, limits.CODE_BY_EMAIL, asked.email, address)
    user_pool.ask(
        world,
        "confirm_forgot_password",
        _CODE_REFUSED,
        **_about(world, asked.email),
        ConfirmationCode=asked.code,
        Password=asked.password,
    )


def change_password(world: Cloud, caller: Caller, access_token: str, asked: ChangePassword) -> None:
    """Replace the password of somebody signed in who knows the old one."""
    caller.must_have(scopes.OWNER)
    user_pool.check_password(asked.new_password)
    limits.count(world, limits.PASSWORD_BY_OWNER, caller.owner_id)
    user_pool.ask(
        world,
        "change_password",
        {"NotAuthorizedException": WrongPasswordError, "InvalidParameterException": WrongPasswordError},
        PreviousPassword=asked.password,
        ProposedPassword=asked.new_password,
        AccessToken=access_token,
    )
    remember(world, caller, "passwordChanged")


def remember(world: Cloud, caller: Caller, what: str) -> None:
    """Write down what an owner did to the account: the pool has no transaction to do it in."""
    told = ledger.remember(caller.owner_id, what, world.now(), world.new_id())
    owners.visited(world.table, caller.owner_id, world.now_text(), told)


def prove_password(world: Cloud, owner_id: str, password: str) -> None:
    """Refuse unless the password is the owner's: for deeds that a stolen access token must not be enough for."""
    limits.count(world, limits.PASSWORD_BY_OWNER, owner_id)
    # The pool asks for the app's code only after the right password, so a challenge proves it too.
    reply = _ask_with_password(world, owner_id, password, WrongPasswordError)
    if "AuthenticationResult" in reply:
        logout(world, Refresh(refresh_token=reply["AuthenticationResult"]["RefreshToken"]))


def forget(world: Cloud, access_token: str) -> None:
    """Remove the person from the pool, by the person's own word; who is gone stays gone."""
    _quietly(world, "delete_user", {"NotAuthorizedException", "UserNotFoundException"}, {}, AccessToken=access_token)


_CODE_REFUSED: dict[str, user_pool.Refuse] = {
    "CodeMismatchException": WrongCodeError,
    "ExpiredCodeException": WrongCodeError,
    "NotAuthorizedException": WrongCodeError,
    "UserNotFoundException": WrongCodeError,
    "AliasExistsException": WrongCodeError,
    "InvalidParameterException": WrongCodeError,
    # These two bite known addresses only; strangers are held by our own counters.
    "TooManyFailedAttemptsException": WrongCodeError,
    "LimitExceededException": WrongCodeError,
}
_UNMAILED = {"UserNotFoundException", "InvalidParameterException", "NotAuthorizedException", "LimitExceededException"}
_ENDED = {"NotAuthorizedException", "RefreshTokenReuseException", "UserNotFoundException", "InvalidParameterException"}


def _about(world: Cloud, email: str) -> dict[str, str]:
    return {"ClientId": world.settings.user_pool_client, "Username": email}


def _no_address() -> Refusal:
    return BadInputError("email", "an e-mail address")


def _count(world: Cloud, by_address: limits.Limit, by_email: limits.Limit, email: str, address: str) -> None:
    limits.count(world, by_address, limits.place(address))
    limits.count(world, by_email, limits.nameless(email))


class _NothingToDo(Refusal):
    """Stands for an answer of the pool that ours must hide."""

    def __init__(self) -> None:
        super().__init__("")


def _quietly(world: Cloud, call: str, hidden: set[str], refusals: dict[str, user_pool.Refuse], **asked: Any) -> None:
    try:
        user_pool.ask(world, call, dict.fromkeys(hidden, _NothingToDo) | refusals, **asked)
    except _NothingToDo:
        return


def _ask_with_password(world: Cloud, name: str, password: str, wrong: user_pool.Refuse) -> dict[str, Any]:
    hidden = ("NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException")
    return user_pool.ask(
        world,
        "initiate_auth",
        dict.fromkeys((*hidden, "InvalidParameterException"), wrong)
        | {"PasswordResetRequiredException": NewPasswordNeededError},
        ClientId=world.settings.user_pool_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )


def _signed_in(world: Cloud, reply: dict[str, Any], address: str) -> SignedIn | Challenged:
    if "AuthenticationResult" in reply:
        owner_id = tokens.subject_of(reply["AuthenticationResult"]["AccessToken"])
        told = ledger.remember(owner_id, "signedIn", world.now(), world.new_id(), address=address)
        owners.visited(world.table, owner_id, world.now_text(), told)
        return _tokens(reply["AuthenticationResult"])
    if reply["ChallengeName"] != "SOFTWARE_TOKEN_MFA":
        raise NewPasswordNeededError
    # The pool wants to hear its own name for the owner beside the session; a client has only one thing to keep.
    name = reply["ChallengeParameters"]["USER_ID_FOR_SRP"]
    return Challenged("SOFTWARE_TOKEN_MFA", f"{name}|{reply['Session']}")


def _tokens(result: dict[str, Any], refresh_token: str = "") -> SignedIn:
    return SignedIn(result["AccessToken"], result.get("RefreshToken", refresh_token), result["ExpiresIn"])
