"""Run Chalice's command line, and read what it wrote down. Knows its state file."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.adopt import DOMAIN, Values
from infra.errors import ChaliceFailedError

Run = Callable[..., Any]
# Tells the hooks inside Chalice that a person wants the stage to run this Python from now on.
MAY_CHANGE_PYTHON = "BACKHAUL_CHANGE_PYTHON"
# Chalice has no __main__, and its script may be another environment's.
COMMAND = (sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())")


@dataclass(frozen=True)
class Chalice:
    """Chalice for one stage of one project."""

    project: Path
    stage: str
    region: str
    profile: str | None = None
    run: Run = subprocess.run
    may_change_python: bool = False

    @property
    def state_file(self) -> Path:
        """Where Chalice remembers what it deployed."""
        return self.project / ".chalice" / "deployed" / f"{self.stage}.json"

    def deploy(self) -> None:
        """Deploy functions, API and notifications; what Chalice says goes to the terminal as it is."""
        self._call("deploy")

    def delete(self, standing: Sequence[Values]) -> None:
        """Delete what stands; the state is written anew first, so that this can be run again after it died half-way."""
        if not standing:
            self.forget()
            return
        self.state_file.parent.mkdir(parents=True, exist_ok=True)
        state = {"resources": list(standing), "schema_version": "2.0", "backend": "api"}
        self.state_file.write_text(json.dumps(state, indent=2), encoding="utf-8")
        self._call("delete")
        self.forget()

    def forget(self) -> None:
        """Delete Chalice's memory of the stage."""
        self.state_file.unlink(missing_ok=True)

    def url(self) -> str:
        """Where the API that was deployed last answers."""
        resources = json.loads(self.state_file.read_text(encoding="utf-8"))["resources"]
        return str(next(resource["rest_api_url"] for resource in resources if "rest_api_url" in resource))

    def domain(self) -> tuple[str, str] | None:
        """The domain of one's own that the API answers at, and the alias that its name has to lead to."""
        resources = json.loads(self.state_file.read_text(encoding="utf-8"))["resources"]
        found = next((one for one in resources if one["name"] == DOMAIN), None)
        return (found["domain_name"], found["alias_domain_name"]) if found else None

    def _call(self, deed: str) -> None:
        profile = ["--profile", self.profile] if self.profile else []
        environment = {**os.environ, "AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region}
        if self.may_change_python:
            environment[MAY_CHANGE_PYTHON] = "1"
        ended = self.run(
            [*COMMAND, deed, "--stage", self.stage, *profile], cwd=self.project, env=environment, check=False
        )
        if ended.returncode:
            raise ChaliceFailedError(deed, self.stage, ended.returncode)
