"""Measure the import of a very large CSV: speed, peak memory, and every row accounted for.

    python scripts/bench_import.py --rows 400000               # about 100 MB
    python scripts/bench_import.py --rows 4000000              # about 1 GB
    python scripts/bench_import.py --rows 400000 --own-ids     # and next month's, which overlaps

The file is made here from a seed: about 250 bytes a row, some cells of several lines, and known
numbers of repeated rows, of rows without a customer number and of rows that cannot be stored. A
child process imports it into a fresh workspace; its counts must be the planted ones. With
`--own-ids` every row has the id of its review; a second export then repeats a twentieth of them,
half with other words at a later time, and brings as many new ones.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

BAD, REPEATED, ANONYMOUS, SEVERAL_LINES = 0.005, 0.02, 0.2, 0.15  # shares of the rows
OVERLAP = 20  # one row in so many comes back in the next export
BEGIN = datetime(2023, 1, 2, 8)  # noqa: DTZ001 - written without a zone, as exports are
STEP = timedelta(seconds=20)
COLUMNS = ("klantnummer", "datum", "nps", "opmerking", "regio", "afdeling", "kanaal van bestelling")
OWN_ID = "review_id"
SENTENCES = (
    "{who} {did} {when} {what} en {then}.",
    "Toen ik {when} {what} wilde regelen, {then}.",
    "{when} heb ik gebeld over {what}, maar {then}.",
    "Ik vind het {how} dat {who} {what} {did}, want {then}.",
    "Voor {what} was de uitleg {how} en {then}.",
)
WORDS = {
    "who": (
        "de monteur", "uw medewerker", "de bezorger", "iemand van de klantenservice", "de chatbot",
        "mijn vaste adviseur", "de verkoper in de winkel", "een collega van u", "de planner",
    ),
    "did": (
        "beloofde", "verving", "vergat", "regelde", "bekeek", "bracht", "verstuurde", "herstelde",
    ),
    "when": (
        "gisteren", "vorige week", "op maandag", "na drie weken", "eindelijk", "in het weekend",
        "tegen de avond", "voor de tweede keer", "zonder afspraak", "binnen een dag",
    ),
    "what": (
        "de kapotte ketel", "mijn bestelling", "de verkeerde factuur", "het nieuwe modem",
        "een afspraak voor de storing", "de terugbetaling", "mijn adreswijziging", "het contract",
        "de wasmachine", "een retourlabel", "het verzoek om opzegging", "de schade aan de deur",
    ),
    "how": (
        "prettig", "vervelend", "onbegrijpelijk", "netjes", "jammer", "heel fijn", "matig",
        "teleurstellend", "uitstekend", "slordig",
    ),
    "then": (
        "niemand belde terug", "alles was snel in orde", "het duurde veel te lang",
        "ik moest het verhaal opnieuw vertellen", "de kosten waren hoger dan afgesproken",
        "dat scheelde me een hoop tijd", "daarna bleef het stil", "ik werd keurig geholpen",
        "de website gaf steeds een fout", "het is nog steeds niet opgelost",
        "de app werkte meteen goed", "dat had beter gekund",
    ),
}  # fmt: skip
REGIONS = ("Noord", "Oost", "Zuid", "West", "Midden")
DEPARTMENTS = ("Techniek", "Verkoop", "Facturatie", "Bezorging", "Webwinkel")
SHOPS = ("winkel in de stad", "website", "telefonische verkoop", "app op de telefoon")


@dataclass
class Counts:
    """Rows of an import, planted or found."""

    rows_in: int = 0
    stored: int = 0
    updated: int = 0
    duplicates: int = 0
    rejected: int = 0

    @property
    def add_up(self) -> bool:
        """Whether no row went missing."""
        return self.rows_in == self.stored + self.duplicates + self.rejected


def main() -> int:
    """Print the figures; 1 when a row went missing or a count is not the planted one."""
    parser = argparse.ArgumentParser(description="Measure `klankbord import` on a large CSV.")
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--own-ids", action="store_true")
    parser.add_argument("--folder", type=Path, help="where to work; by default a temporary folder")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        return _import(*arguments.child)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        exports = [_first_export(folder / "een.csv", arguments)]
        if arguments.own_ids:
            exports.append(_next_export(folder / "twee.csv", arguments))
        done = [_measure(path, folder, planted) for path, planted in exports]
        size = sum(path.stat().st_size for path in folder.glob("klankbord.db*"))
        print(f"workspace          {size / 1e6:.0f} MB")
    return 0 if all(done) else 1


# --- making the exports ---------------------------------------------------------------------------


def _first_export(path: Path, arguments: argparse.Namespace) -> tuple[Path, Counts]:
    planted = Counts()
    chance = random.Random(arguments.seed)  # noqa: S311 - reproducible, not secret
    recent: list[str] = []
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_header(own_ids=arguments.own_ids))
        for number in range(arguments.rows):
            planted.rows_in += 1
            drawn = chance.random()
            if drawn < BAD:
                planted.rejected += 1
                file.write(_bad_row(chance, number, own_ids=arguments.own_ids))
            elif drawn < BAD + REPEATED and recent:
                planted.duplicates += 1
                file.write(chance.choice(recent))
            else:
                planted.stored += 1
                anonymous = chance.random() < ANONYMOUS
                row = _row(chance, number, anonymous=anonymous, own_ids=arguments.own_ids)
                file.write(row)
                if not anonymous or arguments.own_ids:  # nothing else tells it from another row
                    recent = [*recent[-200:], row]
    return path, planted


def _next_export(path: Path, arguments: argparse.Namespace) -> tuple[Path, Counts]:
    """Write an export that repeats some rows of the first, edits some, and brings new ones."""
    planted = Counts()
    chance = random.Random(arguments.seed + 1)  # noqa: S311 - reproducible, not secret
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_header(own_ids=True))
        for row in _good_rows(arguments):
            edited = bool(planted.rows_in // 2 % 2)
            planted.rows_in += 2
            planted.stored += 1 + edited
            planted.updated += edited
            planted.duplicates += not edited
            number, _, rest = row.partition(";")
            file.write(_later(number, rest, chance) if edited else row)
            file.write(_row(chance, arguments.rows + planted.rows_in, own_ids=True))
    return path, planted


def _good_rows(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield one in OVERLAP of the rows that the first export was made of."""
    chance = random.Random(arguments.seed)  # noqa: S311 - reproducible, not secret
    recent = False
    kept = 0
    for number in range(arguments.rows):
        drawn = chance.random()
        if drawn < BAD:
            _bad_row(chance, number, own_ids=True)
        elif drawn < BAD + REPEATED and recent:
            chance.choice(range(min(kept, 201)))
        else:
            row = _row(chance, number, anonymous=chance.random() < ANONYMOUS, own_ids=True)
            recent, kept = True, kept + 1
            if kept % OVERLAP == 0:
                yield row


