"""The exports of the demonstration with something planted in every text that a customer fills."""

import csv
import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

Plant = Callable[[str, str], str]  # (kind of field, what stood there) -> what stands there now

KINDS = {
    "klantnummer": "id", "klant_id": "id", "klant": "id", "gesprek": "id", "review_id": "id",
    "vraag": "question", "toelichting": "words", "opmerking": "words", "review": "words",
    "title": "words", "tekst": "words", "fase": "label", "segment": "label", "regio": "label",
}  # fmt: skip
TABLES = {
    "enquete-golf-1.csv": (";", "cp1252"), "enquete-golf-2.csv": (";", "utf-8-sig"),
    "klanten.csv": (";", "utf-8-sig"), "reviews-vergelijker.csv": (",", "utf-8"),
    "gesprekken/chats.csv": (";", "utf-8"),
}  # fmt: skip
EXTRA = "Monteur"  # an attribute: the role that no column has


def planted(
    exports: Path, target: Path, plant: Plant, *, only: Collection[str] = tuple(TABLES)
) -> Path:
    """Copy the exports, of the tables `only` some, into `target`, spoiled; return the folder."""
    target.mkdir()
    for name in only:
        delimiter, encoding = TABLES[name]
        rows = csv.reader(
            (exports / name).read_text(encoding).splitlines(keepends=True), delimiter=delimiter
        )
        _table(list(rows), target / Path(name).name, delimiter, plant)
    _lines(exports / "reviews-website.jsonl", target / "reviews-website.jsonl", plant)
    for path in sorted((exports / "gesprekken").glob("*.vtt"))[:2]:
        shutil.copy(path, target)
    text = (exports / "gesprekken" / "telefoon-2026-01.txt").read_text("utf-8")
    said = [_turn(line, plant) for line in text.splitlines()]
    (target / "telefoon.txt").write_text("\n".join(said) + "\n", "utf-8")
    return target


def _turn(line: str, plant: Plant) -> str:
    who, colon, words = line.partition(": ")
    if who == "Klantnummer":
        return f"{who}: {' '.join(plant('id', words).split())}"
    if who == "Klant" and colon:
        return f"{who}: {' '.join(plant('words', words).split())}"
    return line


def _table(given: list[list[str]], target: Path, delimiter: str, plant: Plant) -> None:
    header, *rows = given
    kinds = [KINDS.get(name.lower(), "") for name in header]
    spoiled = [
        [
            plant(kind, cell) if kind and cell else cell
            for kind, cell in zip(kinds, row, strict=True)
        ]
        for row in rows
        if len(row) == len(header)
    ]
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow([*header, plant("header", EXTRA)])
        writer.writerows([*row, plant("attribute", "team noord")] for row in spoiled)


def _lines(source: Path, target: Path, plant: Plant) -> None:
    with target.open("w", encoding="utf-8") as stream:
        for line in source.read_text("utf-8").splitlines():
            if not line.endswith("}"):  # one is cut off, as some exports are
                continue
            record = json.loads(line)
            spoiled = {
                name: plant(KINDS[name], value) if name in KINDS and value else value
                for name, value in record.items()
            }
            spoiled[plant("header", EXTRA)] = plant("attribute", "team noord")
            stream.write(json.dumps(spoiled, ensure_ascii=False) + "\n")
