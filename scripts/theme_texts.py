"""Texts with gold themes, and real ones without, for the benchmark of themes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tone_texts import Labelled, read_labelled
from translation_pairs import rows

SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[.!?])(?=[A-Z])")
SHORTEST = 15  # characters of a sentence that may complain of something


@dataclass(frozen=True)
class Gold:
    """Texts with the theme people gave each, and texts of the same kind for coherence."""

    name: str
    texts: list[str]
    theme: np.ndarray  # int per text
    others: list[str]  # held out: only to count which words go together

    @property
    def themes(self) -> int:
        """How many gold themes there are."""
        return len(np.unique(self.theme))


def gold_sets(data: Path) -> Iterator[Gold]:
    """Yield (a) Dutch complaints, (b) bank questions, (c) Dutch commands to an assistant."""
    found = complaints(
        read_labelled({name: data / "tone" / f"{name}.tsv" for name in ("train", "dev")})
    )
    reviews = [row["text"] for row in rows(data / "reviews" / "food_delivery_stars_nl.tsv")]
    yield Gold("(a) Dutch complaints", found.texts, found.theme, reviews)
    bank = list(_csv(data / "eval" / "banking_data_test.csv"))
    yield Gold(
        "(b) bank questions",
        [row["text"] for row in bank],
        np.unique([row["category"] for row in bank], return_inverse=True)[1],
        [row["text"] for row in _csv(data / "eval" / "banking_data_train.csv")],
    )
    texts, intents = zip(*_intents(data / "eval"), strict=True)
    yield Gold("(c) intents", list(texts), np.unique(intents, return_inverse=True)[1], [])


def complaints(labels: Labelled) -> Labelled:
    """Return the texts that complain of something."""
    return labels.take(np.flatnonzero(labels.theme > 0))


def sentences(data: Path, count: int) -> list[str]:
    """Return `count` different sentences of real reviews; beyond those there are, with edits.

    An edit leaves one word out and puts another sentence's word in: enough for a new text.
    """
    found: dict[str, None] = {}
    for name in ("food_delivery_stars_nl.tsv", "product_stars_nl.tsv"):
        for row in rows(data / "reviews" / name):
            found.update(
                dict.fromkeys(p for p in SENTENCE.split(row["text"]) if len(p) >= SHORTEST)
            )
    base = list(found)
    rng = np.random.default_rng(0)
    words = [word for text in base[:5000] for word in text.split()]
    while len(found) < count:
        text = base[int(rng.integers(len(base)))].split()
        text[int(rng.integers(len(text)))] = words[int(rng.integers(len(words)))]
        found[" ".join(text)] = None
    order = rng.permutation(len(found))[:count]
    everything = list(found)
    return [everything[place] for place in order]


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _intents(folder: Path) -> Iterator[tuple[str, str]]:
    for part in ("valid", "test"):
        text = ""
        for line in (folder / f"intents_nl.{part}.conll").read_text("utf-8").splitlines():
            if line.startswith("# text ="):
                text = line.partition("=")[2].strip()
            elif line.startswith("# intent ="):
                yield text, line.partition("=")[2].strip()
