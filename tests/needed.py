"""Which rights a function needs: read from the source, from what its handler comes to, and held against real calls.

What is read may be too much, where two classes have methods of one name; then the tests name it, with the reason. It is
never too little: each call that the code makes in any test on moto is looked up in it (`bear_witness`), together with
what it is made on, and one that nothing leads to or no policy grants is a failure.
"""

import ast
import importlib
import json
import os
import re
import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from infra import outputs, policies
from tests import reachable

ENVIRONMENT = {
    "BACKHAUL_STAGE": "test",
    "BACKHAUL_BUCKET": "backhaul-test",
    "BACKHAUL_TABLE": "backhaul-test",
    "BACKHAUL_USER_POOL": "eu-west-1_test",
    "BACKHAUL_USER_POOL_CLIENT": "client",
    "BACKHAUL_PC_ROLE": "arn:aws:iam::123456789012:role/backhaul-test-pc",
    "BACKHAUL_PAIRED_QUEUE": "arn:aws:sqs:eu-west-1:123456789012:backhaul-test-paired",
    "BACKHAUL_MEDIA_QUEUE": "arn:aws:sqs:eu-west-1:123456789012:backhaul-test-media",
    "BACKHAUL_DEAD_NOTICES": "arn:aws:sqs:eu-west-1:123456789012:backhaul-test-notices-dead",
    "BACKHAUL_TOPIC": "arn:aws:sns:eu-west-1:123456789012:backhaul-test-trouble",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}
