"""The names of what survives its stack, written out in the template. Pure.

AWS takes an existing bucket or table back into a new stack only where the template holds the very name: it does not
look behind `!Sub`, and would fail on the name being taken.
"""

import re
from collections.abc import Mapping

_NAME = re.compile(r"^(\s+(?:BucketName|TableName): )!Sub (\S+)$", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{([A-Za-z:]+)\}")


def written_out(template: str, values: Mapping[str, str]) -> str:
    """Return the template with those names as plain text; `values` are by the template's own variables."""
    return _NAME.sub(lambda name: name[1] + _VARIABLE.sub(lambda variable: values[variable[1]], name[2]), template)
