"""Decide what of the emulator's state a request may have changed. Pure.

Snapshots are taken only after something changed, and only of what can have: copying the functions'
zips after every upload would stall everybody for nothing.
"""

import re

from local.guard import Scope, header

READ_ACTION = re.compile(
    r"(Get|BatchGet|TransactGet|Query|Scan|List|Describe|Receive|Lookup|Simulate)[A-Z]|Query$|Scan$"
)
DATA_SERVICES = frozenset({"dynamodb", "s3", "sqs", "sns", "cognito-idp"})
FORGETFUL_SERVICES = frozenset({"sts", "logs", "monitoring", "cloudwatch"})
GATEWAY_PATH = "/_aws/execute-api/"

NOTHING: frozenset[str] = frozenset()
DATA: frozenset[str] = frozenset({"dynamodb", "s3", "sqs", "cognito"})
EVERYTHING: frozenset[str] = frozenset({"*"})


def changed_by(scope: Scope, service: str) -> frozenset[str]:
    """Name the parts of the state that a request to a service may have changed, by their state keys.

    A call through the API gateway runs a function, and what the function does it does in requests of its own.
    Data services feed one another (an object makes a message), so they are always taken together.
    """
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"].startswith(GATEWAY_PATH):
        return NOTHING
    action = header(scope, b"x-amz-target").rpartition(".")[2]
    if READ_ACTION.match(action) or service in FORGETFUL_SERVICES:
        return NOTHING
    return DATA if service in DATA_SERVICES else EVERYTHING
