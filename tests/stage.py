"""Anna and Bert on one stage, calling the app's own routes through its own authorizer."""

import base64
import hmac
import json
import time
from typing import Any

import app
from chalicelib.auth import device_keys, public_keys
from chalicelib.cloud import Cloud, cloud
from chalicelib.metadata import devices, owners
from chalicelib.metadata.table import Delete, Key
from chalicelib.moments import utc_now
from tests.access import ANNA, BERT, KID, Signer, a_device, a_token, claims, pool, settings
from tests.expected import ADMIN, EMAIL, EXPECTED, PASSWORD, PC, PERSON, PHONE
from tests.gateway import Answer, Gateway
from tests.pool import Member, Pool

ROUTES = sorted((method, path) for path, methods in app.app.routes.items() for method in methods)
GUARDED = [route for route in ROUTES if route in EXPECTED and EXPECTED[route].callers is not None]
OPEN = [route for route in ROUTES if route in EXPECTED and EXPECTED[route].callers is None]
UNKNOWN = {"device_id": "0" * 31 + "d", "file_id": "0" * 31 + "f", "user_code": "ZZZZ-ZZZZ", "album_id": "0" * 31 + "a"}


class Stage:
    """Anna and Bert with a phone, a PC, a file and a pairing each."""

    def __init__(self, world: Cloud) -> None:
        self.world = world
        self.gateway = Gateway(app)
        self.anna, self.bert = self._owner(ANNA), self._owner(BERT)
        self.decide(self.bert)

    def _owner(self, owner_id: str) -> dict[str, Any]:
        owners.ensure(self.world.table, owner_id, self.world.now_text())
        phone, phone_key = a_device(self.world, "phone", owner_id)
        pc, pc_key = a_device(self.world, "pc", owner_id)
        admin = a_token(owner_id, **{"cognito:groups": ["admin"]})
        tokens = {PERSON: a_token(owner_id), ADMIN: admin, PHONE: phone_key, PC: pc_key}
        asked = {"fileName": "a.jpg", "fileType": "image/jpeg"}
        begun = self.gateway.call("POST", "/upload-url", asked, token=phone_key).body
        pairing = self.gateway.call("POST", "/pairings", {"name": "x", "kind": "phone"}).body
        album = self.gateway.call("POST", "/albums", {"name": "x"}, token=phone_key).body
        own = {"file_id": begun["fileId"], "user_code": pairing["userCode"], "album_id": album["albumId"]}
        ids = {
            PHONE: {**own, "device_id": phone.device_id},
            PC: {**own, "device_id": pc.device_id},
        }
        ids |= {PERSON: ids[PC], ADMIN: ids[PC]}
        return {"owner_id": owner_id, "tokens": tokens, "ids": ids, "pc": pc, "phone": phone}

    def decide(self, owner: dict[str, Any]) -> None:
        body = {"userCode": owner["ids"][PERSON]["user_code"], "approve": True}
        assert self.gateway.call("POST", "/pairings/approve", body, token=owner["tokens"][PERSON]).status == 200

    def ask(self, route: tuple[str, str], ids: Any, token: str | None, *, more: Any = None, query: str = "") -> Answer:
        """Call a route with a body that is right, made from these ids; `more` is added to it."""
        method, path = route
        make = EXPECTED[route].body
        body = {**make(ids), **(more or {})} if make else more
        return self.gateway.call(method, path.format(name="app.js", **ids) + query, body, token=token)


def bad_credentials(stage: Stage) -> dict[str, str | None]:
    """What somebody may show who is nobody."""
    now = int(time.time())
    stranger = Signer()
    revoked, revoked_key = a_device(stage.world)
    gone = devices.find(stage.world.table, ANNA, revoked.device_id or "")
    assert gone is not None
    devices.revoke(stage.world.table, ANNA, gone, stage.world.now_text(), "")
    here = settings()
    return {
        "no token": None,
        "nothing": "",
        "garbage": "garbage",
        "three parts of garbage": "a.b.c",
        "garbage of other letters": "\u00e9\u0000\u20ac",
        "an endless token": "x" * 20_000,
        "an expired token": a_token(exp=now - 61, iat=now - 3661),
        "a token from tomorrow": a_token(iat=now + 86_400, exp=now + 90_000),
        "another pool's token": a_token(iss="https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_other"),
        "another client's token": a_token(client_id="other"),
        "an id token": a_token(token_use="id", client_id=None, aud=here.user_pool_client),
        "a refresh token": a_token(token_use="refresh"),
        "a token without signature": by_hand({"alg": "none", "kid": KID}),
        "a token signed with our public key as a secret": with_public_key_as_secret(),
        "a stranger's token": stranger.sign(claims()),
        "a stranger's token under an unknown key id": Signer(stranger.key, "unknown").sign(claims()),
        "a token for a path": a_token("../" + ANNA),
        "another device's id with a made-up secret": device_keys.new(stage.anna["pc"].device_id).text(),
        "a device that never was": device_keys.new("0" * 32).text(),
        "a revoked key": revoked_key,
    }


def by_hand(header: dict[str, Any], sign: Any = lambda _: b"") -> str:
    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    head = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims()).encode())}"
    return f"{head}.{part(sign(head))}"


def with_public_key_as_secret() -> str:
    return by_hand(
        {"alg": "HS256", "typ": "JWT", "kid": KID},
        lambda head: hmac.digest(pool().public_pem(), head.encode(), "sha256"),
    )


Items = dict[tuple[str, str], Any]
"""All items of a table, as DynamoDB writes them."""


def all_items(table: Any) -> Items:
    found = table._client.scan(TableName=settings().table)["Items"]
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in found}


def set_up() -> Stage:
    world = cloud()
    world.cognito = members()  # type: ignore[misc]
    public_keys.keys_at(settings().keys_url).learn(pool().jwks(), utc_now())
    return Stage(world)


def empty(table: Any) -> None:
    """Forget all that is in it: quicker than another account."""
    for key in all_items(table):
        table.put(Delete(Key(*key)))


def set_back(stage: Stage, items: Items) -> None:
    """Make the table and the pool what they were: far quicker than to set up another stage."""
    stage.world.cognito = members()  # type: ignore[misc]
    table, found = stage.world.table, all_items(stage.world.table)
    for key in found.keys() - items.keys():
        table.put(Delete(Key(*key)))
    for key, item in items.items():
        if found.get(key) != item:
            table._client.put_item(TableName=settings().table, Item=item)


def members() -> Pool:
    return Pool(
        {
            EMAIL: Member(ANNA, PASSWORD, confirmed=True, secret="JBSWY3DPEHPK3PXP"),
            "bert@example.com": Member(BERT, PASSWORD, confirmed=True),
        }
    )


def check(answer: Answer) -> None:
    """What holds for every answer, whatever was asked."""
    assert answer.status < 500, answer
    assert answer.headers.get("Access-Control-Allow-Origin") == "*", answer
    for leak in ("Traceback", "botocore", "dynamodb", "pk", "keyHash", 'queueUrl": "https://sqs'):
        assert answer.status < 400 or leak not in answer.text, answer


def refused(answer: Answer) -> bool:
    """Whether a caller was turned away for what it is, rather than for what it asked."""
    return answer.status == 401 or (answer.status == 403 and answer.body.get("Code") == "NotAllowedError")


def items_of(stage: Stage, owner_id: str) -> list[Any]:
    return [item for (pk, _), item in sorted(all_items(stage.world.table).items()) if owner_id in pk]
