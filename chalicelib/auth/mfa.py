"""A second proof at sign-in: the six digits of an authenticator app (RFC 6238)."""

from typing import Annotated
from urllib.parse import quote, urlencode

from msgspec import Meta

from chalicelib import limits
from chalicelib.auth import accounts, scopes, user_pool
from chalicelib.auth.callers import Caller
from chalicelib.auth.user_pool import SessionEndedError, WrongCodeError
from chalicelib.bodies import Reply, Request
from chalicelib.cloud import Cloud

_ISSUER = "Backhaul"
_APP = "SOFTWARE_TOKEN_MFA"


class Verify(Request, frozen=True):
    """What the app shows, to prove that it took the secret."""

    code: Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]


class TurnOff(Request, frozen=True):
    """The password: a stolen session must not be enough to take the lock off."""

    password: accounts.Password


class Secret(Reply, frozen=True):
    """What the app needs, as text to type and as a link to show as a QR code."""

    secret: str
    uri: str


def is_on(world: Cloud, access_token: str) -> bool:
    """Whether each sign-in asks for the app's code: only the pool knows."""
    codes = ("NotAuthorizedException", "UserNotFoundException", "PasswordResetRequiredException")
    told = user_pool.ask(world, "get_user", dict.fromkeys(codes, SessionEndedError), AccessToken=access_token)
    return _APP in told.get("UserMFASettingList", ())


def set_up(world: Cloud, caller: Caller, access_token: str) -> Secret:
    """Begin: a fresh secret, which counts only once the app's code was shown."""
    caller.must_have(scopes.OWNER)
    ended = {"NotAuthorizedException": SessionEndedError}
    secret = user_pool.ask(world, "associate_software_token", ended, AccessToken=access_token)["SecretCode"]
    return Secret(secret, _uri(secret, world.settings.stage))


def verify(world: Cloud, caller: Caller, access_token: str, asked: Verify) -> None:
    """Finish: from now on each sign-in asks for the app's code."""
    caller.must_have(scopes.OWNER)
    limits.count(world, limits.CODE_BY_EMAIL, limits.nameless(caller.owner_id))
    refusals: dict[str, user_pool.Refuse] = {
        "EnableSoftwareTokenMFAException": WrongCodeError,
        "CodeMismatchException": WrongCodeError,
        "SoftwareTokenMFANotFoundException": WrongCodeError,
        "NotAuthorizedException": SessionEndedError,
    }
    user_pool.ask(world, "verify_software_token", refusals, AccessToken=access_token, UserCode=asked.code)
    _prefer(world, access_token, on=True)
    accounts.remember(world, caller, "mfaTurnedOn")


def turn_off(world: Cloud, caller: Caller, access_token: str, asked: TurnOff) -> None:
    """Ask for the password alone again."""
    caller.must_have(scopes.OWNER)
    accounts.prove_password(world, caller.owner_id, asked.password)
    _prefer(world, access_token, on=False)
    accounts.remember(world, caller, "mfaTurnedOff")


def _prefer(world: Cloud, access_token: str, *, on: bool) -> None:
    user_pool.ask(
        world,
        "set_user_mfa_preference",
        {"NotAuthorizedException": SessionEndedError},
        SoftwareTokenMfaSettings={"Enabled": on, "PreferredMfa": on},
        AccessToken=access_token,
    )


def _uri(secret: str, stage: str) -> str:
    return f"otpauth://totp/{quote(f'{_ISSUER} ({stage})')}?{urlencode({'secret': secret, 'issuer': _ISSUER})}"
