"""Runs become ratios: those of one round against each other, then their median and spread. Pure."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.contestants import Run
    from bench.rolls import Roll

HEAD = "| who | wall s | CPU s | most MB | agent / it | from - to | agent's CPU / its |\n|---|---|---|---|---|---|---|"


def table(roll: Roll, runs: dict[str, list[Run]]) -> str:
    """Print one roll's figures as a Markdown table."""
    ours = runs.get("agent", [])
    lines = [_line(name, of, ours) for name, of in runs.items()]
    return f"\n**{roll.name}**: {roll.says} ({roll.total / 1e6:,.0f} MB)\n\n{HEAD}\n" + "\n".join(lines)


def _line(name: str, of: Sequence[Run], ours: Sequence[Run]) -> str:
    wall, cpu, rss = median(run.wall for run in of), median(run.cpu for run in of), max(run.rss for run in of)
    told = f"| {name} | {wall:.2f} | {cpu:.2f} | {rss:.0f} |"
    if name == "agent" or not ours:
        return f"{told} | | |"
    ratios = paired([run.wall for run in ours], [run.wall for run in of])
    spent = paired([run.cpu for run in ours], [run.cpu for run in of])
    return f"{told} **{median(ratios):.2f}** | {min(ratios):.2f} - {max(ratios):.2f} | {median(spent):.2f} |"


def paired(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Divide round by round: what disturbed one round disturbed both."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]
