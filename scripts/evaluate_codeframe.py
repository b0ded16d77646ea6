"""Measure the codes recognised by examples: precision and recall of each, and what they take.

    python scripts/evaluate_codeframe.py --data /path/to/data

Without `--data` only our own texts in `corpora/themes` are measured. The thresholds in
`klankbord/themes/coding.py` were chosen on the tune half of `codes.tsv`; the words of the
codeframe were written with both halves in view, so only `codes_unseen.tsv` is a fair measure.
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from klankbord.models import Encoder, ToneModel, load_encoder, load_tone_model
from klankbord.themes.codeframe import OVERIG, codeframe
from klankbord.themes.coding import code_by_examples
from klankbord.tone import tone_levels
from tone_figures import held_out
from tone_texts import THEMES
from translation_pairs import rows

ROOT = Path(__file__).parent.parent
OURS = ROOT / "corpora" / "themes"
NONE = "-"
LOW = 2  # levels of tone that complain: boos, ontevreden


def main() -> None:
    """Print the figures on the test halves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with tone/train.tsv")
    parser.add_argument("--half", choices=("test", "tune"), default="test")
    asked = parser.parse_args()
    model, encoder = load_tone_model(tier="cascade"), load_encoder()
    for name, whole in (("codes", False), ("codes_unseen", True)):
        table = list(rows(OURS / f"{name}.tsv"))
        if not whole:
            table = [row for row in table if half(row["id"]) == asked.half]
        print(f"\n{name}.tsv, {'all' if whole else f'{asked.half} half'}: {len(table)} texts")
        on_ours(table, model, encoder)
    if asked.data:
        on_held_out(asked.data, asked.half, model, encoder)


def half(name: str) -> str:
    """Return "tune" or "test" by a digest of the id."""
    return "test" if zlib.crc32(name.encode()) % 2 else "tune"


def coded(
    texts: Sequence[str], questions: Sequence[str], model: ToneModel, encoder: Encoder
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the codes before and after, and which texts a run would take for complaints."""
    scores = model.predict(list(texts), list(questions))
    given = np.array([model.themes[place] for place in scores.theme], dtype=object)
    complains = (given != NONE) | (tone_levels(scores.probabilities) < LOW)
    given[given == NONE] = OVERIG
    after = code_by_examples(texts, given, encoder.encode(list(texts)), encoder, codeframe())
    return given, after, complains


def on_ours(table: list[dict[str, str]], model: ToneModel, encoder: Encoder) -> None:
    """Print precision and recall per new code, and the accuracy on the old ones."""
    texts = [row["text"] for row in table]
    gold = np.array([row["code"] for row in table], dtype=object)
    before, after, complains = coded(texts, [""] * len(texts), model, encoder)
    taught = [code.code for code in codeframe().values() if code.examples]
    new = np.isin(gold, taught)
    print("precision and recall with 90 % intervals, and the share a run takes for a complaint")
    for code in taught:
        heard = share((gold == code) & complains, gold == code)
        right, found, is_code = (gold == code) & (after == code), after == code, gold == code
        print(f"{code:18} {within(right, found)}  {within(right, is_code)}  {heard}")
    right, found = new & (after == gold), np.isin(after, taught)
    print(f"{'all':18} {within(right, found)}  {within(right, new)}  {share(new & complains, new)}")
    dutch = np.array([row["language"] == "nl" for row in table])
    for name, mine in (("Dutch", dutch), ("en, de, fr", ~dutch)):
        found = np.isin(after, taught) & mine
        right = found & (after == gold)
        print(f"{name}: precision {share(right, found)}, recall {share(right, new & mine)}")
    old = ~new
    print(f"old codes: accuracy before {share(old & (before == gold), old)}", end="")
    print(f", after {share(old & (after == gold), old)}", end="")
    print(f", recoded {share(old & np.isin(after, taught), old)}")


def within(some: np.ndarray, all_of: np.ndarray) -> str:
    """Return a share with its counts and its 90 % Wilson interval."""
    hits, total = int(some.sum()), int(all_of.sum())
    if not total:
        return "none found"
    low, high = binomtest(hits, total).proportion_ci(0.9, method="wilson")
    return f"{hits / total:.2f} [{low:.2f}, {high:.2f}] ({hits}/{total})"


def on_held_out(data: Path, which: str, model: ToneModel, encoder: Encoder) -> None:
    """Print how many labelled complaints of the held-out tenth change code, and into which."""
    labels = held_out(data, ROOT / "corpora" / "tone")
    mine = np.array([half(name) == which for name in labels.ids])
    labels = labels.take(np.flatnonzero(mine & (labels.theme > 0)))
    gold = np.array([THEMES[place] for place in labels.theme], dtype=object)
    before, after, _ = coded(labels.texts, labels.questions, model, encoder)
    moved = before != after
    print(f"\nheld-out tenth, {which} half: {len(gold):,} labelled complaints")
    print(f"recoded {share(moved, np.ones_like(moved))}, of those rightly coded before ", end="")
    print(share(moved & (before == gold), before == gold))
    print("into", dict(Counter(after[moved]).most_common()))
    print("from", dict(Counter(gold[moved]).most_common()))


def share(some: np.ndarray, all_of: np.ndarray) -> str:
    """Return a share with its counts."""
    return f"{some.sum() / max(1, all_of.sum()):.3f} ({int(some.sum())} of {int(all_of.sum())})"


if __name__ == "__main__":
    main()