BUCKET_ARN = "arn:aws:s3:::backhaul-test"
VALUES = {**outputs.sample_for("test", region="eu-west-1").policy, "BucketArn": BUCKET_ARN}
PROJECT = Path(__file__).resolve().parents[1]
TESTS = str(PROJECT / "tests")
STANDS_IN = ("multipart_s3.py",)
"""What calls S3 in the name of the code under test."""
Node = tuple[str, str]
_CLIENTS = {"s3": "s3", "sqs": "sqs", "sns": "sns", "sts": "sts", "cognito": "cognito-idp", "_client": "dynamodb"}
_READS = {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"}
_WRITES = {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
# What AWS asks for, by call, where that is not the call's own name.
RIGHTS: dict[str, set[str]] = {
    "s3:HeadObject": _READS,
    "s3:GetObject": _READS,
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:CopyObject": {"s3:PutObject", "s3:GetObjectVersion"},
    "s3:CreateMultipartUpload": {"s3:PutObject"},
    "s3:CompleteMultipartUpload": {"s3:PutObject"},
    "s3:ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
    "s3:ListParts": {"s3:ListMultipartUploadParts"},
    "s3:DeleteObject": {"s3:DeleteObjectVersion"},
    # It asks for the right to put markers over whatever is there, too.
    "s3:DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "s3:DeleteObjectTagging": {"s3:DeleteObjectVersionTagging"},
    "s3:PutObjectTagging": {"s3:PutObjectVersionTagging"},
    "sqs:SendMessageBatch": {"sqs:SendMessage"},
    "dynamodb:TransactWriteItems": _WRITES,
}
# Imported within the handler, so that no other function pays for it.
LATE = {"media_queued": [("chalicelib.media.work", "media_queued")]}
_SIGNED = {"put": {"s3:PutObject"}, "put_part": {"s3:PutObject"}, "get": {"s3:GetObject", "s3:GetObjectVersion"}}


@cache
def functions() -> dict[str, list[str]]:
    """Name the handlers of each function, as app.py has them."""
    source = (PROJECT / "app.py").read_text(encoding="utf-8")
    own = re.findall(r"^@app\.(?:authorizer|on_\w+|schedule)\(.*\)\ndef (\w+)", source, re.MULTILINE)
    routes = re.findall(r"^@app\.route\(.*\)\n(?:@open_to\((?:.*\)|\n(?:.*\n)*?\))\n)?def (\w+)", source, re.MULTILINE)
    return {"api_handler": [*routes, "answer"], **{name: [name, "hear"] for name in own}}


@cache
def calls(function: str) -> frozenset[str]:
    """Name the calls to AWS within reach of a function, as `s3:HeadObject`."""
    return frozenset().union(*map(_made_by, _nodes(function)))


def rights(made: Iterable[str]) -> set[str]:
    """Name the rights that calls need."""
    return set().union(*(RIGHTS.get(one, {one}) for one in made))


@cache
def _app() -> ModuleType:
    """Import app.py, which wants its settings, wherever the tests that ask have none."""
    lent = {name: value for name, value in ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(lent)
    try:
        return importlib.import_module("app")
    finally:
        for name in lent:
            del os.environ[name]


@cache
def _made_by(node: Node) -> frozenset[str]:
    """Name the calls that one function or method makes itself."""
    parts = [part for body in reachable.sources(node[0]).get(node[1], []) for part in ast.walk(body)]
    attributes = [part for part in parts if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Attribute)]
    named = [(part.value.attr, part.attr) for part in attributes if isinstance(part.value, ast.Attribute)]
    direct = {f"{_CLIENTS[client]}:{_camel(call)}" for client, call in named if client in _CLIENTS and call.islower()}
    signed = {right for client, call in named if client == "signer" for right in _SIGNED.get(call, ())}
    return frozenset({one for one in direct if not one.endswith((":Exceptions", ":Meta"))} | signed)


def _camel(call: str) -> str:
    return "".join(word.capitalize() for word in call.split("_"))


# ---- What really happens -------------------------------------------------------------------------------------------


class UnforeseenCallError(AssertionError):
    """Raised for a call that no function may make which comes to the place it was made from."""


def bear_witness(model: Any, params: dict[str, Any], **_: Any) -> None:
    """Look a call up that the code under test makes: for one of the functions that come here it is foreseen."""
    node = _outermost()
    if node is None:
        return
    call, resource = f"{model.service_model.service_name}:{model.name}", _resource(params)
    if not _is_foreseen(node, call, resource):
        raise UnforeseenCallError(f"{'.'.join(node)} came to {call} on {resource}, which no policy foresees")


@cache
def _is_foreseen(node: Node, call: str, resource: str) -> bool:
    comes_here = [name for name in functions() if node in _nodes(name)]
    may = [name for name in comes_here if call in calls(name) and _may(name, call, resource)]
    # What no function comes to is for admins, who have rights of their own.
    return not comes_here or bool(may)


@cache
def _nodes(function: str) -> frozenset[Node]:
    begin = [(_app(), handler) for handler in functions()[function]]
    begin += [(importlib.import_module(module), name) for module, name in LATE.get(function, ())]
    return frozenset().union(*(reachable.nodes(*one) for one in begin))


def _outermost() -> Node | None:
    """Find the function of ours that a test called; admins and meters have rights of their own."""
    frame: FrameType | None = sys._getframe(2)
    found = None
    while frame:
        module = frame.f_globals.get("__name__", "")
        if TESTS in frame.f_code.co_filename and not frame.f_code.co_filename.endswith(STANDS_IN):
            return found  # what a test does in the midst of other code is its own
        if module.startswith(("admin.", "bench.")):
            return None
        if module.startswith("chalicelib."):
            found = module, frame.f_code.co_qualname.partition(".<locals>")[0]
        frame = frame.f_back
    return found


def _resource(params: dict[str, Any]) -> str:
    """Name the resource of a call, as far as policies tell one from another."""
    if "Key" in params and "Bucket" in params:
        return f"{BUCKET_ARN}/{params['Key']}" if isinstance(params["Key"], str) else ""
    if "Bucket" in params:
        return BUCKET_ARN
    queue = params.get("QueueUrl") or params.get("QueueName")
    if queue:
        return f"arn:aws:sqs:eu-west-1:123456789012:{str(queue).rpartition('/')[2]}"
    return str(params.get("TopicArn") or params.get("RoleArn") or "")


def _may(function: str, call: str, resource: str) -> bool:
    if not resource:
        return True
    # Of a copy the resource is where it goes; whoever looks at an object may also look for it.
    needed = RIGHTS.get(call, {call}) - ({"s3:GetObjectVersion"} if call == "s3:CopyObject" else set())
    needed = needed - {"s3:ListBucket"} if "/" in resource else needed
    return all(_grants(function, right, resource) for right in needed)


def _grants(function: str, right: str, resource: str) -> bool:
    return any(fnmatchcase(right, action) and fnmatchcase(resource, arn) for action, arn in granted(function))


@cache
def granted(function: str) -> frozenset[tuple[str, str]]:
    """Name the rights of a function, each with the resources it is for, as they are in a stage of the tests."""
    file = PROJECT / ".chalice" / "policies" / f"{function}.json"
    document = policies.render(file, json.loads(file.read_text(encoding="utf-8")), VALUES)
    return frozenset(
        (action, resource)
        for statement in document["Statement"]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    )


def as_list(value: str | list[str]) -> list[str]:
    """Return what may stand alone as a list."""
    return [value] if isinstance(value, str) else value
