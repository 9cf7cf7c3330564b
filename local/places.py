"""Where everything of one local system is: folders, files, ports and addresses. Pure."""

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
STAGE = "local"
REGION = "us-east-1"
ACCOUNT = "000000000000"
CLOUD_PORT = 4510
API_PORT = 8700


@dataclass(frozen=True)
class Places:
    """One local system; two with different folders and ports never meet."""

    project: Path
    state: Path
    home: Path
    cloud_port: int = CLOUD_PORT
    api_port: int = API_PORT
    listen: str = LOOPBACK
    """Where both ports are opened. Elsewhere than everybody calls, if something is to stand in between."""

    @property
    def cloud_url(self) -> str:
        """The AWS endpoint of the embedded cloud."""
        return f"http://{LOOPBACK}:{self.cloud_port}"

    @property
    def api_url(self) -> str:
        """The address phones, the page and the agent use."""
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def state_file(self) -> Path:
        """What this folder is, and the keys of its cloud."""
        return self.state / "state.json"

    @property
    def lock_file(self) -> Path:
        """Held for as long as a system runs on this folder."""
        return self.state / "lock"

    @property
    def cloud(self) -> Path:
        """The emulator's own state, one JSON file a service."""
        return self.state / "cloud"

    @property
    def objects(self) -> Path:
        """The bodies of the objects in S3."""
        return self.state / "objects"

    @property
    def scratch(self) -> Path:
        """Unpacked functions; emptied at each start."""
        return self.state / "scratch"

    @property
    def snapshot_file(self) -> Path:
        """When the emulator was last written to disk, and whether it was stopped cleanly since."""
        return self.state / "snapshot.json"

    @property
    def deployed_file(self) -> Path:
        """The fingerprint of what is deployed."""
        return self.state / "deployed.json"

    @property
    def owner_file(self) -> Path:
        """The demo owner's e-mail and password, readable by this user only."""
        return self.state / "owner.json"

    @property
    def pc_file(self) -> Path:
        """Which device the home folder is paired as."""
        return self.state / "pc.json"

    @property
    def operations_file(self) -> Path:
        """If this is there, beside the state, every operation asked for is written into it."""
        return self.state.with_name("operations.log")

    @property
    def running_file(self) -> Path:
        """Where the system that is up now can be found; absent when none is."""
        return self.state / "running.json"

    def log(self, name: str) -> Path:
        """The log of one part: cloud, deploy, agent."""
        return self.state / "logs" / f"{name}.log"

    @property
    def outputs_file(self) -> Path:
        """What `infra` recorded about the stack, for `chalice`."""
        return self.project / ".chalice" / "outputs" / f"{STAGE}.json"

    @property
    def chalice_state_file(self) -> Path:
        """What `chalice deploy` remembers having made."""
        return self.project / ".chalice" / "deployed" / f"{STAGE}.json"
