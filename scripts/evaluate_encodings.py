"""Measure how often a file's encoding is decided right, and how fast; prints Markdown tables.

    python scripts/evaluate_encodings.py [--lines FILE.tsv ...] [--draws 200]

Files of 5, 20, 200 and 2,000 lines are made of Dutch sentences, a few of which have a letter or
sign outside ASCII: the sentences below, and the lines of the files given (any column of a
tab-separated file). A file counts as right where every character is read back.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from klankbord.sources.text_encoding import detect_encoding, open_text

ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso8859-15", "cp850",
    "cp858", "mac_roman",
)  # fmt: skip
SIZES = (5, 20, 200, 2_000)
ACCENTED = (1, 2, 0.02)  # lines with a sign outside ASCII: one, two, or a share of them
OWN = (
    "Eén keer gebeld en meteen geholpen", "Het is één grote puinhoop", "Ik betaal € 12,50 te veel",
    "Kosten: €25 per maand", "De foto’s staan nog steeds verkeerd", "Ze bellen ’s avonds laat",
    "Al die ideeën en niemand luistert", "Ik voel me niet serieus genomen, geïrriteerd dus",
    "Wachttijd 20–30 minuten – veel te lang", "Hij zei: “komt goed” en hing op", "Hè, eindelijk!",
    "De coördinatie tussen de afdelingen ontbreekt", "Wij wonen in België en krijgen niets",
    "Drie à vier weken wachten op een monteur", "Zó slecht heb ik het nog nooit meegemaakt",
    "Dát was niet de afspraak", "De enquête was te lang", "Ik wil naar een ander café",
    "Reünie van klanten, zei de medewerker", "Efficiënt geholpen door de medewerkster",
    "Na de crèche nog even langs de winkel", "Mevrouw Müller hielp mij uitstekend",
    "Geen reactie … en dan wéér een aanmaning", "Een beetje naïef om dat te geloven",
    "Gefactureerd voor 2 m² te veel", "Beëindigd zonder bericht", "De privé-gegevens op straat",
    "Zoë van de klantenservice was top", "Ik heb het ‘gratis’ pakket nooit gekregen",
)  # fmt: skip
PLAIN = (
    "Snelle levering, top!", "Ik wacht al drie weken", "Niemand belt terug", "n.v.t.",
    "De chauffeur was vriendelijk", "Prijs is te hoog", "Alles was prima geregeld",
    "De app loopt steeds vast", "Factuur klopt niet", "Nooit meer bij dit bedrijf",
)  # fmt: skip


def main() -> None:
    """Print accuracy by encoding and size, and the speed on a large file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=Path, nargs="*", default=[])
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--wrong", type=int, default=0, help="lines to show of files read wrong")
    options = parser.parse_args()
    accented, plain = list(OWN), list(PLAIN)
    for path in options.lines:
        for line in path.read_text("utf-8").splitlines():
            (plain if line.isascii() else accented).append(line.replace("\t", ";"))
    print(f"{len(accented):,} lines with a sign outside ASCII, {len(plain):,} without\n")
    print("| encoding | accents | " + " | ".join(f"{size:,} lines" for size in SIZES) + " |")
    print("|---|---|" + "---|" * len(SIZES))
    with tempfile.TemporaryDirectory() as folder:
        for encoding in ENCODINGS:
            usable = [line for line in accented if _fits(line, encoding)]
            for share in ACCENTED:
                cells = [
                    _accuracy(Path(folder), encoding, size, share, usable, plain, options)
                    for size in SIZES
                ]
                print(f"| {encoding} | {_shown(share)} | " + " | ".join(cells) + " |")
        print()
        _speed(Path(folder), options.megabytes)


def _fits(line: str, encoding: str) -> bool:
    try:
        return line.encode(encoding).decode(encoding) == line
    except UnicodeEncodeError:
        return False


def _shown(share: float) -> str:
    return f"{share:.0%} of lines" if share < 1 else f"{share:.0f} line" + "s" * (share > 1)


def _accuracy(
    folder: Path,
    encoding: str,
    size: int,
    share: float,
    accented: Sequence[str],
    plain: Sequence[str],
    options: argparse.Namespace,
) -> str:
    chance = random.Random(f"{encoding} {size} {share}")  # noqa: S311 - a draw, no secret
    draws = max(20, options.draws * 20 // size) if size > 20 else options.draws
    right = 0
    for _ in range(draws):
        special = int(share) if share >= 1 else max(1, round(share * size))
        lines = chance.choices(accented, k=special) + chance.choices(plain, k=size - special)
        chance.shuffle(lines)
        text = "Klantnummer;Opmerking\r\n" + "".join(
            f"00{at};{line}\r\n" for at, line in enumerate(lines)
        )
        path = folder / "file"
        path.write_bytes(text.encode(encoding))
        found = detect_encoding(path)
        with open_text(path, found) as stream:
            good = stream.read() == text
        right += good
        if not good and options.wrong > 0:
            options.wrong -= 1
            wrong = [line for line in lines if not line.isascii()]
            print(f"{encoding} read as {found.name}: {wrong[:2]}")
    return f"{right / draws:.3f} (n={draws})"


def _speed(folder: Path, megabytes: int) -> None:
    line = "001234;12-03-2024;7,5;Geïrriteerd: € 12,50 te veel, één keer gebeld, toen niets meer\n"
    block = (line + PLAIN[0] * 8 + "\n").encode() * 6_000
    path = folder / "large"
    for name, last in (("UTF-8", b""), ("UTF-8 with a bad last line", b"kapot \xff\n")):
        with path.open("wb") as stream:
            while stream.tell() < megabytes << 20:
                stream.write(block)
            stream.write(last)
        start = time.perf_counter()
        found = detect_encoding(path)
        seconds = time.perf_counter() - start
        print(
            f"{name}: {found.name}, {megabytes / seconds:,.0f} MB/s, "
            f"1 GB in {1_024 / megabytes * seconds:.2f} s"
        )


if __name__ == "__main__":
    main()
