"""Put a stage up: resources, then functions and API, then a look at its health. Safe to run again at any moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import outputs, runtime, stack
from infra.chalice import Chalice
from infra.place import Place
from infra.shared import Shared

Report = Callable[[str], object]
CheckHealth = Callable[[str, str], None]


@dataclass(frozen=True)
class Deployed:
    """A stage that answers."""

    stage: str
    account: str
    region: str
    url: str
    outputs_file: Path
    email: str = ""
    domain: tuple[str, str] | None = None

    def told(self) -> str:
        """Say where it is."""
        lines = [f"\nStage {self.stage} is up and well", f"  address   {self.url}"]
        if self.domain:
            name, alias = self.domain
            lines.append(f"  domain    https://{name}/, once its name leads to {alias}")
        lines += [f"  account   {self.account}, {self.region}", f"  recorded  {self.outputs_file}"]
        if self.email:
            lines.append(f"  alarms    to {self.email}, once they agree in the mail that AWS sends")
        return "\n".join(lines)


def deploy(
    place: Place,
    chalice: Chalice,
    parameters: Mapping[str, str],
    check_health: CheckHealth,
    report: Report = print,
) -> Deployed:
    """Put a stage up and return where it answers. Nobody else of the team deploys it meanwhile."""
    if not chalice.may_change_python:
        runtime.check(place.client("lambda"), chalice.stage)
    shared = Shared(place.client("s3"), place, chalice.stage, chalice.project)
    with shared.lock(may_lack_bucket=True):
        return _deploy(place, chalice, shared, parameters, (check_health, report))


def _deploy(
    place: Place,
    chalice: Chalice,
    shared: Shared,
    parameters: Mapping[str, str],
    told: tuple[CheckHealth, Report],
) -> Deployed:
    """Put it up.

    The outputs are recorded before Chalice runs: if it fails, plain `chalice deploy` can carry on.
    """
    check_health, report = told
    known = {"Stage": chalice.stage, "AWS::AccountId": place.account, "AWS::Region": place.region}
    values = stack.put_up(place.client("cloudformation"), chalice.stage, parameters, known=known, report=report)
    file = outputs.from_stack(chalice.stage, values).write(chalice.project)
    report("Deploying functions and API")
    with shared.lock():
        shared.fetch()
        chalice.deploy()
        shared.publish()
    url = chalice.url()
    report(f"Asking {url}health")
    check_health(url, chalice.stage)
    email = parameters.get("AlarmEmail", "")
    return Deployed(chalice.stage, place.account, place.region, url, file, email, chalice.domain())
