"""Makes the README's pictures out of those the tests took: `python -m tests.browser.pictures`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
TAKEN = ROOT / "build" / "browser"
SHOWN = ROOT / "docs" / "pictures"
NAMES = ("home-light", "library-photos-light", "library-details-dark", "home-on-the-way-dark")
WIDTH = 390
COLOURS = 64


def main() -> None:
    SHOWN.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        taken = Image.open(TAKEN / f"{name}.png").convert("RGB")
        small = taken.resize((WIDTH, taken.height * WIDTH // taken.width), Image.Resampling.LANCZOS)
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(SHOWN / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
