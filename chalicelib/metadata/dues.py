"""What is due, whatever it is about: an item with `dueKind` and `dueAt` is on a list that some sweep works off.

A list is worked off from its oldest end, a bounded piece at a time. So what cannot be done has to go behind the others.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.metadata.table import Key, Operation, Update


def put_off(item: Mapping[str, Any], due_at: str) -> Operation:
    """Look at an item later. Fails if it was done, or put off by somebody else, since it was read."""
    when, values = "#dueKind = :kind AND #dueAt = :was", {"kind": item["dueKind"], "was": item["dueAt"], "due": due_at}
    return Update(Key(item["pk"], item["sk"]), "SET #dueAt = :due", when, values)
