"""What AWS takes, and what a file costs on its way: the one table of prices. Pure.

List prices of us-east-1 without free tiers, in nano-dollars (10^-9 USD), as last compared in 2025. Another region is
dearer by up to a fifth. To bring it up to date, change `PRICES` and `AS_OF`, and nothing else.

What a file is charged with is the work of its usual way (`ARRIVAL`, `HOMECOMING`), times the files that were counted;
nobody meters single requests. Left out is what does not grow with files: alarms, logs, an idle stage.
"""

from dataclasses import dataclass, fields

AS_OF = "2025-11"
REGION = "us-east-1"
_GIB = 2**30


@dataclass(frozen=True)
class Work:
    """How often each service is used. Reads and writes are DynamoDB's units; a write in a transaction is two."""

    api_requests: int = 0
    function_calls: int = 0
    function_mib_seconds: int = 0
    puts: int = 0
    gets: int = 0
    messages: int = 0
    reads: int = 0
    writes: int = 0


# Nano-dollars for one of each.
PRICES = Work(
    api_requests=3_500,
    function_calls=200,
    function_mib_seconds=13,
    puts=5_000,
    gets=400,
    messages=400,
    reads=125,
    writes=625,
)
STORED_GIB_MONTH = 23_000_000
SENT_GIB = 90_000_000

# Begun alone, arrived, looked into, with two previews; told to one PC.
ARRIVAL = Work(
    api_requests=1,
    function_calls=3,
    function_mib_seconds=1_600,
    puts=3,
    gets=2,
    messages=4,
    reads=16,
    writes=34,
)
# Fetched by one PC and receipted.
HOMECOMING = Work(api_requests=1, function_calls=1, function_mib_seconds=50, gets=1, messages=2, reads=3, writes=12)


@dataclass(frozen=True)
class Cost:
    """A month's cost in nano-dollars."""

    storage: int
    requests: int
    transfer: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.storage + self.requests + self.transfer


def of(work: Work) -> int:
    """Return what some work costs, in nano-dollars."""
    return sum(getattr(work, field.name) * getattr(PRICES, field.name) for field in fields(Work))


def estimate(*, stored_bytes: int, arrived: int, taken_home: int, sent_bytes: int) -> Cost:
    """Estimate a month's cost: what is stored stays all month, the rest is what has happened in it so far."""
    return Cost(
        storage=stored_bytes * STORED_GIB_MONTH // _GIB,
        requests=arrived * of(ARRIVAL) + taken_home * of(HOMECOMING),
        transfer=sent_bytes * SENT_GIB // _GIB,
    )
