"""Measure the bundled models and, with `--write-cards`, put the figures on their cards."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from klankbord.models import Encoder, ToneModel, load_encoder, load_tone_model
from klankbord.schema import TONES
from klankbord.tone import tone_levels
from tone_texts import read_labelled
from train_encoder import rows

COMMAND = "python scripts/evaluate_models.py --data DIR"
Figure = tuple[str, str, float]  # measure, data, value


def encoder_figures(encoder: Encoder, data: Path) -> list[Figure]:
    """Return similarity on STS and retrieval on FLORES."""
    figures: list[Figure] = []
    for part in ("dev", "test"):
        for language in ("nl", "en", "de"):
            pairs = list(rows(data / "eval" / f"sts_{language}_{part}.tsv"))
            left = encoder.encode([pair["sentence1"] for pair in pairs])
            right = encoder.encode([pair["sentence2"] for pair in pairs])
            wanted = [float(pair["similarity_0_5"]) for pair in pairs]
            value = spearmanr((left * right).sum(axis=1), wanted).statistic
            figures.append(("Spearman", f"STS {language} {part}", float(value)))
    for part in ("dev", "devtest"):
        lines = list(rows(data / "eval" / f"flores_{part}.tsv"))
        dutch = encoder.encode([line["nl"] for line in lines])
        for language in ("en", "de", "fr"):
            other = encoder.encode([line[language] for line in lines])
            hit = (dutch @ other.T).argmax(axis=1) == np.arange(len(lines))
            figures.append(("accuracy@1", f"FLORES {part} nl->{language}", float(hit.mean())))
    return figures


def tone_figures(model: ToneModel, data: Path) -> list[Figure]:
    """Return the measures of the tone model on `tone/dev.tsv`, never trained on."""
    labelled = list(rows(data / "tone" / "dev.tsv"))
    texts = [row["text"] for row in labelled]
    scores = model.predict(texts, [""] * len(texts))
    truth = np.array([[str(tone) for tone in TONES].index(row["tone"]) for row in labelled])
    level = tone_levels(scores.probabilities)
    where = "tone dev"
    figures: list[Figure] = [
        ("macro-F1", where, float(f1_score(truth, level, average="macro"))),
        ("quadratic kappa", where, float(cohen_kappa_score(truth, level, weights="quadratic"))),
        ("accuracy", where, float(accuracy_score(truth, level))),
        ("calibration error", where, calibration_error(scores.probabilities, truth)),
        ("Brier score", where, brier(scores.probabilities, truth)),
    ]
    each = f1_score(truth, level, average=None, labels=range(len(TONES)))
    figures += [(f"F1 {tone}", where, float(f1)) for tone, f1 in zip(TONES, each, strict=True)]
    source = np.array([row["source"] for row in labelled])
    for name in sorted(set(source)):
        mine = source == name
        kappa = cohen_kappa_score(truth[mine], level[mine], weights="quadratic")
        figures.append(("accuracy", f"{where}, {name}", float((truth == level)[mine].mean())))
        figures.append(("quadratic kappa", f"{where}, {name}", float(kappa)))
    limits = model.thresholds
    for measure, chance, limit, wanted in (
        ("F1 mixed", scores.mixed, limits.mixed, [row["mixed"] == "1" for row in labelled]),
        ("F1 churn cue", scores.churn, limits.churn, ["C" in row["flags"] for row in labelled]),
        (
            "F1 ambassador cue",
            scores.ambassador,
            limits.ambassador,
            ["A" in row["flags"] for row in labelled],
        ),
        (
            "F1 unresolved",
            scores.unresolved,
            limits.unresolved,
            ["U" in row["flags"] for row in labelled],
        ),
    ):
        figures.append((measure, where, float(f1_score(wanted, chance >= limit))))
    theme = [row["complaint_theme"] for row in labelled]
    found = [model.themes[index] for index in scores.theme]
    figures.append(("accuracy complaint theme", where, float(accuracy_score(theme, found))))
    macro = f1_score(theme, found, average="macro", zero_division=0)
    figures.append(("macro-F1 complaint theme", where, float(macro)))
    return figures


def held_out_figures(model: ToneModel, data: Path, own: Path) -> list[Figure]:
    """Return the tone measures on the tenth that was kept for calibration, by source and language.

    No weight was trained on these texts; temperature, shift and thresholds were fitted on them.
    """
    files = {
        "train": data / "tone" / "train.tsv",
        "own": own / "own.tsv",
        "aligned": data / "tone" / "train_en_de_fr.tsv",
    }
    labels = read_labelled(files)
    held = np.flatnonzero(labels.fold() == 0)
    scores = model.predict(
        [labels.texts[row] for row in held], [labels.questions[row] for row in held]
    )
    level, truth = tone_levels(scores.probabilities), labels.tone[held]
    groups = {
        f"held-out tenth, {origin} {language}": (labels.origin[held] == origin)
        & (labels.language[held] == language)
        for origin, language in (
            *(("train", "nl"), ("own", "nl")),
            *(("aligned", language) for language in ("en", "de", "fr")),
        )
    }
    figures: list[Figure] = []
    for name, mine in groups.items():
        kappa = cohen_kappa_score(truth[mine], level[mine], weights="quadratic")
        macro = f1_score(truth[mine], level[mine], average="macro")
        error = calibration_error(scores.probabilities[mine], truth[mine])
        where = f"{name} ({int(mine.sum()):,})"
        figures += [("macro-F1", where, float(macro)), ("quadratic kappa", where, float(kappa))]
        figures.append(("calibration error", where, error))
    return figures


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error of the most probable level, equal-width bins."""
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((top * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(right[place == b].mean() - top[place == b].mean()) * (place == b).mean()
            for b in range(bins)
            if (place == b).any()
        )
    )


