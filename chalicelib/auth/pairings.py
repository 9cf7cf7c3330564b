"""Pairing in the shape of RFC 8628: a device without a keyboard asks, its owner says yes elsewhere, it gets its key.

    asked ──▶ approved ──▶ claimed       The device holds a 256-bit device code, of which we keep the hash.
      └─────▶ denied                     The owner types eight letters, and every try at them is counted.

All that belongs to a device is made when it claims, not when its owner approves: the device polls until it has its
key, so a crash on any line before that is repeated by the one who needs the outcome. The key is handed out once; who
claims again has lost it, or is somebody else, so the second claim takes the device away.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote

from msgspec import Meta

from chalicelib import limits, moments
from chalicelib.auth import device_keys, devices, scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.debts import laps, pc_queues
from chalicelib.errors import ConditionFailedError, NotFoundError, Refusal
from chalicelib.log import logger, owner_hash
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import ledger, owners, pairings
from chalicelib.metadata.devices import Device
from chalicelib.metadata.pairings import Pairing

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LIFE = timedelta(minutes=10)
INTERVAL_SECONDS = 5
_EARLY_SECONDS = 1
_CODE_LENGTH = 8
_TRIES = 5


class AuthorizationPendingError(Refusal):
    """Raised while the owner has not decided: ask again after the interval."""

    def __init__(self) -> None:
        super().__init__("the owner has not decided yet")


class SlowDownError(Refusal):
    """Raised when a device asks more often than it was told to."""

    STATUS_CODE: ClassVar[int] = 400
    DETAILS: ClassVar = {"interval": int}

    def __init__(self) -> None:
        super().__init__(f"ask at most every {INTERVAL_SECONDS} seconds", {"interval": INTERVAL_SECONDS})


class ExpiredCodeError(Refusal):
    """Raised for a device code that is too old, used, or never was one: begin anew."""

    def __init__(self) -> None:
        super().__init__("this pairing is over, begin a new one")


class AccessDeniedError(Refusal):
    """Raised when the owner said no."""

    def __init__(self) -> None:
        super().__init__("the owner denied this device")


class TooManyPcsError(Refusal):
    """Raised when an owner has as many PCs as one write can owe a file to."""

    STATUS_CODE: ClassVar[int] = 409
    DETAILS: ClassVar = {"most": int}

    def __init__(self) -> None:
        super().__init__(f"at most {owners.MOST_PCS} PCs, revoke one first", {"most": owners.MOST_PCS})


UserCode = Annotated[str, Meta(max_length=40, description="Eight letters; case, spaces and hyphens do not count.")]


class Ask(Request, frozen=True):
    """What wants to be paired, as it describes itself."""

    name: devices.DeviceName
    kind: scopes.Kind
    platform: Annotated[str, Meta(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*\Z")] = ""


class Decide(Request, frozen=True):
    """The owner's word."""

    user_code: UserCode
    approve: bool


class Claim(Request, frozen=True):
    """The device's own code."""

    device_code: Annotated[str, Meta(max_length=100)]


class Asked(Reply, frozen=True):
    """What the device needs to be approved and to claim."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class ShownPairing(Reply, frozen=True):
    """What the owner looks at before deciding."""

    name: str
    kind: scopes.Kind
    platform: str
    address: str
    expires_at: Moment


class Decided(Reply, frozen=True):
    """Which device it will be."""

    device_id: Id | None = None


class Claimed(Reply, frozen=True):
    """The device's key, told this once."""

    device_id: Id
    key: str
    kind: scopes.Kind
    scopes: list[scopes.Scope]


def new_user_code() -> str:
    """Make a code to read out and type: no vowels, so no words, and no letter that looks like another or a digit."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(_CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def ask(
    world: Cloud, asked: Ask, address: str, public_url: str, *, make_code: Callable[[], str] = new_user_code
) -> Asked:
    """Begin a pairing for a device nobody knows yet."""
    limits.count(world, limits.PAIR_BY_ADDRESS, limits.place(address))
    device_code = secrets.token_urlsafe(32)
    user_code = _add(world, _waiting(world, asked, address, _hash(device_code)), make_code)
    link = f"{public_url.rstrip('/')}/pair"
    return Asked(
        device_code=device_code,
        user_code=user_code,
        verification_uri=link,
        verification_uri_complete=f"{link}?code={quote(user_code)}",
        expires_in=int(LIFE.total_seconds()),
        interval=INTERVAL_SECONDS,
    )


def show(world: Cloud, caller: Caller, user_code: str, address: str) -> ShownPairing:
    """Show the owner what asks."""
    caller.must_have(scopes.OWNER)
    found = _find(world, caller, user_code, address)
    expires = moments.to_text(datetime.fromtimestamp(found.expires, tz=world.now().tzinfo))
    return ShownPairing(found.name, found.kind, found.platform, found.address, expires)


def decide(world: Cloud, caller: Caller, asked: Decide, address: str) -> Decided:
    """Write the owner's word down; the device hears it when it asks next."""
    caller.must_have(scopes.OWNER)
    found = _find(world, caller, asked.user_code, address)
    state = pairings.APPROVED if asked.approve else pairings.DENIED
    if asked.approve:
        owners.ensure(world.table, caller.owner_id, world.now_text())
        _check_room(world, caller.owner_id, found.kind)
    if not pairings.decide(world.table, found, caller.owner_id, state):
        raise _unknown(asked.user_code)
    logger.info(f"pairing {state}", extra={"owner": owner_hash(caller.owner_id), "device_id": found.device_id})
    return Decided(found.device_id if asked.approve else None)


