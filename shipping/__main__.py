"""`python -m shipping [--installer] [--into FOLDER]`: build the portable ZIP for Windows, or the installer.

Says where it is and what its SHA-256 is.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from shipping import installer, portable
from shipping.errors import ShippingError

_PROJECT = Path(__file__).parent.parent


def main() -> int:
    """Build, and tell."""
    parser = argparse.ArgumentParser(prog="python -m shipping", description=__doc__)
    parser.add_argument("--into", type=Path, default=Path("build/shipping"), metavar="FOLDER")
    parser.add_argument("--installer", action="store_true", help="the installer in the place of the ZIP")
    chosen = parser.parse_args()
    into: Path = chosen.into
    what = installer if chosen.installer else portable
    target = into / what.NAME
    try:
        what.build(_PROJECT, into / "cache", target, portable.commit_moment(_PROJECT))
    except ShippingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sha256 = hashlib.sha256(target.read_bytes()).hexdigest()
    sys.stdout.write(f"{target}  {target.stat().st_size:,} bytes  sha256 {sha256}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
