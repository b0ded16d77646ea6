"""Measure language identification: on lines cut short, on mixed lines, and how fast it is.

    python scripts/evaluate_language.py --data /path/to/data

Lines are those of FLORES devtest, in four languages; nothing was chosen on them (`--part dev`
prints what it was chosen on). "py3langid" is that identifier and nothing else, "alone" the
likeliest language with own words weighed in, however unsure, "clear only" the lines that are sure,
and "inherited" a source that is 90 % Dutch, where a line that is not clear takes the majority.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from klankbord.language import identify
from klankbord.language.identification import read
from klankbord.language.likelihood import identifier
from klankbord.schema import FEEDBACK, conform
from translation_pairs import rows

LANGUAGES = ("nl", "en", "de", "fr")
CUTS = (3, 6, 12)
MAIN, SHARE = "nl", 9  # nine lines in ten of a source
SEED = 5
PAIRS = 2000
REPEATS = 5
Line = tuple[str, str]  # its language and its words


def lines_of(data: Path, part: str) -> list[dict[str, str]]:
    """Return the lines of FLORES, each with its four translations."""
    return list(rows(data / "eval" / f"flores_{part}.tsv"))


def cut(lines: Sequence[Line], words: int) -> list[Line]:
    """Return the first `words` words of every line; 0 keeps all."""
    return [(language, " ".join(text.split()[: words or None])) for language, text in lines]


def accuracy(lines: Sequence[Line], found: Sequence[str | None]) -> list[float]:
    """Return the share right per language, then of all."""
    right = [language == got for (language, _), got in zip(lines, found, strict=True)]
    of = [[ok for ok, (own, _) in zip(right, lines, strict=True) if own == language]
          for language in LANGUAGES]  # fmt: skip
    return [sum(part) / max(1, len(part)) for part in (*of, right)]


def as_table(lines: Sequence[Line]) -> pa.Table:
    """Return the lines as feedback of one source."""
    count = len(lines)
    columns = {
        "feedback_id": [str(row) for row in range(count)],
        "source": ["flores"] * count,
        "channel": ["survey"] * count,
        "author_role": ["customer"] * count,
        "verbatim": [text for _, text in lines],
        "attributes": ["{}"] * count,
    }
    return conform(pa.table(columns), FEEDBACK)


def mostly_dutch(lines: Sequence[Line]) -> list[Line]:
    """Return all Dutch lines, and of the others so many that nine in ten are Dutch."""
    dutch = [line for line in lines if line[0] == MAIN]
    others = [line for line in lines if line[0] != MAIN]
    drawn = np.random.default_rng(SEED).choice(len(others), len(dutch) // SHARE, replace=False)
    return [*dutch, *(others[place] for place in drawn)]


def joined(flores: Sequence[dict[str, str]], words: int) -> list[tuple[Line, Line]]:
    """Return pairs of lines in two languages, cut."""
    draw = np.random.default_rng(SEED)
    pairs = []
    for _ in range(PAIRS):
        languages = [LANGUAGES[at] for at in draw.choice(len(LANGUAGES), 2, replace=False)]
        two = [(language, flores[draw.integers(len(flores))][language]) for language in languages]
        first, second = cut(two, words)
        pairs.append((first, second))
    return pairs


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/")
    parser.add_argument("--part", choices=("devtest", "dev"), default="devtest")
    options = parser.parse_args()
    flores = lines_of(options.data, options.part)
    lines = [(language, line[language]) for line in flores for language in LANGUAGES]
    print(f"FLORES {options.part}: {len(flores)} lines in {', '.join(LANGUAGES)}")
    print_accuracy(lines)
    print_mixed(flores, lines)
    print_speed(lines)


def print_accuracy(lines: Sequence[Line]) -> None:
    """Print the accuracy on cut lines, alone and inherited."""
    print(f"\n| Words | How | {' | '.join(LANGUAGES)} | All | Clear |")
    print(f"|---|---|{'---|' * (len(LANGUAGES) + 2)}")
    alone = identifier(LANGUAGES)
    for words in (*CUTS, 0):
        short = cut(lines, words)
        raw = [str(alone.classify(text)[0]) for _, text in short]
        print(row(words, "py3langid", accuracy(short, raw), 1.0))
        clear = [read(text, LANGUAGES).language for _, text in short]
        sure = sum(language is not None for language in clear) / len(short)
        likeliest = [read(text, LANGUAGES, sure=0.0, fewest=0).language for _, text in short]
        print(row(words, "alone", accuracy(short, likeliest), sure))
        kept = [pair for pair in zip(short, clear, strict=True) if pair[1] is not None]
        right = accuracy([line for line, _ in kept], [language for _, language in kept])
        print(row(words, "clear only", right, 1.0))
        source = mostly_dutch(short)
        found = identify(as_table(source), LANGUAGES)["language"].to_pylist()
        print(row(words, "inherited", accuracy(source, found), sure))


def row(words: int, which: str, right: Sequence[float], sure: float) -> str:
    """Return one line of the table."""
    shares = " | ".join(f"{share:.1%}" for share in right)
    return f"| {words or 'all'} | {which} | {shares} | {sure:.1%} |"


def print_mixed(flores: Sequence[dict[str, str]], lines: Sequence[Line]) -> None:
    """Print how often pure lines are called mixed, and joined lines recognised."""
    print("\n| Words | Pure lines called mixed | Two languages joined: marked | both right |")
    print("|---|---|---|---|")
    for words in (*CUTS, 0):
        wrong = [read(text, LANGUAGES).second is not None for _, text in cut(lines, words)]
        pairs = joined(flores, words)
        found = [read(f"{one[1]} {two[1]}", LANGUAGES) for one, two in pairs]
        marked = sum(reading.second is not None for reading in found) / len(pairs)
        right = sum(
            {reading.language, reading.second} == {one[0], two[0]}
            for reading, (one, two) in zip(found, pairs, strict=True)
        )
        both = right / len(pairs)
        print(f"| {words or 'all'} | {sum(wrong) / len(wrong):.2%} | {marked:.1%} | {both:.1%} |")


def print_speed(lines: Sequence[Line]) -> None:
    """Print lines per second of the whole step, every line another."""
    print("\n| Words | Lines per second |\n|---|---|")
    for words in (*CUTS, 0):
        texts = list(dict(cut([(text, text) for _, text in lines], words)).values())
        table = as_table([("", text) for text in texts])
        took = min(timed(table) for _ in range(REPEATS))
        print(f"| {words or 'all'} | {table.num_rows / took:,.0f} |")


def timed(table: pa.Table) -> float:
    """Return the seconds one identification takes."""
    start = time.perf_counter()
    identify(table, LANGUAGES)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
