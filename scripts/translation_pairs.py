"""Translation pairs of the training data: what is read, what is left out, under which licence."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model_cards import DataFile

LANGUAGES = ("nl", "de", "fr")
EXCLUDED_SOURCES = {"xed-subs"}  # subtitles: the rights of the films are unclear
MAX_CHARACTERS = 1000


@dataclass(frozen=True)
class Pairs:
    """Inputs of the student and, for each, the row of its English sentence."""

    english: list[str]
    texts: list[str]
    target: np.ndarray  # (len(texts),) row in `english`
    language: np.ndarray  # (len(texts),) 0 en, 1 nl, 2 de, 3 fr


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a tab-separated file with a header and doubled quotes."""
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t")


def measured_texts(data: Path) -> set[str]:
    """Return every text that is only for measuring, so that no pair holding one is used."""
    held: set[str] = {row["text"].strip() for row in rows(data / "tone" / "dev.tsv")}
    for path in sorted((data / "eval").glob("*.tsv")):
        for row in rows(path):
            held.update(value.strip() for value in row.values() if value)
    return held


def read_pairs(data: Path, own: Path) -> Pairs:
    """Read all translation pairs, the aligned training sentences of the reviews, and our own."""
    held = measured_texts(data)
    english: dict[str, int] = {}
    seen: set[tuple[int, str]] = set()
    texts: list[str] = []
    target: list[int] = []
    language: list[int] = []

    def add(en: str, other: str, code: int) -> None:
        en, other = en.strip()[:MAX_CHARACTERS], other.strip()[:MAX_CHARACTERS]
        if not en or not other or en in held or other in held:
            return
        row = english.setdefault(en, len(english))
        for text, tag in ((en, 0), (other, code)):
            if (row, text) not in seen:
                seen.add((row, text))
                texts.append(text)
                target.append(row)
                language.append(tag)

    for code, name in enumerate(LANGUAGES, start=1):
        for row in rows(data / "parallel" / f"en_{name}.tsv"):
            if row["source"] not in EXCLUDED_SOURCES:
                add(row["en"], row[name], code)
    aligned: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows(data / "reviews" / "aspects_nl_en_de_fr.tsv"):
        if row["split"] == "train":
            aligned.setdefault((row["domain"], row["line"]), {})[row["language"]] = row["text"]
    for by_language in aligned.values():
        for code, name in enumerate(LANGUAGES, start=1):
            if name in by_language and "en" in by_language:
                add(by_language["en"], by_language[name], code)
    for path in sorted(own.glob("*.tsv")):
        for row in rows(path):
            for code, name in enumerate(LANGUAGES, start=1):
                add(row["en"], row[name], code)
    return Pairs(list(english), texts, np.array(target), np.array(language, dtype=np.int8))


def used_data(data: Path, own: Path) -> list[DataFile]:
    """Count the pairs by source and licence, for the card."""
    count: dict[tuple[str, str], int] = {}
    for name in LANGUAGES:
        for row in rows(data / "parallel" / f"en_{name}.tsv"):
            if row["source"] not in EXCLUDED_SOURCES:
                licence = row["licence"].replace("unknown", "none stated")
                key = (f"parallel: {row['source']}", licence)
                count[key] = count.get(key, 0) + 1
    reviews = rows(data / "reviews" / "aspects_nl_en_de_fr.tsv")
    key = ("reviews/aspects_nl_en_de_fr.tsv, split train", "none stated")
    count[key] = sum(row["split"] == "train" for row in reviews)
    for path in sorted(own.glob("*.tsv")):
        count[(f"corpora/parallel/{path.name}", "Apache-2.0")] = sum(1 for _ in rows(path))
    return [DataFile(name, number, licence) for (name, licence), number in sorted(count.items())]
