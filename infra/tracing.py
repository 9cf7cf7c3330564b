"""X-Ray for a stage that has `"xray": true` in .chalice/config.json: what its functions need a right for. Pure.

Chalice switches the tracing itself on, of the API and of each function; it adds the right only to policies that it
made up itself. The daemon beside a function sends the traces, so no code of ours changes, and what a function asks of
other services is in its own time, not taken apart: that would need the X-Ray SDK in the zip, and at each cold start.
"""

from collections.abc import Mapping
from typing import Any

# X-Ray knows no resources: AWS takes no other than all.
SENDS_TRACES = {
    "Sid": "SendTraces",
    "Effect": "Allow",
    "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    "Resource": "*",
}


def allowed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy that also lets traces be sent."""
    return {**document, "Statement": [*document["Statement"], SENDS_TRACES]}
