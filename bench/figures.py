"""Runs become ratios: those of one round against each other, then their median and spread. Pure."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.contestants import Run
    from bench.rolls import Roll

HEAD = (
    "| who | wall s | CPU s | most MB | agent / it | aim | from - to | once it runs | agent's CPU / its |\n"
    + "|---" * 9
    + "|"
)
"""`once it runs`: without the agent's start, which a PC sees once a boot; theirs is a part of each copying."""
AIMS: dict[str, dict[str, float]] = {
    "s5cmd": {"small": 0.9, "photos": 1.35, "videos": 1.35, "mixed": 1.2, "small-far": 1.0},
    "rclone": dict.fromkeys(("small", "photos", "videos", "mixed", "small-far"), 0.8),
    "s5cmd+sum+sync": dict.fromkeys(("small", "photos", "videos", "mixed", "small-far"), 0.45),
}
"""What the agent's wall time is to be, divided by theirs, roll by roll."""


def table(roll: Roll, runs: dict[str, list[Run]]) -> str:
    """Print one roll's figures as a Markdown table; bold is an aim that is met."""
    ours = runs.get("agent", [])
    lines = [_line(name, of, ours, AIMS.get(name, {}).get(roll.name)) for name, of in runs.items()]
    return f"\n**{roll.name}**: {roll.says} ({roll.total / 1e6:,.0f} MB)\n\n{HEAD}\n" + "\n".join(lines)


def _line(name: str, of: Sequence[Run], ours: Sequence[Run], aim: float | None) -> str:
    wall, cpu, rss = median(run.wall for run in of), median(run.cpu for run in of), max(run.rss for run in of)
    told = f"| {name} | {wall:.2f} | {cpu:.2f} | {rss:.0f} |"
    if name == "agent" or not ours:
        return f"{told} | | | | |"
    ratios = paired([run.wall for run in ours], [run.wall for run in of])
    running = paired([run.wall - run.start for run in ours], [run.wall for run in of])
    spent = paired([run.cpu for run in ours], [run.cpu for run in of])
    judged = f"{beside_aim(median(ratios), aim)} | {min(ratios):.2f} - {max(ratios):.2f} |"
    return f"{told} {judged} {median(running):.2f} | {median(spent):.2f} |"


def beside_aim(ratio: float, aim: float | None) -> str:
    """Write a ratio and its aim as two columns; one that meets its aim, as it is written, is bold."""
    written = f"{ratio:.2f}"
    if aim is None:
        return f"{written} | "
    return f"**{written}** | {aim}" if float(written) <= aim else f"{written} | {aim}"


def paired(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Divide round by round: what disturbed one round disturbed both."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]
