"""`make count-operations`: what a file asks of AWS, counted and written down. `admin/cost.py` reckons with it.

The legs are counted on moto, where every item can be weighed; the same way is gone once through the whole embedded
cloud, and what that was asked for is written down beside them.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from admin.cost import LEGS, OPERATIONS
from bench import journey

FILES = 8


def counted() -> dict[str, Any]:
    """Count with one PC and with two; more of them differ by as much again."""
    return {"files": FILES, "pcs": {str(pcs): journey.count(pcs, FILES) for pcs in (1, 2)}}


def main() -> int:
    """Count, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-moto", action="store_true", help="leave the embedded cloud's counts as they are")
    told = counted()
    if parser.parse_args().only_moto and OPERATIONS.exists():
        told["embedded"] = json.loads(OPERATIONS.read_text(encoding="utf-8"))["embedded"]
    else:
        from bench import embedded  # noqa: PLC0415 (starts a cloud)

        told["embedded"] = {"files": FILES, "operations": embedded.count(FILES)}
    OPERATIONS.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(_compared(told))
    return 0


def _compared(told: dict[str, Any]) -> str:
    """Lay the counts of the same way side by side, for as many files."""
    here: dict[str, int] = {}
    for leg in LEGS[:-1]:
        for name, times in told["pcs"]["1"][leg].items():
            here[name] = here.get(name, 0) + times
    there = told["embedded"]["operations"]
    rows = [f"{name:<24} {here.get(name, 0):>6} {there.get(name, 0):>9}" for name in sorted({*here, *there})]
    return "\n".join([f"{told['files']} files to one PC       counted  embedded", *rows])


if __name__ == "__main__":
    sys.exit(main())
