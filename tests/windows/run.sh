#!/usr/bin/env bash
# The agent's tests under Windows CPython, on Linux, through Wine. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec "${PYTHON:-.venv/bin/python}" tests/windows/suite.py "$@"