def _later(number: str, rest: str, chance: random.Random) -> str:
    customer, _, score, *_ = rest.split(";")
    return ";".join(
        (number, customer, "31-12-2029 12:00:00", score, _cell(chance), *_context(chance))
    )


def _header(*, own_ids: bool) -> str:
    return ";".join(((OWN_ID,) if own_ids else ()) + COLUMNS) + "\r\n"


def _row(
    chance: random.Random, number: int, *, anonymous: bool = False, own_ids: bool = False
) -> str:
    customer = "" if anonymous else f"{chance.randrange(300_000):07d}"
    moment = f"{BEGIN + number * STEP:%d-%m-%Y %H:%M:%S}"
    score = str(chance.randrange(11))
    cells = (customer, moment, score, _cell(chance), *_context(chance))
    return ";".join(((f"R{number:08d}",) if own_ids else ()) + cells)


def _bad_row(chance: random.Random, number: int, *, own_ids: bool) -> str:
    """Return a row with an impossible date, a score out of range, or a cell too few."""
    row = _row(chance, number, own_ids=own_ids).split(";", 4 if own_ids else 3)
    fault = chance.randrange(3)
    if fault == 0:
        row[-3] = "31-02-2024 10:00:00"
    elif fault == 1:
        row[-2] = "11"
    else:
        del row[0]
    return ";".join(row)


def _cell(chance: random.Random) -> str:
    sentences = [_sentence(chance) for _ in range(chance.choice((1, 1, 2, 2, 2, 3, 4)))]
    if chance.random() < SEVERAL_LINES:
        return '"' + "\n".join(sentences).replace("app", 'zogenaamde ""app""') + '"'
    return " ".join(sentences)


def _sentence(chance: random.Random) -> str:
    words = {name: chance.choice(of) for name, of in WORDS.items()}
    text = chance.choice(SENTENCES).format(**words)
    return text[0].upper() + text[1:]


def _context(chance: random.Random) -> tuple[str, str, str]:
    shop = chance.choice(SHOPS)
    return chance.choice(REGIONS), chance.choice(DEPARTMENTS), f"{shop}\r\n"


# --- measuring ------------------------------------------------------------------------------------


def _measure(path: Path, folder: Path, planted: Counts) -> bool:
    begin = time.perf_counter()
    command = [sys.executable, __file__, "--child", str(path), str(folder)]
    with (folder / "counts.json").open("w") as answer:
        process = subprocess.Popen(command, stdout=answer)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status:
        sys.exit(f"the import failed with exit code {os.waitstatus_to_exitcode(status)}")
    found = Counts(**json.loads((folder / "counts.json").read_text()))
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"file               {path.stat().st_size / 1e6:.0f} MB")
    print(f"wall seconds       {seconds:.1f}")
    print(f"rows per second    {found.rows_in / seconds:.0f}")
    print(f"peak memory        {peak / 1e6:.0f} MB")
    for name, number in asdict(found).items():
        print(f"{name:18} {number}")
    print(f"rows accounted for {'yes' if found.add_up else 'NO'}")
    print(f"as planted         {'yes' if found == planted else f'NO: {planted}'}", flush=True)
    return found.add_up and found == planted


def _import(source: Path, folder: Path) -> int:
    """Import `source` and print what became of its rows; runs in a process of its own."""
    from klankbord.importing import import_sources
    from klankbord.settings import Settings

    settings = Settings(key_file=str(folder / "sleutel"))
    done = import_sources([source], workspace=folder / "klankbord.db", settings=settings)
    (count,) = done.counts
    print(json.dumps({name: getattr(count, name) for name in asdict(Counts())}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
