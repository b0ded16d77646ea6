"""Make the bundled accurate tone model of what `train_tone_transformer.py` trained.

Exports int8 ONNX, then chooses on the texts held out of training: the weight of the fast model's
evidence, temperature and shift of the tone, thresholds of the flags, and how sure the fast model
must be for the cascade to leave a text to it. Prints the curve the last choice was made on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy.special import expit, log_softmax, softmax
from sklearn.metrics import cohen_kappa_score, f1_score
from tokenizers import Tokenizer

from export_onnx import export
from klankbord.models import load_tone_model
from klankbord.models.accurate_tone import tone_entries
from klankbord.models.fast_tone import FastToneModel
from klankbord.models.network import ONNX_FILE, RUN_FILE, Network
from model_cards import write_card
from tone_figures import held_out
from tone_loss import FLAG_START
from tone_texts import (
    FLAGS,
    TONE_COUNT,
    Labelled,
    data_files,
)
from train_tone import best_threshold, calibrate
from train_tone_transformer import Inputs, logits_of
from train_transformer import save_tokenizer

FAST_WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
CERTAIN = (0.0, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.725, 0.75, 0.775, 0.8, 0.85, 0.9, 1.0)
WITHIN = 0.01  # macro-F1 that the cascade may stay behind the accurate tier


def cascade_curve(
    fast: np.ndarray, accurate: np.ndarray, tone: np.ndarray
) -> list[tuple[float, float, float, float]]:
    """Return certainty, share sent on, macro-F1 and kappa for each candidate."""
    curve = []
    for certain in CERTAIN:
        unsure = fast.max(axis=1) < certain
        level = np.where(unsure[:, None], accurate, fast).argmax(axis=1)
        macro = f1_score(tone, level, average="macro")
        kappa = cohen_kappa_score(tone, level, weights="quadratic")
        curve.append((certain, float(unsure.mean()), float(macro), float(kappa)))
    return curve


def settled(
    own: np.ndarray, other: np.ndarray, fast: np.ndarray, labels: Labelled
) -> dict[str, object]:
    """Return what `klankbord.json` holds, chosen on the held-out logits and fast scores."""
    weight = labels.weight()
    best: tuple[float, float] = (np.inf, 0.0)
    for share in FAST_WEIGHTS:
        logits = (1 - share) * own + share * other
        temperature, shift = calibrate(logits, labels.tone, weight)
        belief = log_softmax(logits[:, :TONE_COUNT] / temperature + np.array(shift), axis=1)
        loss = -(belief[np.arange(len(belief)), labels.tone] * weight).sum() / weight.sum()
        macro = f1_score(labels.tone, belief.argmax(axis=1), average="macro")
        print(f"weight of the fast model {share:.1f}: loss {loss:.4f}, macro-F1 {macro:.4f}")
        best = min(best, (float(loss), share))
    share = best[1]
    logits = (1 - share) * own + share * other
    temperature, shift = calibrate(logits, labels.tone, weight)
    chance = expit(logits)
    thresholds = {"mixed": best_threshold(chance[:, TONE_COUNT], labels.mixed)}
    for place, name in enumerate(FLAGS):
        thresholds[name] = best_threshold(chance[:, FLAG_START + place], labels.flags[:, place])
    accurate = softmax(logits[:, :TONE_COUNT] / temperature + np.array(shift), axis=1)
    curve = cascade_curve(fast, accurate, labels.tone)
    print("certain from  sent on  macro-F1  kappa")
    for certain, sent, macro, kappa in curve:
        print(f"{certain:12.3f}  {sent:7.3f}  {macro:8.4f}  {kappa:.4f}")
    certain = min(c for c, _, macro, _ in curve if macro >= curve[-1][2] - WITHIN)
    return {
        "fast_weight": share,
        "temperature": round(temperature, 4),
        "shift": shift,
        "thresholds": thresholds,
        "certain": certain,
    }


def main() -> None:
    """Export, choose, and write the model folder with its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with tone/*.tsv")
    parser.add_argument("--own", type=Path, default=Path("corpora/tone"))
    parser.add_argument("--trained", type=Path, required=True, help="folder of the trained weights")
    parser.add_argument("--out", type=Path, default=Path("models/tone-accurate"))
    options = parser.parse_args()
    from transformers import AutoModelForSequenceClassification

    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(options.trained / "tokenizer.json"))
    save_tokenizer(tokenizer, options.out)
    model = AutoModelForSequenceClassification.from_pretrained(options.trained, dtype=torch.float32)
    export(model, options.out / ONNX_FILE)
    fast = load_tone_model(tier="fast")
    assert isinstance(fast, FastToneModel)  # noqa: S101 - for the type checker
    labels = held_out(options.data, options.own)
    scores = fast.predict(labels.texts, labels.questions)
    own = Network(options.out).rows(tone_entries(labels.texts, labels.questions))
    inputs = Inputs(tokenizer, labels.texts, labels.questions)
    some = np.arange(0, len(labels.ids), 4)
    exact = logits_of(model, inputs, some)
    same = (exact[:, :TONE_COUNT].argmax(1) == own[some, :TONE_COUNT].argmax(1)).mean()
    print(f"int8 and fp32 agree on the tone of {same:.2%} of {len(some):,} texts held out")
    other = fast.logits(labels.texts, labels.questions)
    run = settled(own, other, scores.probabilities, labels) | {"fast": fast.weights_fingerprint}
    (options.out / RUN_FILE).write_text(json.dumps(run, indent=1) + "\n", "utf-8")
    finish(options.out, options.trained)


def finish(out: Path, trained: Path) -> None:
    """Write the card with the digests of the files as they are."""
    write_card(
        out,
        kind="tone",
        summary="Tone, mixed feelings, complaint theme and flags of customer feedback; transformer",
        data=data_files(json.loads((trained / "trained_on.json").read_text("utf-8"))),
    )


if __name__ == "__main__":
    main()
