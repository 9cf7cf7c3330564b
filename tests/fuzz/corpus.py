r"""Inputs that are tried each time: what once broke something, and its next of kin.

corpus/<parser>.json    a list of inputs; {"times": 100000, "of": "["} is a long text, {"joined": [...]} are several,
                        {"bytes": "\u00ff"} are bytes
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("corpus")


def kept() -> Iterator[tuple[str, Any]]:
    """Name each kept input, with the parser that it is for."""
    for file in sorted(FOLDER.glob("*.json")):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            yield file.stem, written_out(entry)


def written_out(entry: Any) -> Any:
    """Return an entry as it was found: JSON holds no bytes, and would not want a megabyte of brackets."""
    if isinstance(entry, list):
        return [written_out(one) for one in entry]
    if isinstance(entry, dict) and entry.keys() == {"times", "of"}:
        return entry["of"] * entry["times"]
    if isinstance(entry, dict) and entry.keys() == {"joined"}:
        return "".join(written_out(one) for one in entry["joined"])
    if isinstance(entry, dict) and entry.keys() == {"bytes"}:
        return written_out(entry["bytes"]).encode("latin-1")
    return entry
