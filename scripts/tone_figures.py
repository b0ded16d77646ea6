"""Figures of a tone model, on `tone/dev.tsv` and on the tenth that was held out of training."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, roc_auc_score

from klankbord.agreement import brier, calibration_error
from klankbord.models import ToneModel
from klankbord.schema import TONES
from klankbord.tone import tone_levels
from tone_texts import BEHAVIOUR, FLAGS, Labelled, measured_texts, read_labelled, training_files
from translation_pairs import rows

Figure = tuple[str, str, float]  # measure, data, value
CUES = BEHAVIOUR / "cues.toml"
SHORT = 12  # words of a short answer
LENGTHS = ((1, 6), (7, 20), (21, 60), (61, 10_000))  # words
FLAG_NAMES = {"churn": "churn cue", "ambassador": "ambassador cue"}


def on_dev(model: ToneModel, data: Path) -> list[Figure]:
    """Return the measures of the tone model on `tone/dev.tsv`, never trained on."""
    labels = read_labelled({"dev": data / "tone" / "dev.tsv"})
    scores = model.predict(labels.texts, labels.questions)
    truth, level, where = labels.tone, tone_levels(scores.probabilities), "tone dev"
    figures: list[Figure] = [
        ("macro-F1", where, float(f1_score(truth, level, average="macro"))),
        ("quadratic kappa", where, kappa(truth, level)),
        ("accuracy", where, float(accuracy_score(truth, level))),
        ("calibration error", where, calibration_error(scores.probabilities, truth)),
        ("Brier score", where, brier(scores.probabilities, truth)),
    ]
    each = f1_score(truth, level, average=None, labels=range(len(TONES)))
    figures += [(f"F1 {tone}", where, float(f1)) for tone, f1 in zip(TONES, each, strict=True)]
    two = np.isin(truth, (2, 4))
    chance = scores.probabilities[two][:, [2, 4]]
    auc = roc_auc_score(truth[two] == 4, chance[:, 1] / chance.sum(axis=1))
    figures.append(("AUC enthousiast against neutraal", where, float(auc)))
    words = np.array([len(text.split()) for text in labels.texts])
    groups = {name: labels.source == name for name in sorted(set(labels.source))}
    groups |= {
        f"{low}-{high} words" if high < 1000 else f"{low} words and more": (words >= low)
        & (words <= high)
        for low, high in LENGTHS
    }
    for name, mine in groups.items():
        some = f"{where}, {name} ({int(mine.sum())})"
        figures.append(("accuracy", some, float((truth == level)[mine].mean())))
        figures.append(("quadratic kappa", some, kappa(truth[mine], level[mine])))
    limits = model.thresholds
    figures.append(("F1 mixed", where, float(f1_score(labels.mixed, scores.mixed >= limits.mixed))))
    for place, name in enumerate(FLAGS):
        found = getattr(scores, name) >= getattr(limits, name)
        f1 = f1_score(labels.flags[:, place], found, zero_division=0)
        figures.append((f"F1 {FLAG_NAMES.get(name, name)}", where, float(f1)))
    right = accuracy_score(labels.theme, scores.theme)
    macro = f1_score(labels.theme, scores.theme, average="macro", zero_division=0)
    figures.append(("accuracy complaint theme", where, float(right)))
    figures.append(("macro-F1 complaint theme", where, float(macro)))
    return figures


def on_held_out(model: ToneModel, data: Path, own: Path) -> list[Figure]:
    """Return the tone measures on the tenth kept for calibration, by source and language.

    No weight was trained on these texts; temperature, shift and thresholds were fitted on them.
    """
    labels = held_out(data, own)
    scores = model.predict(labels.texts, labels.questions)
    level, truth = tone_levels(scores.probabilities), labels.tone
    ours = ~np.isin(labels.origin, ("train", "aligned"))
    dutch = labels.language == "nl"
    translated = {name[:-3] for name in labels.ids if name.endswith(("-en", "-de", "-fr"))}
    groups = {
        "train": labels.origin == "train",
        "our own, nl": ours & dutch,
        "our own, en de fr": ours & ~dutch,
        "aligned nl": np.array([name in translated for name in labels.ids]),
        **{
            f"aligned {code}": (labels.origin == "aligned") & (labels.language == code)
            for code in ("en", "de", "fr")
        },
    }
    figures: list[Figure] = []
    for name, mine in groups.items():
        macro = f1_score(truth[mine], level[mine], average="macro")
        error = calibration_error(scores.probabilities[mine], truth[mine])
        where = f"held-out tenth, {name} ({int(mine.sum()):,})"
        figures.append(("macro-F1", where, float(macro)))
        figures.append(("quadratic kappa", where, kappa(truth[mine], level[mine])))
        figures.append(("calibration error", where, error))
    right = accuracy_score(labels.theme[dutch], scores.theme[dutch])
    figures.append(("accuracy complaint theme", "held-out tenth, nl", float(right)))
    return figures


def on_cues(model: ToneModel) -> list[Figure]:
    """Return how often cues point where a reader would, on fifty marked texts."""
    marked = [marks_of(text) for text in tomllib.loads(CUES.read_text("utf-8"))["texts"]]
    texts = [text for text, _ in marked]
    cues = model.predict(texts, [""] * len(texts)).cues.to_pylist()
    right = [
        [any(cue["start"] < end and start < cue["end"] for start, end in spans) for cue in found]
        for found, (_, spans) in zip(cues, marked, strict=True)
    ]
    where = f"{len(texts)} texts with the words a reader points at"
    return [
        ("texts with a right cue", where, float(np.mean([any(hits) for hits in right]))),
        ("cues that are right", where, float(np.mean([hit for hits in right for hit in hits]))),
    ]


def marks_of(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text without its [marks], and where the marked words stand."""
    text, spans = "", []
    for place, part in enumerate(re.split(r"[\[\]]", marked)):
        if place % 2:
            spans.append((len(text), len(text) + len(part)))
        text += part
    return text, spans


def held_out(data: Path, own: Path) -> Labelled:
    """Return the labelled texts no weight was trained on."""
    measured = measured_texts(data)
    labels = read_labelled(training_files(data, own), without=measured)
    return labels.take(np.flatnonzero(labels.fold() == 0))


def speed(model: ToneModel, data: Path) -> list[Figure]:
    """Return how many real reviews and short answers per second are scored, cues included."""
    texts = [row["text"] for row in rows(data / "reviews" / "food_delivery_stars_nl.tsv")]
    short = [text for text in texts if len(text.split()) <= SHORT] * 4
    figures: list[Figure] = []
    for name, some in (("short answers", short), ("food reviews", texts)):
        few = some[: max(1, len(some) // 10)]
        model.predict(few[:100], [""] * len(few[:100]))
        started = time.monotonic()
        model.predict(few, [""] * len(few))
        if time.monotonic() - started < 5:
            few, started = some, time.monotonic()
            model.predict(few, [""] * len(few))
        rate = len(few) / (time.monotonic() - started)
        figures.append(("texts per second", f"{len(few):,} {name}", rate))
    return figures


def kappa(truth: np.ndarray, level: np.ndarray) -> float:
    """Return Cohen's kappa with quadratic weights."""
    return float(cohen_kappa_score(truth, level, weights="quadratic"))
