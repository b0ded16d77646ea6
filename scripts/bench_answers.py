"""Make a survey export of any size for measuring: real answers resampled, with small edits.

Half of the answers are one or two sentences of reviews, the rest shorter; one in eight is a few
words as they are, so that the same words come back as they do in a survey. The others have a word
changed, lost or misspelled. Customers answer several times over two years.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN = datetime(2024, 1, 1, 6, tzinfo=UTC)
PERIOD = timedelta(days=730)
ANSWERS_EACH = 5  # of a customer, on average
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[a-z][.!?])(?=[A-Z])")
SHORT, LONGEST = 4, 30  # words of a piece
STAR_FILES = ("food_delivery_stars_nl.tsv", "product_stars_nl.tsv")
SCORES = {  # NPS that goes with a tone or with stars
    "boos": (0, 1, 2), "ontevreden": (3, 4, 5, 6), "neutraal": (6, 7, 8), "positief": (8, 9),
    "enthousiast": (9, 10), "1": (0, 1, 2), "2": (2, 3, 4, 5), "3": (6, 7), "4": (8, 9),
    "5": (9, 10),
}  # fmt: skip
HEADER = ("klantnummer", "datum", "nps", "opmerking", "regio", "afdeling")
REGIONS = ("Noord", "Oost", "Zuid", "West", "Midden")
DEPARTMENTS = ("Techniek", "Verkoop", "Facturatie", "Bezorging", "Webwinkel")

Piece = tuple[str, str]  # words, and the tone or stars of the text they are from


def write_export(path: Path, rows: int, *, data: Path | None = None, seed: int = 1) -> None:
    """Write `rows` answers as a CSV, with pieces of the reviews in `data` or else of corpora/."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    customers = max(1, rows // ANSWERS_EACH)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for text, kind in answers(rows, chance, data):
            at = BEGIN + chance.random() * PERIOD
            writer.writerow(
                (
                    f"K{chance.randrange(customers):07d}",
                    f"{at:%Y-%m-%d %H:%M:%S}",
                    chance.choice(SCORES[kind]),
                    text,
                    chance.choice(REGIONS),
                    chance.choice(DEPARTMENTS),
                )
            )


def answers(rows: int, chance: random.Random, data: Path | None = None) -> Iterator[Piece]:
    """Yield texts of some twelve words with the tone or stars they were written with."""
    pieces = list(_reviews(data) if data else _own())
    short = [piece for piece in pieces if piece[0].count(" ") < SHORT]
    long = [piece for piece in pieces if piece[0].count(" ") >= SHORT]
    words = sorted({word for text, _ in pieces for word in text.split()})
    for _ in range(rows):
        kind = chance.random()
        if kind < 0.125:
            yield chance.choice(short)
            continue
        text, tone = chance.choice(long if kind < 0.8 else pieces)
        if kind > 0.55:
            text = f"{text} {chance.choice(pieces)[0]}"
        yield _edited(text, words, chance), tone


def _edited(text: str, words: Sequence[str], chance: random.Random) -> str:
    """Change, lose or misspell one or two words of a text."""
    told = text.split()
    for _ in range(chance.randint(1, 2)):
        place, kind = chance.randrange(len(told)), chance.random()
        if kind < 0.4:
            told[place] = chance.choice(words)
        elif kind < 0.6 and len(told) > 1:
            del told[place]
        elif len(told[place]) > 3:
            at = chance.randrange(len(told[place]) - 1)
            word = told[place]
            told[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(told)


def _reviews(data: Path) -> Iterator[Piece]:
    for name in STAR_FILES:
        for row in _rows(data / "reviews" / name):
            yield from _pieces(row["text"], row["stars"])


def _own() -> Iterator[Piece]:
    for path in sorted((ROOT / "corpora" / "tone").glob("*.tsv")):
        for row in _rows(path):
            if row.get("language") == "nl" and row.get("tone") in SCORES:
                yield from _pieces(row["text"], row["tone"])


def _pieces(text: str, kind: str) -> Iterator[Piece]:
    for sentence in SENTENCE_END.split(text):
        words = sentence.split()
        if words:
            yield " ".join(words[:LONGEST]), kind


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")
