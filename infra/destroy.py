"""Take a stage down, having said what is lost and asked. Safe to run again after it died half-way.

The functions go first, so that nothing new comes in; data goes last, so that what failed before can still be mended.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra import adopt, outputs
from infra.adopt import Values
from infra.chalice import Chalice
from infra.data import Data, Holdings
from infra.errors import NotConfirmedError, NothingThereError
from infra.outputs import stack_of
from infra.place import Place
from infra.stack import Stack

Report = Callable[[str], object]
Ask = Callable[[str], str]


@dataclass(frozen=True)
class Stage:
    """All that stands of one stage."""

    chalice: Chalice
    stack: Stack
    data: Data

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.chalice.stage


def destroy(place: Place, stage: Stage, functions: Sequence[str], ask: Ask, report: Report = print) -> None:
    """Delete everything of a stage, once its name was the answer."""
    deployed = adopt.everything(place.client, stack_of(stage.name), functions)
    held = stage.data.holdings()
    if not (deployed or stage.stack.find() or _is_something(held)):
        _forget(stage)
        raise NothingThereError(stage.name, place.region)
    _confirm(stage.name, place, held, ask, report)
    _take_down(place, stage, deployed, report)
    _forget(stage)
    report(f"Stage {stage.name} is gone")


def _confirm(name: str, place: Place, held: Holdings, ask: Ask, report: Report) -> None:
    report(f"This deletes stage {name} in account {place.account}, {place.region}, for good:")
    for line in held.told():
        report(f"  - {line}")
    report("What is on your PCs stays. What is not yet there is lost.")
    answer = ask(f"Type {name!r} to delete all of it: ").strip()
    if answer != name:
        raise NotConfirmedError(name, answer)


def _take_down(place: Place, stage: Stage, deployed: Sequence[Values], report: Report) -> None:
    if deployed:
        report("Deleting functions and API")
        _lend_outputs(place, stage)
    stage.chalice.delete(deployed)
    report("Deleting the queues of the PCs")
    stage.data.delete_pc_queues()
    stage.stack.take_down()
    report("Deleting the data: objects, table, owners")
    stage.data.delete_bucket()
    stage.data.delete_table()
    stage.data.delete_user_pools()


def _lend_outputs(place: Place, stage: Stage) -> None:
    """Record outputs if none are: Chalice imports app.py even to delete, and app.py wants its settings."""
    project = stage.chalice.project
    if outputs.find(project, stage.name) is None:
        outputs.sample_for(stage.name, place.account, place.region).write(project)


def _is_something(held: Holdings) -> bool:
    return held.has_table or held.objects is not None or held.users is not None or held.queues > 0


def _forget(stage: Stage) -> None:
    stage.chalice.forget()
    outputs.forget(stage.chalice.project, stage.name)
