"""Whether a port can be opened, and who has it when not. Knows sockets."""

import errno
import json
import socket
import urllib.request

from local.errors import PortTakenError
from local.places import LOOPBACK, Places


def refuse_taken(places: Places) -> None:
    """Raise `PortTakenError` for the first port that is not free."""
    for port, option in ((places.cloud_port, "CLOUD_PORT"), (places.api_port, "PORT")):
        if not free(port, places.listen):
            raise PortTakenError(port, option, holder(port))


def free(port: int, host: str = LOOPBACK) -> bool:
    """Whether we could listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def holder(port: int) -> str:
    """Name the program that listens on a port, as far as it can be known from outside."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/health", timeout=2) as answer:
            told = json.load(answer)
    except (OSError, ValueError):
        return "another program"
    if isinstance(told, dict) and told.get("stage") == "local":
        return "another Backhaul"
    return "an AWS emulator" if isinstance(told, dict) and "services" in told else "another program"
