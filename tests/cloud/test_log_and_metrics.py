import io
import json
import logging
from datetime import UTC, datetime

from chalicelib import log, metrics


def written(record: logging.LogRecord) -> dict[str, object]:
    line: dict[str, object] = json.loads(log.JsonLine().format(record))
    return line


def a_record(message: str = "arrived", **extra: object) -> logging.LogRecord:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", "created": 0.0, "msecs": 0.0})
    vars(record).update(extra)
    return record


def test_a_line_carries_the_request_it_belongs_to() -> None:
    log.begin("request-1")

    assert written(a_record())["request_id"] == "request-1"


def test_extra_fields_stand_beside_the_message() -> None:
    line = written(a_record(file_id="f1"))

    assert (line["said"], line["file_id"]) == ("arrived", "f1")


def test_an_owner_is_followed_but_not_named() -> None:
    hashed = log.owner_hash("a4f1-sub")

    assert hashed == log.owner_hash("a4f1-sub")
    assert "a4f1" not in hashed


def test_a_metric_line_follows_the_embedded_format() -> None:
    out = io.StringIO()

    counts = {"FilesArrived": 1, "ReceiptsTaken": 2}
    metrics.tell("dev", datetime(2026, 1, 1, tzinfo=UTC), counts, out=out, owner="x")

    line = json.loads(out.getvalue())
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [
        {"Name": "FilesArrived", "Unit": "Count"},
        {"Name": "ReceiptsTaken", "Unit": "Count"},
    ]
    assert directive["Dimensions"] == [["Stage"]]
    assert (line["Stage"], line["FilesArrived"], line["owner"]) == ("dev", 1, "x")
    assert line["_aws"]["Timestamp"] == 1767225600000


def told(**counts: int) -> list[dict[str, object]]:
    out = io.StringIO()
    metrics.tell("dev", datetime(2026, 1, 1, tzinfo=UTC), counts, out=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_nothing_is_told_of_nothing() -> None:
    assert told(FilesArrived=0, ArrivedBytes=0) == []


def test_a_count_of_nothing_is_no_metric_beside_one_of_something() -> None:
    (line,) = told(ReceiptsTaken=3, ReceiptsRefused=0)

    assert "ReceiptsRefused" not in json.dumps(line)


def test_what_is_no_metric_stands_in_the_log_and_costs_no_more() -> None:
    (line,) = told(MediaAskedAgain=2)

    assert line == {"said": "counted", "Stage": "dev", "MediaAskedAgain": 2}


def test_there_are_no_more_metrics_than_an_account_has_for_nothing() -> None:
    assert len(metrics.METRICS) <= 10
