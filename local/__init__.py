"""The embedded cloud: everything a newcomer needs to run Backhaul on one machine.

An interpreter that is too old is told so here, before a module is read whose syntax it does not know.
"""

import sys

OLDEST = (3, 11)


def too_old(found):  # type: (tuple[int, ...]) -> str  # noqa: ANN001, ANN201 - an old Python must be able to read this
    """Say in a sentence that this Python is too old, or nothing."""
    if tuple(found[:2]) >= OLDEST:
        return ""
    return "Python must be {}.{} or newer, got {}.{}.\nMake the virtual environment anew with a newer one.".format(
        *OLDEST, *found[:2]
    )


if too_old(sys.version_info[:3]):
    sys.exit(too_old(sys.version_info[:3]))
