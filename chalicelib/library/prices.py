"""What AWS takes, and what a file costs on its way: the one table of prices. Pure.

List prices without free tiers, in pico-dollars (10^-12 USD) for one of each, as published in September 2026;
docs/COST.md names the sources. To bring it up to date, change `PRICES`, `RATES` and `AS_OF`, and nothing else.

What files are charged with is the work of their usual way (`ARRIVALS`, `HOMECOMINGS`), as `make count-operations`
counted it and a test compares, times the files that were counted; nobody meters single requests. Left out is what does
not grow with files: alarms, metrics, an idle stage. `make cost` has that, too.
"""

from dataclasses import dataclass, fields

AS_OF = "2026-09"
REGION = "us-east-1"
# What the works below are for: a share of a request that many files have in common is a whole number of a thousand.
FILES = 1000
_GIB = 2**30
_PICO = 1000


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


@dataclass(frozen=True)
class Rates:
    """What a month of standing things and what a GiB costs."""

    stored_gib: int
    sent_gib: int
    table_gib: int
    log_gib: int
    metric: int = 300_000_000_000
    alarm: int = 100_000_000_000
    dashboard: int = 3_000_000_000_000


PRICES = {
    "us-east-1": Work(
        api_requests=3_500_000,
        function_calls=200_000,
        function_mib_seconds=13_021,
        puts=5_000_000,
        gets=400_000,
        messages=400_000,
        reads=125_000,
        writes=625_000,
    ),
    "eu-central-1": Work(
        api_requests=3_700_000,
        function_calls=200_000,
        function_mib_seconds=13_021,
        puts=5_400_000,
        gets=430_000,
        messages=400_000,
        reads=152_500,
        writes=762_500,
    ),
}
# A GiB of the table is its own and the backup's: point-in-time recovery.
RATES = {
    "us-east-1": Rates(
        stored_gib=23_000_000_000, sent_gib=90_000_000_000, table_gib=450_000_000_000, log_gib=500_000_000_000
    ),
    "eu-central-1": Rates(
        stored_gib=24_500_000_000, sent_gib=90_000_000_000, table_gib=550_800_000_000, log_gib=630_000_000_000
    ),
}
STORED_GIB_MONTH = RATES[REGION].stored_gib // _PICO
SENT_GIB = RATES[REGION].sent_gib // _PICO

# A thousand files: begun, arrived, looked into, with two previews; told to one PC; let go when their grace is over.
ARRIVALS = Work(
    api_requests=125,
    function_calls=1_500,
    function_mib_seconds=1_660_000,
    puts=4_000,
    gets=3_000,
    messages=2_500,
    reads=16_000,
    writes=74_000,
)
# A thousand files fetched by one PC and receipted.
HOMECOMINGS = Work(
    api_requests=125,
    function_calls=250,
    function_mib_seconds=9_000,
    gets=1_000,
    messages=375,
    reads=1_000,
    writes=6_750,
)


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


def of(work: Work, region: str = REGION) -> int:
    """Return what some work costs, in nano-dollars."""
    prices = PRICES[region]
    total: int = sum(getattr(work, field.name) * getattr(prices, field.name) for field in fields(Work))
    return total // _PICO


def estimate(*, stored_bytes: int, arrived: int, taken_home: int, sent_bytes: int) -> Cost:
    """Estimate a month's cost: what is stored stays all month, the rest is what has happened in it so far."""
    return Cost(
        storage=stored_bytes * STORED_GIB_MONTH // _GIB,
        requests=(arrived * of(ARRIVALS) + taken_home * of(HOMECOMINGS)) // FILES,
        transfer=sent_bytes * SENT_GIB // _GIB,
    )
