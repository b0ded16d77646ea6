"""Prove `klankbord train` and `evaluate` on data from another world: Dutch economic headlines.

Trains on DIR/eval/headlines.csv (three classes) and measures on the 284 gold headlines of
DIR/eval/headlines_gold.csv, whose text is in headlines_gold_text.csv. No row whose id or wording
(letters and digits alone) is in the gold files is trained on. Everything is chosen by
cross-validation on the training rows; `--variants` also prints what other recipes give there.
The published figures are those of Van Atteveldt, Van der Velden and Boukes (2021).
"""

from __future__ import annotations

import argparse
import csv
import re
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from klankbord import labelling
from klankbord.labelling import Quality, heads
from klankbord.labelling.heads import Recipe
from klankbord.models import load_encoder, load_tone_model
from klankbord.models.adapted import class_probabilities, membership, softmax

PUBLISHED = (("lexicons, at best", 0.07), ("support vector machine", 0.41), ("CNN", 0.50))
SHOWN = ("alpha_interval", "alpha_ordinal", "alpha_nominal", "macro_f1", "accuracy",
         "quadratic_kappa", "brier", "calibration_error")  # fmt: skip
VARIANTS = {
    "n-grams": Recipe(vector=0, base=0),
    "sentence vectors": Recipe(ngrams=0, vector=2.8, base=0),
    "base log-probabilities": Recipe(ngrams=0, vector=0),
    "n-grams and vectors": Recipe(base=0),
    "all three": Recipe(),
    "all three, classes weighted": Recipe(balanced=True),
    "all three, twice as free": Recipe(ngrams=2, vector=1, base=0.6),
    "all three, half as free": Recipe(ngrams=1, vector=0.5, base=0.3),
}


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def wording(text: str) -> str:
    """Return the letters and digits of a headline, in lower case."""
    return re.sub(r"[\W_]+", "", text.casefold())


def split(data: Path, folder: Path) -> tuple[Path, Path]:
    """Write training and gold rows as sheets in `folder`; no gold headline is in the first."""
    gold = {row["id"]: row["value"] for row in rows(data / "eval" / "headlines_gold.csv")}
    texts = {row["id"]: row["headline"] for row in rows(data / "eval" / "headlines_gold_text.csv")}
    held = {wording(text) for text in texts.values()}
    everything = rows(data / "eval" / "headlines.csv")
    held |= {wording(row["headline"]) for row in everything if row["id"] in gold}
    train = [
        (row["headline"], row["value"])
        for row in everything
        if row["gold"] == "FALSE" and row["id"] not in {*gold, *texts}
        and wording(row["headline"]) not in held
    ]  # fmt: skip
    assert not held & {wording(text) for text, _ in train}  # noqa: S101 - the point of the proof
    sheets = folder / "train.csv", folder / "gold.csv"
    wanted = [(texts[own], value) for own, value in sorted(gold.items())]
    for path, lines in zip(sheets, (train, wanted), strict=True):
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("headline", "value"))
            writer.writerows(lines)
    print(f"{len(train):,} rows to train on, {len(wanted)} gold headlines")
    return sheets


def shown(title: str, quality: Quality) -> None:
    """Print the figures with their 95 % intervals."""
    print(f"\n{title} ({quality.rows:,} rows)")
    for name in SHOWN:
        figure = quality.figures[name]
        print(f"  {name:18} {figure.value:.3f}  [{figure.low:.3f}, {figure.high:.3f}]")
    each = zip(quality.classes, quality.f1, strict=True)
    print("  F1 " + ", ".join(f"{name} {figure.value:.3f}" for name, figure in each), flush=True)


def variants(sheet: labelling.Sheet, encoder_name: str, tier: str) -> None:
    """Print the cross-validated figures of fixed recipes on the training rows."""
    encoder = load_encoder(encoder_name)
    scores = load_tone_model(tier=tier, encoder=encoder).predict(sheet.texts, sheet.questions)
    blocks = heads.blocks_of(sheet.texts, scores, encoder)
    fold = heads.folds_of(sheet.texts, sheet.codes, heads.FOLDS)
    own = class_probabilities(scores.probabilities, membership(sheet.scheme.groups))
    print("\ncross-validated on the training rows: loss, alpha (interval), macro-F1, seconds")
    found = {"base model as it is": (own, 0.0)}
    for name, recipe in VARIANTS.items():
        started = time.monotonic()
        logits = heads.held_out(blocks, sheet.codes, fold, recipe)
        chances = softmax(logits / heads.temperature_of(logits, sheet.codes))
        found = {**found, name: (chances, time.monotonic() - started)}
    for name, (chances, seconds) in found.items():
        level = chances.argmax(axis=1).astype(np.int64)
        figures = labelling.measure(sheet.codes, level, sheet.scheme.classes).figures
        loss = heads.losses(chances, sheet.codes).mean()
        values = (loss, figures["alpha_interval"].value, figures["macro_f1"].value)
        print(f"  {name:28} " + " ".join(f"{value:.3f}" for value in values) + f" {seconds:6.0f}")


def main() -> None:
    """Train, measure, and print the figures beside the published ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/")
    parser.add_argument("--encoder", default="", help="sentence encoder: a folder")
    parser.add_argument("--tier", default="cascade", help="of the bundled tone model")
    parser.add_argument("--variants", action="store_true", help="also compare fixed recipes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, gold = (
            labelling.read_sheet(path, text="headline", label="value")
            for path in split(options.data, folder)
        )
        if options.variants:
            variants(train, options.encoder, options.tier)
        encoder = load_encoder(options.encoder)
        base = load_tone_model(tier=options.tier, encoder=encoder)
        shown("bundled tone model on the gold", labelling.evaluate(base, sheet=gold).quality)
        started = time.monotonic()
        trained = labelling.train(
            [train], folder / "model", base=base, encoder=encoder, tier=options.tier
        )
        print(f"\nchosen: {trained.method}, {asdict(trained.recipe)}, "
              f"{time.monotonic() - started:.0f} s")  # fmt: skip
        shown("before, on the training rows", trained.before)
        shown("after, cross-validated on the training rows", trained.after)
        adapted = load_tone_model(folder / "model", encoder=encoder)
        shown("adapted model on the gold", labelling.evaluate(adapted, sheet=gold).quality)
    print("\npublished alpha on the same gold: "
          + ", ".join(f"{name} {value:.2f}" for name, value in PUBLISHED))  # fmt: skip


if __name__ == "__main__":
    main()
