"""The user pool's words turned into ours: the one place that knows how Cognito says no."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from chalicelib.cloud import Cloud
from chalicelib.errors import BackhaulError, BadInputError, Refusal
from chalicelib.limits import TooManyRequestsError

_PAUSE_SECONDS = 60
PASSWORD_RULE = "at least 12 characters with a lower-case letter, a capital and a digit, without spaces"  # noqa: S105

Refuse = Callable[[], Refusal]


class WrongCredentialsError(Refusal):
    """Raised for a sign-in that failed, whatever about it was wrong: the answer must not say which addresses exist."""

    STATUS_CODE: ClassVar[int] = 401

    def __init__(self) -> None:
        super().__init__("e-mail address or password is wrong, or the address is not confirmed yet")


class WrongPasswordError(Refusal):
    """Raised when a person already signed in must show the password again, and it is another."""

    STATUS_CODE: ClassVar[int] = 403

    def __init__(self) -> None:
        super().__init__("the password given is not the current one, or the session was signed out")


class WrongCodeError(Refusal):
    """Raised for a code that is wrong, used, expired, or for an address nobody registered."""

    def __init__(self) -> None:
        super().__init__("the code must be the latest one sent, not yet used and not expired")


class WeakPasswordError(BadInputError):
    """Raised when a new password does not fit the rule, which the message tells."""

    def __init__(self) -> None:
        super().__init__("password", PASSWORD_RULE)


class SignUpClosedError(Refusal):
    """Raised when whoever runs the stage takes no new owners."""

    STATUS_CODE: ClassVar[int] = 403

    def __init__(self) -> None:
        super().__init__("nobody new can sign up here")


class SessionEndedError(Refusal):
    """Raised when a session cannot be continued: sign in again."""

    STATUS_CODE: ClassVar[int] = 401

    def __init__(self) -> None:
        super().__init__("the session has ended, sign in again")


class NewPasswordNeededError(Refusal):
    """Raised when the right password was given, but it must be replaced before it opens anything."""

    STATUS_CODE: ClassVar[int] = 403

    def __init__(self) -> None:
        super().__init__("this password must be replaced first: ask for a code at /auth/forgot")


class BusyError(Refusal):
    """Raised when the user pool cannot do it just now."""

    STATUS_CODE: ClassVar[int] = 503

    def __init__(self) -> None:
        super().__init__("accounts cannot be reached just now, try again in a minute")

    def headers(self) -> dict[str, str]:
        """Tell clients when to come again."""
        return {"Retry-After": str(_PAUSE_SECONDS)}


class UserPoolError(BackhaulError):
    """Raised when the pool answered what nobody foresaw."""

    def __init__(self, call: str, code: str) -> None:
        super().__init__(f"the user pool answered {code} to {call}")


# What any call to the pool may come to.
ALWAYS = (BusyError, TooManyRequestsError)

_ALWAYS: dict[str, Refuse] = {
    "TooManyRequestsException": BusyError,
    "InternalErrorException": BusyError,
    "LimitExceededException": lambda: TooManyRequestsError(_PAUSE_SECONDS),
    "CodeDeliveryFailureException": BusyError,
    "InvalidPasswordException": WeakPasswordError,
    "PasswordHistoryPolicyViolationException": WeakPasswordError,
}


def ask(world: Cloud, call: str, refusals: Mapping[str, Refuse], **asked: Any) -> dict[str, Any]:
    """Make one call to the pool; what it refuses becomes what `refusals` says, else it is our own trouble."""
    pool = world.cognito
    try:
        reply: dict[str, Any] = getattr(pool, call)(**asked)
    except pool.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        refuse = (_ALWAYS | dict(refusals)).get(code)
        if refuse is None:
            # Not `from error`: Cognito's messages quote what they were given, and tracebacks are logged.
            raise UserPoolError(call, code) from None
        raise refuse() from None
    return reply


def remove(world: Cloud, owner_id: str) -> None:
    """Remove a person from the pool; who is gone stays gone."""
    try:
        world.cognito.admin_delete_user(UserPoolId=world.settings.user_pool, Username=owner_id)
    except world.cognito.exceptions.UserNotFoundException:
        return


def check_password(password: str) -> None:
    """Refuse a password the pool would refuse, before asking it: it checks known addresses in another order.

    The rule is that of the pool in infra/template.yaml; a test compares the two.
    """
    fits = len(password) >= 12 and not any(letter.isspace() for letter in password)  # noqa: PLR2004 (as in the rule)
    has_all = all(any(is_one(letter) for letter in password) for is_one in (_is_lower, _is_capital, _is_digit))
    if not (fits and has_all):
        raise WeakPasswordError


def _is_lower(letter: str) -> bool:
    return "a" <= letter <= "z"


def _is_capital(letter: str) -> bool:
    return "A" <= letter <= "Z"


def _is_digit(letter: str) -> bool:
    return "0" <= letter <= "9"
