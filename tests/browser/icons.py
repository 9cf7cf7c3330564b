"""Draws the page's icons for home screens out of `icon.svg`: `python -m tests.browser.icons` after a change of it.

Phones' home screens want PNG. They are drawn by the browser itself, with few colours, so that they weigh little.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

WEB = Path(__file__).parents[2] / "chalicelib" / "web"
SIDES = (180, 192, 512)
COLOURS = 64


def drawn(browser: Browser, side: int) -> Image.Image:
    """Draw the icon as the browser does."""
    with browser.new_context(viewport={"width": side, "height": side}) as context:
        page = context.new_page()
        page.set_content((WEB / "icon.svg").read_text(encoding="utf-8"))
        page.add_style_tag(content="body { margin: 0 } svg { display: block; width: 100vw; height: 100vh }")
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main() -> None:
    found = os.environ.get("BACKHAUL_BROWSER") or shutil.which("chromium")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for side in SIDES:
            picture = drawn(browser, side).quantize(COLOURS, dither=Image.Dither.NONE)
            picture.save(WEB / f"icon-{side}.png", optimize=True)


if __name__ == "__main__":
    main()
