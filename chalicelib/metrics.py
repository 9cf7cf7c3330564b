"""Numbers for CloudWatch in its embedded metric format: one printed line, no call, no dependency.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

A metric is charged for each hour in which it is told, and an account has ten for nothing: so there are ten, and none is
told of nothing. Whatever else is counted stands in the same line, for questions to the log.
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

NAMESPACE = "Backhaul"
METRICS = frozenset(
    {
        "CopiesGone",
        "FilesArrived",
        "FilesOwed",
        "FilesRefused",
        "MediaGivenUp",
        "OldestOwedHours",
        "PcsBehind",
        "ReceiptsRefused",
        "ReceiptsTaken",
        "SweepsNotRun",
    }
)


def line(stage: str, at: datetime, counts: Mapping[str, int], **properties: Any) -> str:
    """Write counts as one line; what is no metric of ours, and what is told beside, can be asked for in the log."""
    metrics = [{"Name": name, "Unit": "Count"} for name in counts if name in METRICS]
    about = {
        "Timestamp": int(at.timestamp() * 1000),
        "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": metrics}],
    }
    told = {"said": "counted", "Stage": stage, **counts, **properties}
    return json.dumps({"_aws": about, **told} if metrics else told)


def tell(stage: str, at: datetime, counts: Mapping[str, int], *, out: TextIO | None = None, **properties: Any) -> None:
    """Print the line where Lambda's log collects it, if there is anything to tell."""
    some = {name: count for name, count in counts.items() if count}
    if some:
        print(line(stage, at, some, **properties), file=out or sys.stdout, flush=True)
