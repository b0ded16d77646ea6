"""Time what readers do with 1 MB of text that parsers find hard, each in processor seconds.

    python scripts/bench_hostile.py [--megabytes 1]

Prints the slowest first; run it on a quiet machine. A quadratic reader takes minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.sources import read

HARD = (
    "\n", " ", ":", ": ", '"', ";", "a;", "[", "{", "(", "<", "<v ", "<b>", "<p>x", "-->", "0",
    "1:1 ", "> ", "Op ", "Van: \n", "Van: a\nVerzonden: b\n", "From ", "a: b\n", "K: x\n",
    "Klant:\n", "- ", "00:00:01.000 --> 00:00:02.000\nx\n\n", "12-03-2024 09:14 - A: x\n",
    "--x\n", "=?utf-8?q?x?= ",
)  # fmt: skip
BEGINNINGS = {
    "table": "klant;datum;opmerking\n1;01-02-2024;",
    "transcript": "Klant: hallo\nMedewerker: dag\nKlant: ",
    "webvtt": "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v A>hallo</v>\n\n",
    "srt": "1\n00:00:01,000 --> 00:00:02,000\nhallo\n\n",
    "whatsapp": "12-03-2024 09:14 - A: hallo\n12-03-2024 09:15 - B: dag\n",
    "mail": "From: a@x.nl\nTo: b@y.nl\nSubject: vraag\nMessage-ID: <1@x>\n\nhallo\n",
    "mbox": "From a@x.nl Sat Nov 21 20:00:52 2026\nFrom: a@x.nl\nMessage-ID: <1@x>\n\nhallo\n",
    "json": '{"reviews": [{"text": "',
    "xml": "<reviews><review><a>x</a><b>",
    "html": "<html><body><table><tr><td>opmerking</td></tr><tr><td>",
}


def main() -> None:
    """Time every beginning with every hard piece and print what took longest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=1.0)
    parser.add_argument("--show", type=int, default=15, help="rows to print")
    asked = parser.parse_args()
    size = round(asked.megabytes * 1_000_000)
    taken: list[tuple[float, str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hard"
        path.write_text(BEGINNINGS["table"], encoding="utf-8")
        list(read(path))  # so that no case pays for what is imported once
        for name, beginning in BEGINNINGS.items():
            for piece in HARD:
                path.write_text(beginning + piece * (size // len(piece)), encoding="utf-8")
                start = time.process_time()
                with contextlib.suppress(UnreadableInputError):
                    for _ in read(path):
                        pass
                taken.append((time.process_time() - start, name, piece))
    within = sum(seconds < asked.megabytes for seconds, _, _ in taken)
    print(f"{within} of {len(taken)} within 1 s a megabyte\n\n| Reader | Repeated | Seconds |")
    print("|---|---|---|")
    for seconds, name, piece in sorted(taken, reverse=True)[: asked.show]:
        print(f"| {name} | `{piece!r}` | {seconds:.2f} |")


if __name__ == "__main__":
    main()
