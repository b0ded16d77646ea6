"""Make the pictures of the report in the README, from the demonstration; needs Chromium.

python scripts/screenshots.py [--report RAPPORT.HTML]
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "corpora" / "demo"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, MARGIN = 1440, 28
PICTURES = {  # file: the elements between whose top and bottom it lies
    "rapport.png": ("header.masthead", "#overzicht .key-figures"),
    "rapport-toon.png": ("#toon", "#toon .card >> nth=0"),
    "rapport-themas.png": ("#themas", "table.themes tbody tr >> nth=6"),
}
COLOURS, LARGEST = 96, 150_000


def main() -> int:
    """Write the pictures and tell their sizes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--report", type=Path, help="a report of the demonstration made before")
    report = parser.parse_args().report
    with tempfile.TemporaryDirectory() as folder:
        page = report or _demonstration(Path(folder))
        sizes = {name: _save(shot, FOLDER / name) for name, shot in _taken(page.resolve())}
    for name, size in sizes.items():
        print(f"{name} {size / 1000:.0f} kB")
    return int(max(sizes.values()) > LARGEST)


def _demonstration(folder: Path) -> Path:
    from klankbord.cli import run

    if run(["analyse", "--demo", "--out", str(folder), "--quiet"]):
        sys.exit("the demonstration could not be analysed")
    return folder / "rapport.html"


def _taken(page: Path) -> Iterator[tuple[str, bytes]]:
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("there is no Chromium here: apt-get install chromium")
    root = getattr(os, "geteuid", lambda: 1)() == 0
    options: dict[str, Any] = {
        "viewport": {"width": WIDTH, "height": 900},
        "device_scale_factor": 1,
    }
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox"] if root else []
        )
        window = chromium.new_page(color_scheme="light", reduced_motion="reduce", **options)
        window.goto(page.as_uri())
        window.locator("nav.sections").evaluate("(bar) => { bar.style.position = 'static'; }")
        for name, (first, last) in PICTURES.items():
            top = window.locator(first).evaluate("(it) => it.getBoundingClientRect().top + scrollY")
            end = window.locator(last).evaluate(
                "(it) => it.getBoundingClientRect().bottom + scrollY"
            )
            clip: Any = {"x": 0, "y": top, "width": WIDTH, "height": end - top + MARGIN}
            yield name, window.screenshot(full_page=True, clip=clip)
        chromium.close()


def _save(shot: bytes, path: Path) -> int:
    """Write a picture with a palette, which is enough for text and flat colours."""
    from PIL import Image

    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    small = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
