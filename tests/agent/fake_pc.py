"""A PC that is paired with a fake cloud."""

from __future__ import annotations

import threading
from typing import Any

from fake_cloud import DEVICE, KEY, FakeCloud

from agent.drive.home import Home, Pairing
from agent.errors import AgentError
from agent.identity.keystore import KeyStore
from agent.session import Session
from agent.show import status


class Pc:
    """A PC that is paired with a cloud."""

    def __init__(self, home: Home, cloud: FakeCloud) -> None:
        self.home, self.cloud = home, cloud
        self.keys = KeyStore(home, use_keyring=False)
        self.keys.keep(DEVICE, KEY)
        home.remember(Pairing(cloud.url, DEVICE, "test PC"))

    def start(self) -> Session:
        """Start an agent in a thread."""
        self.session = Session(self.home, self.keys, patience=lambda tries: 0.02 * tries)
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=[self.session])
        self._thread.start()
        return self.session

    def stop(self) -> None:
        """Stop the agent and wait until it is gone."""
        self.session.ask_to_stop()
        self._thread.join()

    def wait(self) -> None:
        """Wait until the agent stops by itself."""
        self._thread.join()

    def files(self) -> dict[str, bytes]:
        """Return every file that is home, by its path."""
        found = [path for path in self.home.folder.rglob("*") if path.is_file()]
        shown = [path for path in found if self.home.state not in path.parents]
        return {path.relative_to(self.home.folder).as_posix(): path.read_bytes() for path in shown}

    def says(self, **settings: object) -> None:
        """Change the settings."""
        lines = [f"{name} = {value!r}" for name, value in settings.items()]
        (self.home.state / "config.toml").write_text("\n".join(lines))

    def puts(self, path: str, body: bytes) -> None:
        """Put a file of the owner's own into the home folder."""
        target = self.home.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)

    def status(self) -> dict[str, Any]:
        """Ask how things stand."""
        return status.of(self.home)

    def _run(self, session: Session) -> None:
        try:
            session.run()
        except AgentError as error:
            self.failure = error
