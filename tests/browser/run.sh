#!/usr/bin/env bash
# The page in a real Chromium against the embedded cloud. Arguments go to pytest; pictures land in build/browser.
set -euo pipefail
cd "$(dirname "$0")/../.."
python="${PYTHON:-.venv/bin/python}"

browser() { command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome || true; }
if [ -z "$(browser)" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "test-browser cannot run here: install Chromium, or name one with CHROMIUM=/path" >&2
        exit 1
    fi
    echo "Installing Chromium from Debian's packages (once)" >&2
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
if [ -z "$(browser)" ]; then
    echo "test-browser cannot run here: Chromium could not be installed" >&2
    exit 1
fi
"$python" -c 'import axe_playwright_python, playwright, zxingcpp' 2>/dev/null ||
    "$python" -m pip install --quiet --disable-pip-version-check -r tests/browser/requirements.txt
BACKHAUL_BROWSER="$(browser)" exec "$python" -m pytest -q --numprocesses 2 tests/browser "$@"
