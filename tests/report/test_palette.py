"""The palette holds up: contrast on both backgrounds, and told apart with colour blindness."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from klankbord.report import html
from klankbord.schema import TONES

STYLE = (Path(html.__file__).with_name("templates") / "report.css").read_text("utf-8")
# Viénot, Brettel & Mollon (1999): linear RGB as a dichromat sees it.
DICHROMATS = {
    "protan": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deutan": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
    "none": np.eye(3),
}


def themes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(linear(colour) @ weights) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    opponents = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return opponents @ np.cbrt(np.clip(cones @ rgb, 0, None))


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_text_is_readable(theme: str) -> None:
    colours = themes()[theme]
    for text in ("ink", "muted", "accent", "alarm"):
        for ground in ("paper", "card", "tint"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_tones_stand_out_and_apart(theme: str) -> None:
    colours = themes()[theme]
    for tone in TONES:
        for ground in ("paper", "card"):
            assert contrast(colours[f"tone-{tone}"], colours[ground]) >= 3, (tone, ground)
    for name, seen in DICHROMATS.items():
        for one, other in combinations(TONES, 2):
            pair = [oklab(seen @ linear(colours[f"tone-{tone}"])) for tone in (one, other)]
            assert np.linalg.norm(pair[0] - pair[1]) > 0.08, (name, one, other)
