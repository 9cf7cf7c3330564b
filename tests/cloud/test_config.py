import pytest

from chalicelib.config import Settings
from chalicelib.errors import BadSettingError, MissingSettingsError

COMPLETE = {
    "BACKHAUL_STAGE": "dev",
    "BACKHAUL_BUCKET": "a-bucket",
    "BACKHAUL_TABLE": "a-table",
    "BACKHAUL_USER_POOL": "eu-west-1_pool",
    "BACKHAUL_USER_POOL_CLIENT": "client",
    "BACKHAUL_PC_ROLE": "arn:aws:iam::123456789012:role/pc",
    "BACKHAUL_PAIRED_QUEUE": "arn:aws:sqs:eu-west-1:123456789012:paired",
    "BACKHAUL_MEDIA_QUEUE": "arn:aws:sqs:eu-west-1:123456789012:media",
    "BACKHAUL_DEAD_NOTICES": "arn:aws:sqs:eu-west-1:123456789012:dead",
    "BACKHAUL_TOPIC": "arn:aws:sns:eu-west-1:123456789012:trouble",
    "AWS_REGION": "eu-west-1",
}


def test_every_missing_setting_is_named_at_once() -> None:
    environ = COMPLETE | {"BACKHAUL_BUCKET": ""}
    del environ["BACKHAUL_TABLE"]

    with pytest.raises(MissingSettingsError) as refused:
        Settings.from_env(environ)

    assert refused.value.names == ("BACKHAUL_BUCKET", "BACKHAUL_TABLE")


def test_optional_settings_may_be_absent() -> None:
    settings = Settings.from_env(COMPLETE)

    assert (settings.public_url, settings.endpoint_url, settings.quota_bytes) == ("", "", 0)


def test_a_stage_takes_whoever_comes_unless_it_is_closed() -> None:
    assert not Settings.from_env(COMPLETE).takes_nobody
    assert not Settings.from_env(COMPLETE | {"BACKHAUL_SIGN_UP": "open"}).takes_nobody
    assert Settings.from_env(COMPLETE | {"BACKHAUL_SIGN_UP": "closed"}).takes_nobody


def test_a_quota_is_a_number_of_bytes() -> None:
    assert Settings.from_env(COMPLETE | {"BACKHAUL_QUOTA_BYTES": "1000"}).quota_bytes == 1000


@pytest.mark.parametrize("text", ["1 GB", "-1", "1.5", "\u0661", "0x10"])
def test_a_quota_that_is_no_number_is_told_at_once(text: str) -> None:
    with pytest.raises(BadSettingError, match="BACKHAUL_QUOTA_BYTES must be a whole number of bytes, got"):
        Settings.from_env(COMPLETE | {"BACKHAUL_QUOTA_BYTES": text})


@pytest.mark.parametrize(
    ("name", "setting", "usual"),
    [("BACKHAUL_STALE_PC_DAYS", "stale_pc_days", 3), ("BACKHAUL_SILENT_PHONE_DAYS", "silent_phone_days", 14)],
)
def test_patience_is_a_number_of_days(name: str, setting: str, usual: int) -> None:
    assert getattr(Settings.from_env(COMPLETE), setting) == usual
    assert getattr(Settings.from_env(COMPLETE | {name: "30"}), setting) == 30
    with pytest.raises(BadSettingError, match=f"{name} must be a whole number of days, got 'a week'"):
        Settings.from_env(COMPLETE | {name: "a week"})


def test_on_aws_the_keys_are_published_by_the_issuer() -> None:
    settings = Settings.from_env(COMPLETE)

    assert settings.issuer == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool"
    assert settings.keys_url == f"{settings.issuer}/.well-known/jwks.json"


def test_on_the_embedded_cloud_the_keys_are_fetched_from_it_but_the_issuer_stays() -> None:
    settings = Settings.from_env(COMPLETE | {"AWS_ENDPOINT_URL": "http://127.0.0.1:4510/"})

    assert settings.keys_url == "http://127.0.0.1:4510/eu-west-1_pool/.well-known/jwks.json"
    assert settings.issuer.startswith("https://cognito-idp.")
