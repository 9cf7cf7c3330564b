"""What 10,000 photos ask of AWS and cost, next to a simple design: counts and prices of `admin.cost`."""

from __future__ import annotations

from admin import cost

MONTHS = (1, 12)
_ASKED = {
    "api": "requests to the API",
    "functions": "functions run",
    "writes": "write units of DynamoDB",
    "halfReads": "half read units of DynamoDB",
    "s3Dear": "PUT, COPY and LIST of S3",
    "s3Cheap": "GET and HEAD of S3",
    "sqs": "requests to SQS",
}


def section() -> str:
    """Lay out calls and dollars."""
    counted, standing = cost.read(), cost.standing()
    asked = cost.Asked()
    ours, simple = cost.per_file(counted, asked.pcs), cost.simple_per_file(asked.pcs)
    lines = [f"| {asked.files:,} photos, one PC | Backhaul | simple design |", "|---|---:|---:|"]
    lines += [
        f"| {says} | {ours.get(name, 0) * asked.files:,.0f} | {simple.get(name, 0) * asked.files:,.0f} |"
        for name, says in _ASKED.items()
    ]
    for months in MONTHS:
        span = cost.Asked(months=months)
        both = cost.ours(span, counted, standing), cost.simple(span)
        cells = " | ".join(f"{sum(one.values()):.2f}" for one in both)
        free = " | ".join(f"{sum(cost.charged(one, months).values()):.2f}" for one in both)
        lines.append(f"| dollars, {months} month{'s' * (months != 1)}, list price | {cells} |")
        lines.append(f"| the same, free tier off | {free} |")
    return "\n".join(lines)