def brier(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean squared distance between the probabilities and the truth."""
    wanted = np.eye(probabilities.shape[1])[truth]
    return float(((probabilities - wanted) ** 2).sum(axis=1).mean())


def speed(model: ToneModel, data: Path) -> list[Figure]:
    """Return how many real reviews per second are scored, cues included."""
    texts = [row["text"] for row in rows(data / "reviews" / "food_delivery_stars_nl.tsv")]
    model.predict(texts[:100], [""] * 100)
    started = time.monotonic()
    model.predict(texts, [""] * len(texts))
    rate = len(texts) / (time.monotonic() - started)
    return [("texts per second", f"{len(texts):,} food reviews", rate)]


def shown(figures: list[Figure]) -> str:
    """Return a Markdown table of the figures."""
    lines = ["| Measure | Data | Value |", "|---|---|---|"]
    for measure, data, value in figures:
        lines.append(f"| {measure} | {data} | {value:,.0f} |" if value > 5 else
                     f"| {measure} | {data} | {value:.3f} |")  # fmt: skip
    return "\n".join(lines)


def write_card(folder: Path, figures: list[Figure]) -> None:
    """Put the figures into `card.json` and between the marks of `README.md`."""
    path = folder / "card.json"
    card = json.loads(path.read_text("utf-8"))
    card["scores"] = [
        {"measure": measure, "data": data, "value": round(value, 4)}
        for measure, data, value in figures
        if measure != "texts per second"  # differs from machine to machine
    ]
    path.write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    readme = folder / "README.md"
    text = readme.read_text("utf-8")
    blocks = {
        "data": "\n".join(
            ["| Data | Texts | Licence |", "|---|---|---|"]
            + [f"| {use['name']} | {use['rows']:,} | {use['licence']} |" for use in card["data"]]
        ),
        "scores": f"Printed by `{COMMAND}`:\n\n{shown(figures)}",
        "files": "\n".join(
            ["| File | sha256 |", "|---|---|"]
            + [f"| {name} | `{digest}` |" for name, digest in card["sha256"].items()]
        ),
    }
    for name, block in blocks.items():
        before, rest = text.split(f"<!-- {name} -->\n", 1)
        _, after = rest.split(f"<!-- end {name} -->", 1)
        text = f"{before}<!-- {name} -->\n{block}\n<!-- end {name} -->{after}"
    readme.write_text(text, "utf-8")


def main() -> None:
    """Print every figure as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/ and tone/")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--own", type=Path, default=Path("corpora/tone"))
    parser.add_argument("--write-cards", action="store_true")
    options = parser.parse_args()
    encoder_folder, tone_folder = options.models / "encoder-static", options.models / "tone-fast"
    encoder = load_encoder(str(encoder_folder))
    of_encoder = encoder_figures(encoder, options.data)
    print(f"## {encoder_folder.name} {encoder.fingerprint}\n\n{shown(of_encoder)}\n", flush=True)
    model = load_tone_model(tone_folder, encoder)
    of_tone = [
        *tone_figures(model, options.data),
        *held_out_figures(model, options.data, options.own),
        *speed(model, options.data),
    ]
    print(f"## {tone_folder.name} {model.fingerprint}\n\n{shown(of_tone)}")
    if options.write_cards:
        write_card(encoder_folder, of_encoder)
        write_card(tone_folder, of_tone)


if __name__ == "__main__":
    main()
