"""A user pool in memory that answers as Cognito documents it, also where the emulators are softer.

Known and unknown addresses differ here in every way in which the real pool lets them differ.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.auth.tokens import subject_of
from tests.access import a_token

CODE = "424242"
APP_CODE = "135790"


class UserNotFoundError(ClientError):
    """What botocore raises for nobody."""


@dataclass
class Member:
    """Somebody with an account."""

    sub: str
    password: str
    confirmed: bool = False
    must_reset: bool = False
    code: str | None = CODE
    secret: str | None = None
    mfa: bool = False


@dataclass
class Pool:
    """What `Cloud.cognito` is, in memory."""

    members: dict[str, Member] = field(default_factory=dict)
    rotated: dict[str, str] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    refusing: str = ""
    calls: list[str] = field(default_factory=list)
    exceptions: Any = field(default_factory=lambda: SimpleNamespace(ClientError=ClientError))

    def __post_init__(self) -> None:
        self.exceptions.UserNotFoundException = UserNotFoundError

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if callable(found) and not name.startswith("_"):
            return super().__getattribute__("_counted")(name, found)
        return found

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(**asked: Any) -> Any:
            self.calls.append(name)
            if self.refusing:
                raise _error(self.refusing, name)
            return call(**asked)

        return counted

    def sign_up(self, *, Username: str, Password: str, **_: Any) -> dict[str, Any]:  # noqa: N803 (Cognito's names)
        if Username.lower() in self.members:
            raise _error("UsernameExistsException", "SignUp")
        _check_strength(Password)
        sub = f"0c0c0c0c-1111-4111-8111-{len(self.members):012x}"
        self.members[Username.lower()] = Member(sub, Password)
        return {"UserConfirmed": False, "UserSub": sub}

    def confirm_sign_up(self, *, Username: str, ConfirmationCode: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        member = self.members.get(Username.lower())
        if member is None:
            raise _error("ExpiredCodeException", "ConfirmSignUp")
        if member.confirmed:
            raise _error("NotAuthorizedException", "ConfirmSignUp")
        self._check(member, ConfirmationCode)
        member.confirmed = True
        return {}

    def resend_confirmation_code(self, *, Username: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        member = self.members.get(Username.lower())
        if member and member.confirmed:
            raise _error("InvalidParameterException", "ResendConfirmationCode")
        if member:
            member.code = CODE
        return {"CodeDeliveryDetails": {}}

    def forgot_password(self, *, Username: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        member = self.members.get(Username.lower())
        if member and not member.confirmed:
            raise _error("InvalidParameterException", "ForgotPassword")
        if member:
            member.code = CODE
        return {"CodeDeliveryDetails": {}}

    def confirm_forgot_password(self, *, Username: str, ConfirmationCode: str, Password: str, **_: Any) -> Any:  # noqa: N803
        member = self.members.get(Username.lower())
        if member is None:
            raise _error("CodeMismatchException", "ConfirmForgotPassword")
        self._check(member, ConfirmationCode)
        _check_strength(Password)
        member.password, member.must_reset = Password, False
        return {}

    def initiate_auth(self, *, AuthFlow: str, AuthParameters: dict[str, str], **_: Any) -> dict[str, Any]:  # noqa: N803
        assert AuthFlow == "USER_PASSWORD_AUTH"
        member = self._member(AuthParameters["USERNAME"])
        if member is None:
            raise _error("NotAuthorizedException", "InitiateAuth")
        if not member.confirmed:
            raise _error("UserNotConfirmedException", "InitiateAuth")
        if member.password != AuthParameters["PASSWORD"]:
            raise _error("NotAuthorizedException", "InitiateAuth")
        if member.must_reset:
            raise _error("PasswordResetRequiredException", "InitiateAuth")
        if member.mfa:
            parameters = {"USER_ID_FOR_SRP": member.sub}
            return {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s" * 40, "ChallengeParameters": parameters}
        return {"AuthenticationResult": self._tokens(member)}

    def respond_to_auth_challenge(self, *, Session: str, ChallengeResponses: dict[str, str], **_: Any) -> Any:  # noqa: N803
        member = self._member(ChallengeResponses["USERNAME"])
        if member is None or Session != "s" * 40:
            raise _error("NotAuthorizedException", "RespondToAuthChallenge")
        if ChallengeResponses["SOFTWARE_TOKEN_MFA_CODE"] != APP_CODE:
            raise _error("CodeMismatchException", "RespondToAuthChallenge")
        return {"AuthenticationResult": self._tokens(member)}

    def get_tokens_from_refresh_token(self, *, RefreshToken: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if RefreshToken in self.dead:
            raise _error("RefreshTokenReuseException", "GetTokensFromRefreshToken")
        if RefreshToken not in self.rotated:
            raise _error("NotAuthorizedException", "GetTokensFromRefreshToken")
        self.dead.add(RefreshToken)
        return {"AuthenticationResult": self._tokens(self.members[self.rotated[RefreshToken]])}

    def revoke_token(self, *, Token: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if Token not in self.rotated:
            raise _error("UnsupportedTokenTypeException", "RevokeToken")
        self.dead.add(Token)
        return {}

    def change_password(self, *, PreviousPassword: str, ProposedPassword: str, AccessToken: str) -> Any:  # noqa: N803
        member = self._holder(AccessToken)
        if member.password != PreviousPassword:
            raise _error("NotAuthorizedException", "ChangePassword")
        member.password = ProposedPassword
        return {}

    def associate_software_token(self, *, AccessToken: str) -> dict[str, Any]:  # noqa: N803
        self._holder(AccessToken).secret = "JBSWY3DPEHPK3PXP"
        return {"SecretCode": "JBSWY3DPEHPK3PXP"}

    def verify_software_token(self, *, AccessToken: str, UserCode: str) -> dict[str, Any]:  # noqa: N803
        if self._holder(AccessToken).secret is None or UserCode != APP_CODE:
            raise _error("EnableSoftwareTokenMFAException", "VerifySoftwareToken")
        return {"Status": "SUCCESS"}

    def set_user_mfa_preference(self, *, AccessToken: str, SoftwareTokenMfaSettings: dict[str, bool]) -> Any:  # noqa: N803
        self._holder(AccessToken).mfa = SoftwareTokenMfaSettings["Enabled"]
        return {}

    def get_user(self, *, AccessToken: str) -> dict[str, Any]:  # noqa: N803
        member = self._holder(AccessToken)
        on = {"UserMFASettingList": ["SOFTWARE_TOKEN_MFA"]} if member.mfa else {}
        return {"Username": member.sub, "UserAttributes": [], **on}

    def delete_user(self, *, AccessToken: str) -> dict[str, Any]:  # noqa: N803
        gone = self._holder(AccessToken)
        self.members = {email: member for email, member in self.members.items() if member is not gone}
        return {}

    def admin_get_user(self, *, Username: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        for email, member in self.members.items():
            if member.sub == Username:
                return {"Username": Username, "UserAttributes": [{"Name": "email", "Value": email}]}
        raise UserNotFoundError({"Error": {"Code": "UserNotFoundException"}}, "AdminGetUser")

    def admin_delete_user(self, *, Username: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        for email, member in self.members.items():
            if member.sub == Username:
                del self.members[email]
                return {}
        raise UserNotFoundError({"Error": {"Code": "UserNotFoundException"}}, "AdminDeleteUser")

    def _holder(self, access_token: str) -> Member:
        member = self._member(subject_of(access_token) if access_token.count(".") == 2 else access_token)
        if member is None:
            raise _error("NotAuthorizedException", "AnyCall")
        return member

    def _member(self, name: str) -> Member | None:
        return next((m for email, m in self.members.items() if name.lower() in (email, m.sub)), None)

    def _check(self, member: Member, code: str) -> None:
        if member.code is None:
            raise _error("ExpiredCodeException", "Confirm")
        if code != member.code:
            raise _error("CodeMismatchException", "Confirm")
        member.code = None

    def _tokens(self, member: Member) -> dict[str, Any]:
        email = next(email for email, each in self.members.items() if each is member)
        refresh_token = f"refresh-{len(self.rotated)}"
        self.rotated[refresh_token] = email
        return {"AccessToken": a_token(member.sub), "RefreshToken": refresh_token, "ExpiresIn": 3600}


def _check_strength(password: str) -> None:
    # Last of all checks, so that it tells what was found before: ours has to come first.
    if len(password) < 12:
        raise _error("InvalidPasswordException", "SignUp")


def _error(code: str, call: str) -> ClientError:
    # Cognito quotes what it was given: such a message must never reach the log.
    return ClientError({"Error": {"Code": code, "Message": "Value 'quoted-secret' at 'password' is wrong"}}, call)
