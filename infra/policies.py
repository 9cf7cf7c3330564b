"""Fill the `${Placeholders}` of the hand-written policies. Pure.

IAM's own policy variables have a colon (`${aws:PrincipalTag/x}`) and pass through untouched.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.errors import BrokenPolicyError

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9]+)\}")


def placeholders(document: Any) -> set[str]:
    """Name every placeholder a policy has."""
    if isinstance(document, str):
        return set(_PLACEHOLDER.findall(document))
    if isinstance(document, dict):
        return placeholders([*document, *document.values()])
    if isinstance(document, list):
        return {name for part in document for name in placeholders(part)}
    return set()


def render(file: Path, document: Any, values: Mapping[str, str]) -> Any:
    """Return the policy with every placeholder filled, or name all that nothing fills."""
    unknown = sorted(placeholders(document) - values.keys())
    if unknown:
        raise BrokenPolicyError(file, unknown)
    return _filled(document, values)


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, str):
        return _PLACEHOLDER.sub(lambda found: values[found[1]], part)
    if isinstance(part, dict):
        return {_filled(name, values): _filled(value, values) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values) for value in part]
    return part
