"""Which Python a stage runs, as its API function tells: whoever deploys next has the same, or says that it changes."""

import sys
from typing import Any

from infra.errors import OtherPythonError
from infra.outputs import stack_of


def check(functions: Any, stage: str, running: tuple[int, int] = sys.version_info[:2]) -> None:
    """Refuse another Python than the stage's; before the first deploy any will do."""
    try:
        standing = functions.get_function_configuration(FunctionName=stack_of(stage)).get("Runtime", "")
    except functions.exceptions.ResourceNotFoundException:
        return
    ours = f"python{running[0]}.{running[1]}"
    if standing != ours:
        raise OtherPythonError(stage, standing.removeprefix("python"), ours.removeprefix("python"))
