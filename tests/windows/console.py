"""`console.py COMMAND...`: run a command, press Ctrl-C in its console when our own input ends, exit as it did.

Started in a console of its own; Ctrl-C goes to every program of a console.
"""

import ctypes
import subprocess
import sys

CTRL_C = 0


def main() -> int:
    """Run the command."""
    windows = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    running = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    sys.stdin.read()
    windows.SetConsoleCtrlHandler(None, 1)
    windows.GenerateConsoleCtrlEvent(CTRL_C, 0)
    return running.wait()


if __name__ == "__main__":
    sys.exit(main())
