"""One cold start, in a process of its own: import the app, answer one event, and tell the processor's milliseconds.

Runs where a Lambda function runs: with the zip and the runtime's packages on its path, and nothing of this project.
"""

import contextlib
import io
import json
import os
import sys
import time


def main() -> None:
    """Read from standard input what is to be done; write what it took."""
    told = json.loads(sys.stdin.read())
    os.environ.update(told["environment"])
    sys.path[:] = [*told["path"], *sys.path]
    begun = time.process_time()
    import app  # noqa: PLC0415 (what is measured)

    imported = time.process_time()
    function = app.app if told["function"] == "app" else getattr(app, told["function"])
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        answer = function(told["event"], None)
    answered = time.process_time()
    status = answer.get("statusCode", 200) if isinstance(answer, dict) else 200
    marks = {"python": begun, "import": imported, "answer": answered}
    print(json.dumps({**{name: at * 1000 for name, at in marks.items()}, "status": status}))
    if told.get("verbose"):
        print(answer, printed.getvalue(), len(sys.modules), file=sys.stderr)


if __name__ == "__main__":
    main()
