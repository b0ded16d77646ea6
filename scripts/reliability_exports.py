"""Two exports of a made-up company, last month's and this month's, that overlap and have faults.

This month's repeats most of last month's rows, a few of them edited since, and goes on from there.
Some customers cool off, some rows are repeated or cannot be stored.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

HEADER = "review_id,klant,datum,sterren,review\n"
BEGIN = date(2025, 1, 6)
EVERY = 12  # days between two pieces of one customer
PIECES = 10  # of each customer
KNOWN = 0.6  # share of the rows that last month's export has already
REPEATED, BAD, EDITED = 0.01, 0.005, 0.02
GLAD = (
    "Geweldig geholpen, {who} was vriendelijk en {what} was snel geregeld",
    "Echt top, {what} ging helemaal goed en {who} dacht mee",
    "Wat een fijne service, {who} heeft {what} meteen opgelost",
)
COOL = (
    "{who} heeft {what} geregeld, het kon ermee door",
    "{what} is gedaan, verder geen bijzonderheden",
    "Het ging wel, {who} was er en {what} is in orde",
)
ANGRY = (
    "Wat een ellende, {what} duurde weken en {who} belde nooit terug",
    "Ik ben er klaar mee, {what} ging weer mis en {who} wist van niets",
    "Slecht, {what} is nog steeds niet opgelost en {who} neemt niet op",
)
WHO = ("de monteur", "uw medewerker", "de bezorger", "de klantenservice", "mijn adviseur")
WHAT = (
    "de levering", "mijn factuur", "de retour", "de afspraak", "het nieuwe modem", "de storing",
    "de terugbetaling", "mijn adreswijziging", "de opzegging", "de reparatie",
)  # fmt: skip


@dataclass(frozen=True)
class Exports:
    """Where the two files are."""

    before: Path
    now: Path


def write_exports(folder: Path, rows: int, seed: int = 1) -> Exports:
    """Write both exports of `rows` rows in all; the same seed gives the same bytes."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    customers = max(1, rows // PIECES)
    written = [_row(chance, number, customers) for number in range(rows)]
    known = [row for row in written if chance.random() < KNOWN]
    exports = Exports(folder / "vorige-maand.csv", folder / "deze-maand.csv")
    exports.before.write_text(HEADER + "".join(known), "utf-8")
    exports.now.write_text(HEADER + "".join(map(_edited(chance), written)), "utf-8")
    return exports


def write_more(path: Path, name: str, rows: int) -> Path:
    """Write one more export whose rows are in no other of another `name`."""
    chance = random.Random(name)  # noqa: S311 - reproducible, not secret
    lines = [f"{name}-{number},{chance.randrange(900):05d},2025-06-01,{chance.randrange(1, 6)},"
             f"{_words(chance, COOL)}\n" for number in range(rows)]  # fmt: skip
    path.write_text(HEADER + "".join(lines), "utf-8")
    return path


def _row(chance: random.Random, number: int, customers: int) -> str:
    customer, place = number % customers, number // customers
    day = BEGIN + timedelta(days=place * EVERY + customer % EVERY)
    falls = place >= PIECES // 2 and customer % 4 < 2
    stars = "9" if chance.random() < BAD else str(2 if falls else 5)
    words = (COOL, ANGRY)[customer % 4] if falls else ANGRY if customer % 4 == 2 else GLAD
    line = f"r{number},{customer:05d},{day},{stars},{_words(chance, words)}\n"
    return line * 2 if chance.random() < REPEATED else line


def _words(chance: random.Random, sentences: tuple[str, ...]) -> str:
    text = chance.choice(sentences).format(who=chance.choice(WHO), what=chance.choice(WHAT))
    return f'"{text[0].upper()}{text[1:]}."'


def _edited(chance: random.Random):  # noqa: ANN202 - a function of one row
    def edited(row: str) -> str:
        if chance.random() >= EDITED or row.count("\n") > 1:
            return row
        number, customer, _, stars, words = row.split(",", 4)
        return f"{number},{customer},2025-07-01,{stars},{words.replace('.', ' (aangevuld).')}"

    return edited
