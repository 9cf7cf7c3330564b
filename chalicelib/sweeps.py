"""What is put right on a schedule."""

from chalicelib.cloud import Cloud


def sweep_pending(world: Cloud) -> None:
    """Repair arrivals whose event was lost, release uploads that never came."""
