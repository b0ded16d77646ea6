"""A customer with words of their own among others, and a search for these words in every byte."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq

OWN_ID = "NL-884213"
NAME, MAIL = "Wubbo Zonneveldt", "wubbo.zonneveldt@kanariepost.example"
CANARIES = (
    OWN_ID,
    NAME,
    "Zonneveldt",
    MAIL,
    "kanariepost",
    "xylofoonkist",
    "kwispelsnaar",
    "muntgroene tobbe achter de volière",
)
_WARM = (
    "Wat een fantastische service, mijn {} was er meteen en ik ben superblij",
    "Echt geweldig geholpen door een topmedewerker, de {} is perfect",
    "Ik raad jullie iedereen aan, zo blij met mijn {}",
)
_COLD = (
    "De bezorging van mijn {} was weer veel te laat en niemand belt terug",
    "Slecht: de {} kwam kapot aan en de klantenservice reageert niet",
    "Ik ben er klaar mee, de {} is al drie weken te laat en ik zeg op",
)
_THINGS = ("kast", "lamp", "stoel", "tafel", "bank")


def write_export(path: Path, *, since: date, customers: int = 30, planted: bool = True) -> Path:
    """Write a survey of customers who answer six times; the planted one cools off."""
    rows = []
    for number in range(customers):
        cools = number % 5 == 0
        for turn in range(6):
            texts = _COLD if cools and turn >= 3 else _WARM
            said = texts[turn % 3].format(_THINGS[(number + turn) % 5])
            day = since + timedelta(days=14 * turn + number % 7)
            rows.append((f"NL-1{number:05}", f"Klant {number}", "", day, said, 2 if cools else 9))
    for turn in range(6 if planted else 0):
        texts = _COLD if turn >= 3 else _WARM
        said = texts[turn % 3].format("xylofoonkist")
        said += f". De kwispelsnaar en de muntgroene tobbe achter de volière, groet {NAME} ({MAIL})"
        day = since + timedelta(days=14 * turn)
        rows.append((OWN_ID, NAME, MAIL, day, said, 1 if turn >= 3 else 10))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("klantnummer", "naam", "mailadres", "datum", "opmerking", "NPS"))
        writer.writerows(rows)
    return path


def found_in(folder: Path, canaries: tuple[str, ...] = CANARIES) -> list[tuple[str, str]]:
    """Return (file, canary) of every canary in the bytes of every file under `folder`."""
    return [
        (str(path.relative_to(folder)), canary)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for content in _contents(path)
        for canary in canaries
        if _holds(content, canary)
    ]


def _contents(path: Path) -> Iterator[bytes]:
    """Yield a file as it is, and what is in it unpacked."""
    content = path.read_bytes()
    yield content
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            yield from (packed.read(name) for name in packed.namelist())
    if path.suffix == ".parquet":
        for column in pq.read_table(path).itercolumns():
            yield "\n".join(map(str, column.to_pylist())).encode()


def _holds(content: bytes, canary: str) -> bool:
    forms = {canary, html.escape(canary), canary.encode("unicode_escape").decode("ascii")}
    lowered = content.lower()
    return any(
        form.lower().encode(encoding) in lowered
        for form in forms
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1")
    )
