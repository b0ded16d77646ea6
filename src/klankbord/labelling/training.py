"""Adapt the tone model to labels: from sheets and workspace to a model folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord import __version__, agreement
from klankbord.files import replacing, sha256_of
from klankbord.labelling import heads
from klankbord.labelling.classes import Scheme
from klankbord.labelling.evaluation import keep
from klankbord.labelling.heads import Recipe
from klankbord.labelling.quality import SCORES, Quality, measure
from klankbord.labelling.reading import Sheet
from klankbord.labelling.rows import CORRECTED, Rows, gather, judged, merge_rare
from klankbord.models import ToneModel
from klankbord.models.adapted import (
    HEAD,
    MODEL_TYPE,
    RECALIBRATED,
    UNCHANGED,
    class_probabilities,
    membership,
)
from klankbord.models.card import CARD_FILE
from klankbord.models.encoder import Encoder
from klankbord.models.ngrams import BUCKET_BITS
from klankbord.models.scores import softmax
from klankbord.records import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from klankbord.store import Workspace

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

LICENCE = "customer's own"


@dataclass(frozen=True)
class Trained:
    """What training chose, and what it brings by cross-validation on the labels."""

    folder: Path
    fingerprint: str
    method: str  # "head", "recalibrated" or "base"
    classes: tuple[str, ...]
    recipe: Recipe
    before: Quality  # the base model on the same rows
    after: Quality
    left_out: int  # labels of a class with too few of them, or of none of the classes
    skipped: int  # rows without a label or without text
    stored: int
    labels: int  # trained on
    corrections: int  # among them; not measured on
    chosen_on_corrections: bool  # too few other labels to choose on


def train(
    sheets: Sequence[Sheet],
    folder: Path,
    *,
    base: ToneModel,
    encoder: Encoder,
    tier: str = "cascade",
    workspace: Workspace | None = None,
    recipe: Recipe | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Trained:
    """Adapt `base` to the labels of `sheets` and workspace and write it to `folder`.

    Chosen on rows held out is the simplest of: the base model as it is, with another temperature,
    recalibrated per class, or with a head of its own, that no other clearly beats. Corrections of
    the review page train the head and are left out of every figure; the choice rests on them only
    where there are fewer than thirty other labels. Raises KlankbordError where fewer than two
    classes have five labels each.
    """
    from threadpoolctl import threadpool_limits

    stored = keep(workspace, sheets) if workspace else 0
    rows = merge_rare(gather(sheets, workspace))
    scores = base.predict(rows.texts, rows.questions)
    member = membership(rows.scheme.groups)
    own = class_probabilities(scores.probabilities, member)
    blocks = heads.blocks_of(rows.texts, scores, encoder)
    folds = min(heads.FOLDS, int(np.bincount(rows.codes).min()))
    fold = heads.folds_of(rows.texts, rows.codes, folds, seed)
    with threadpool_limits(limits=1):  # the same sums in the same order on any machine
        chosen = recipe or heads.choose(blocks, rows.codes, fold, progress)
        logits = heads.held_out(blocks, rows.codes, fold, chosen, progress)
        head = heads.fit(blocks, rows.codes, chosen, len(rows.scheme.classes))
    chosen_on, truth = judged(rows)
    own, fold, logits = own[chosen_on], fold[chosen_on], logits[chosen_on]
    temperature = heads.temperature_of(logits, truth)
    candidates = [
        (UNCHANGED, False, own),
        (RECALIBRATED, False, heads.held_out_recalibration(own, truth, fold, shifts=False)),
        (RECALIBRATED, True, heads.held_out_recalibration(own, truth, fold)),
        (HEAD, True, softmax(logits / temperature)),
    ]
    method, shifts, chances = candidates[_simplest([each[2] for each in candidates], truth)]
    measured = rows.truth[chosen_on] >= 0
    before, after = (
        _quality(found[measured], truth[measured], rows.scheme, seed) for found in (own, chances)
    )
    weights: dict[str, NDArray[Any]] = {"shift": np.zeros(len(member.T), dtype=np.float32)}
    if method == HEAD:
        weights |= vars(head)
    elif method == RECALIBRATED:
        temperature, weights["shift"] = heads.recalibration_of(own, truth, shifts=shifts)
    config = {
        "model_type": MODEL_TYPE,
        "method": method,
        "base": {"name": f"bundled tone model, tier {tier}", "fingerprint": base.fingerprint},
        "tier": tier,
        "encoder": encoder.fingerprint,
        "bucket_bits": BUCKET_BITS,
        "classes": [
            {"name": name, "tones": [str(tone) for tone in group]}
            for name, group in zip(rows.scheme.classes, rows.scheme.groups, strict=True)
        ],
        "temperature": temperature,
        "blocks": vars(chosen),
    }
    fingerprint = _write(folder, config, weights, rows, after)
    return Trained(
        folder=folder,
        fingerprint=fingerprint,
        method=method,
        classes=rows.scheme.classes,
        recipe=chosen,
        before=before,
        after=after,
        left_out=rows.left_out,
        skipped=sum(sheet.skipped for sheet in sheets),
        stored=stored,
        labels=len(rows.texts),
        corrections=rows.sources.get(CORRECTED, 0),
        chosen_on_corrections=not measured.all(),
    )


def _simplest(held_out: Sequence[Floats], codes: Ints) -> int:
    """Return the place of the first candidate that no later one clearly beats.

    Clearly: its loss, and wherever it reads rows otherwise its macro-F1 and alpha as well, are
    better by more than one standard error of the difference. The loss alone would prefer one that
    is modest and knows nothing to one that knows something and is too sure of it.
    """
    best = 0
    for place in range(1, len(held_out)):
        old, new = held_out[best], held_out[place]
        gain = heads.losses(old, codes) - heads.losses(new, codes)
        if gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)) and _reads_no_worse(old, new, codes):
            best = place
    return best


def _reads_no_worse(old: Floats, new: Floats, codes: Ints) -> bool:
    """Tell whether the most probable classes are the same, or clearly better ones."""
    classes = old.shape[1]
    reads = [chances.argmax(axis=1).astype(np.int64) for chances in (old, new)]
    if (reads[0] == reads[1]).all():
        return True

    def gains(where: Ints) -> NDArray[np.float64]:
        one, other = (agreement.confusion(codes[where], found[where], classes) for found in reads)
        return np.array(
            [
                agreement.macro_f1(other) - agreement.macro_f1(one),
                agreement.alpha(other, "interval") - agreement.alpha(one, "interval"),
            ]
        )

    found = agreement.bootstrap(gains, len(codes))
    # a 95 % interval is four standard errors wide
    return all(gain.value > (gain.high - gain.low) / 4 for gain in found)


def _quality(chances: Floats, truth: Ints, scheme: Scheme, seed: int) -> Quality:
    found = chances.argmax(axis=1).astype(np.int64)
    return measure(
        truth, found, scheme.classes, probabilities=chances.astype(np.float64), seed=seed
    )


def _write(
    folder: Path, config: dict[str, Any], weights: dict[str, Any], rows: Rows, after: Quality
) -> str:
    """Write config, weights and card, and return the fingerprint."""
    from safetensors.numpy import save_file

    from klankbord.models.card import read_card

    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "config.json") as file:
        file.write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", "utf-8")
    with replacing(folder / "model.safetensors") as file:
        save_file({name: np.ascontiguousarray(value) for name, value in weights.items()}, file)
    where = f"cross-validation, {after.rows:,} labels"
    card = {
        "name": folder.resolve().name,
        "version": __version__,
        "kind": "tone",
        "summary": "Tone adapted to the customer's own labels; the rest is the bundled model's",
        "languages": [],
        "data": [
            {"name": name, "rows": count, "licence": LICENCE}
            for name, count in rows.sources.items()
        ],
        "scores": [
            {"measure": name, "data": where, "value": round(after.figures[name].value, 4)}
            for name in SCORES
            if not np.isnan(after.figures[name].value)
        ],
        "sha256": {name: sha256_of(folder / name) for name in ("config.json", "model.safetensors")},
    }
    with replacing(folder / CARD_FILE) as file:
        file.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return read_card(folder).fingerprint
