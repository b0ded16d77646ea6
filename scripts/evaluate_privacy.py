"""Measure how much personal data is found, how often a clean line is changed, and how fast.

    python scripts/evaluate_privacy.py
    python scripts/evaluate_privacy.py --set dev --misses

Lines are those of `corpora/privacy`; rules were written with the dev lines in view, never with
the test lines, which are therefore not printed: `--misses` shows what was missed in dev alone.
A stretch counts as found when each of its characters is covered, whatever kind it was taken for.
Intervals are Wilson's, at 90 %, with the stretches of one line as one group.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from evaluate_models import write_card
from klankbord.metrics.intervals import proportion
from klankbord.models import ToneModel, load_tone_model
from klankbord.models.person_names import NAME_MODEL
from klankbord.privacy import Pseudonymiser, names, numbers, texts
from klankbord.privacy.personal_data import PersonalData, Span
from klankbord.resources import bundled
from klankbord.schema import AuthorRole
from klankbord.tone import score
from marked_lines import MarkedLine, marked, read_lines

CORPUS = Path(__file__).parent.parent / "corpora" / "privacy"
COMMAND = "python scripts/evaluate_privacy.py"
REPEATS = 3
Finder = Callable[[Sequence[str]], list[list[Span]]]


def without_names(texts: Sequence[str]) -> list[list[Span]]:
    """Return for each text the personal data that has a form."""
    return numbers.find_all(texts)


FINDERS: dict[str, Finder] = {"without names": without_names, "with names": texts.find}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", dest="part", choices=("dev", "test"), default="test")
    parser.add_argument("--tone", action="store_true", help="print what replacing does to the tone")
    parser.add_argument("--write-card", action="store_true", help="of the name model, from test")
    parser.add_argument("--misses", action="store_true", help="print what was missed, of dev only")
    asked = parser.parse_args()
    if asked.misses and asked.part != "dev":
        parser.error("--misses goes with --set dev: test lines stay unseen")
    if asked.write_card and asked.part != "test":
        parser.error("a card holds figures of the test lines")
    paths = sorted(CORPUS.glob(f"{asked.part}*.txt"))
    lines = read_lines(*paths)
    clean = [line.text for line in lines if not line.spans]
    print(
        f"{', '.join(path.name for path in paths)}: {len(lines)} lines, {len(clean)} of them clean"
    )
    if not lines:
        return
    for how, find in FINDERS.items():
        find([lines[0].text])  # patterns and models are read once
        found = find([line.text for line in lines])
        print_recall(how, lines, found)
        changed = [bool(spans) for line, spans in zip(lines, found, strict=True) if not line.spans]
        print(f"clean lines changed: {within(np.array(changed), np.arange(len(changed)))}")
        print(f"clean lines per second of one core: {speed(find, clean):,.0f}")
    if asked.tone:
        print_tone([line for line in lines if line.spans])
    if asked.misses:
        print_misses(lines)
    if asked.write_card:
        write_card(bundled(NAME_MODEL), name_figures(lines), COMMAND)


def name_figures(lines: Sequence[MarkedLine]) -> list[tuple[str, str, float]]:
    """Return the share of names found, and of lines without personal data in which one was seen."""
    hits: list[bool] = []
    seen: list[bool] = []
    for line, spans in zip(lines, names.find([line.text for line in lines]), strict=True):
        marked_names = [span for span in line.spans if span.kind is PersonalData.NAME]
        hits += [covered(span, spans) for span in marked_names]
        seen += [] if line.spans else [bool(spans)]
    return [
        ("names found", f"privacy test ({len(hits)})", float(np.mean(hits))),
        (
            "clean lines with a name",
            f"privacy test ({len(seen)})",
            float(np.mean(seen)),
        ),
    ]


def print_recall(how: str, lines: Sequence[MarkedLine], found: Sequence[Sequence[Span]]) -> None:
    """Print the share found of each kind, and the share taken for that very kind."""
    print(f"\n{how}\n{'kind':15} {'marked':>7}  found                   as that kind")
    for kind in PersonalData:
        hits, named, group = [], [], []
        for place, (line, spans) in enumerate(zip(lines, found, strict=True)):
            for span in line.spans:
                if span.kind is kind:
                    hits.append(covered(span, spans))
                    named.append(covered(span, [one for one in spans if one.kind is kind]))
                    group.append(place)
        if any(hits) or (kind is not PersonalData.NAME and hits):
            share = within(np.array(hits), np.array(group))
            print(f"{kind:15} {len(hits):7}  {share:22}  {np.mean(named):6.1%}")


def covered(span: Span, by: Sequence[Span]) -> bool:
    """Tell whether every character of a span lies in one of the others."""
    return all(any(one.start <= at < one.end for one in by) for at in range(span.start, span.end))


def within(hits: np.ndarray, groups: np.ndarray) -> str:
    """Return a share with its interval."""
    estimate = proportion(hits, groups)
    if estimate is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.1%}"
    return f"{estimate.value:.1%} ({estimate.low:.1%} - {estimate.high:.1%})"


def speed(find: Finder, clean: Sequence[str]) -> float:
    """Return lines per second of processor time, the best of a few rounds."""
    took = []
    for _ in range(REPEATS):
        start = time.process_time()
        find(clean)
        took.append(time.process_time() - start)
    return len(clean) / min(took)


def print_tone(lines: Sequence[MarkedLine]) -> None:
    """Print in how many marked lines the tone stays when what is found is replaced.

    Beside it stands what another name and other digits in its place do, which should do nothing.
    """
    pseudonymiser, model = Pseudonymiser(bytes(32)), load_tone_model()
    found = texts.find([line.text for line in lines])
    given = tones([line.text for line in lines], model)
    ways = {
        "replaced": [
            texts.replace(line.text, spans, pseudonymiser.code)
            for line, spans in zip(lines, found, strict=True)
        ],
        "with another name and other digits": [exchanged(line) for line in lines],
    }
    for how, written in ways.items():
        now = tones(written, model)
        same = np.array(now["tone"]) == np.array(given["tone"])
        moved = np.abs(np.array(now["valence"]) - np.array(given["valence"])).mean()
        print(
            f"{how}: tone the same {within(same, np.arange(len(same)))}, valence moved {moved:.3f}"
        )


def tones(written: Sequence[str], model: ToneModel) -> pa.Table:
    """Return the SCORES of texts."""
    table = {
        "feedback_id": [str(place) for place in range(len(written))],
        "verbatim": written,
        "question": [""] * len(written),
        "author_role": [str(AuthorRole.CUSTOMER)] * len(written),
    }
    return score(pa.table(table), model)


def exchanged(line: MarkedLine) -> str:
    """Return the text of a line with "Sanne" for each name and every marked digit one higher."""
    parts, last = [], 0
    for span in line.spans:
        inside = line.text[span.start : span.end]
        other = "".join(str((int(c) + 1) % 10) if c in "0123456789" else c for c in inside)
        parts += [line.text[last : span.start], "Sanne" if span.kind == "naam" else other]
        last = span.end
    return "".join([*parts, line.text[last:]])


def print_misses(lines: Sequence[MarkedLine]) -> None:
    """Print missed stretches in their lines, and clean lines that were changed."""
    for line, found in zip(lines, texts.find([line.text for line in lines]), strict=True):
        missed = [span for span in line.spans if not covered(span, found)]
        if missed:
            print(f"missed   {marked(line.text, missed)}")
        if found and not line.spans:
            print(f"changed  {marked(line.text, found)}")


if __name__ == "__main__":
    main()
