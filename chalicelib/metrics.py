"""Numbers for CloudWatch in its embedded metric format: one printed line, no call, no dependency.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

NAMESPACE = "Backhaul"


def line(stage: str, at: datetime, counts: Mapping[str, int], **properties: Any) -> str:
    """Write counts as one embedded-metric line; properties are searchable but are no dimensions, which cost money."""
    metrics = [{"Name": name, "Unit": "Bytes" if name.endswith("Bytes") else "Count"} for name in counts]
    about = {
        "Timestamp": int(at.timestamp() * 1000),
        "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": metrics}],
    }
    return json.dumps({"_aws": about, "Stage": stage, **counts, **properties})


def tell(stage: str, at: datetime, counts: Mapping[str, int], *, out: TextIO | None = None, **properties: Any) -> None:
    """Print the line where Lambda's log collects it."""
    print(line(stage, at, counts, **properties), file=out or sys.stdout, flush=True)