def _check_room(world: Cloud, owner_id: str, kind: str) -> None:
    """Say no to a PC too many while its owner is there to hear it; of two at once the write says no to the later."""
    pcs = (world.table.find(owners.profile(owner_id)) or {}).get("pcs", {})
    if kind == "pc" and len(pcs) >= owners.MOST_PCS:
        raise TooManyPcsError


def claim(world: Cloud, asked: Claim, address: str) -> Claimed:
    """Hand the device its key if its owner said yes."""
    limits.count(world, limits.CLAIM_BY_ADDRESS, limits.place(address))
    now = int(world.now().timestamp())
    found, in_time = pairings.poll(
        world.table, _hash(asked.device_code), now=now, interval=INTERVAL_SECONDS - _EARLY_SECONDS
    )
    approved = judge(found, now, in_time=in_time)
    if approved.state == pairings.CLAIMED:
        _take_back(world, approved)
        raise ExpiredCodeError
    return _hand_over(world, approved)


def judge(found: Pairing | None, now: int, *, in_time: bool) -> Pairing:
    """Decide what a device that asks is told; only an approved pairing, or one already claimed, is returned."""
    if found is None or found.expires <= now:
        raise ExpiredCodeError
    if found.state == pairings.DENIED:
        raise AccessDeniedError
    if not in_time:
        raise SlowDownError
    if found.state == pairings.ASKED:
        raise AuthorizationPendingError
    return found


def read_user_code(text: str) -> str | None:
    """Read what a person typed: case, spaces and hyphens do not count."""
    letters = "".join(letter for letter in text.upper() if letter not in " -\u2010\u2011\u2013")
    if len(letters) != _CODE_LENGTH or not set(letters) <= set(LETTERS):
        return None
    return f"{letters[:4]}-{letters[4:]}"


def _waiting(world: Cloud, asked: Ask, address: str, code_hash: str) -> Pairing:
    return Pairing(
        code_hash=code_hash,
        user_code="",
        device_id=world.new_id(),
        name=asked.name,
        kind=asked.kind,
        platform=asked.platform,
        address=address,
        expires=int((world.now() + LIFE).timestamp()),
    )


def _add(world: Cloud, waiting: Pairing, make_code: Callable[[], str]) -> str:
    for _ in range(_TRIES):
        user_code = make_code()
        if pairings.add(world.table, replace(waiting, user_code=user_code), int(world.now().timestamp())):
            return user_code
    raise RuntimeError(f"{_TRIES} user codes in a row were taken")


def _find(world: Cloud, caller: Caller, user_code: str, address: str) -> Pairing:
    limits.count(world, limits.USER_CODE_BY_OWNER, caller.owner_id)
    limits.count(world, limits.USER_CODE_BY_ADDRESS, limits.place(address))
    code = read_user_code(user_code)
    found = pairings.find(world.table, code) if code else None
    if found is None or found.expires <= world.now().timestamp() or found.owner_id not in (None, caller.owner_id):
        raise _unknown(user_code)
    return found


def _unknown(user_code: str) -> NotFoundError:
    return NotFoundError("pairing that waits for the code", user_code[:40])


def _hand_over(world: Cloud, approved: Pairing) -> Claimed:
    assert approved.owner_id is not None
    key = device_keys.new(approved.device_id)
    granted = scopes.of_device(approved.kind)
    queue_url = pc_queues.make(world, approved.device_id) if approved.kind == "pc" else None
    device = Device(
        approved.device_id,
        approved.name,
        approved.kind,
        approved.platform,
        granted,
        world.now_text(),
        queue_url=queue_url,
    )
    _make_device(world, approved, device, key.hashed())
    logger.info("paired", extra={"owner": owner_hash(approved.owner_id), "device_id": device.device_id})
    return Claimed(device.device_id, key.text(), device.kind, sorted(granted))


def _make_device(world: Cloud, approved: Pairing, device: Device, key_hash: str) -> None:
    owner_id = approved.owner_id or ""
    held = (
        owners.pc_added(owner_id, device.device_id, device.queue_url)
        if device.queue_url
        else owners.still_open(owner_id)
    )
    due_at = laps.due_at(world) if device.queue_url else ""
    made = kept_devices.added(owner_id, device, key_hash, due_at)
    about = {"deviceId": device.device_id, "address": approved.address}
    told = ledger.remember(owner_id, "paired", world.now(), world.new_id(), **about)
    try:
        world.table.write(pairings.claimed(approved), held, *made, told)
    except ConditionFailedError as error:
        raise ExpiredCodeError from error
    if device.queue_url:
        laps.ring(world, owner_id, device.device_id)


def _take_back(world: Cloud, claimed: Pairing) -> None:
    devices.take_back(world, claimed.owner_id or "", claimed.device_id)


def _hash(device_code: str) -> str:
    return hashlib.sha256(device_code.encode()).hexdigest()
