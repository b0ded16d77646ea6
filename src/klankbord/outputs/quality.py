"""How well the tone model does on what people labelled in the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from klankbord.outputs.heard import Heard
from klankbord.schema import TONE_PROBABILITIES, TONES

if TYPE_CHECKING:
    from klankbord.report import OwnQuality

_FIGURES = {
    "macro-F1": "macro_f1",
    "accuracy": "accuracy",
    "quadratic kappa": "quadratic_kappa",
    "calibration error": "calibration_error",
}


def measured_quality(heard: Heard, *, adapted: bool = False) -> OwnQuality | None:
    """Compare the stored scores with people's labels; None without labelled feedback.

    The scores are those of the model alone, before a label took their place. `adapted` tells that
    the model may have been trained on these labels. Corrections of the review page are counted and
    not compared: they are no sample.
    """
    from klankbord import labelling
    from klankbord.report import OwnQuality

    given = heard.sampled
    if not given.num_rows:
        return _corrected_only(heard, adapted=adapted)
    at = pc.index_in(given["feedback_id"], value_set=heard.predicted["feedback_id"])
    known = pc.is_valid(at)
    labels = given.filter(known)
    if not labels.num_rows:
        return _corrected_only(heard, adapted=adapted)
    scores = heard.predicted.take(at.filter(known))
    columns = [scores[name].to_numpy() for name in TONE_PROBABILITIES]
    chances = np.stack(columns, axis=1).astype(np.float64)
    levels = {str(tone): place for place, tone in enumerate(TONES)}
    truth = np.array([levels[tone] for tone in labels["tone"].to_pylist()], dtype=np.int64)
    found = chances.argmax(axis=1).astype(np.int64)
    quality = labelling.measure(truth, found, list(levels), probabilities=chances)
    named = [(name, quality.figures[key]) for name, key in _FIGURES.items()]
    named += [(f"F1 {tone}", one) for tone, one in zip(levels, quality.f1, strict=True)]
    return OwnQuality(
        rows=quality.rows,
        enough=not quality.verdict,
        adapted=adapted,
        figures=tuple((name, one.value, one.low, one.high) for name, one in named),
        corrections=heard.corrections,
    )


def _corrected_only(heard: Heard, *, adapted: bool) -> OwnQuality | None:
    from klankbord.report import OwnQuality

    return OwnQuality(0, False, adapted, (), heard.corrections) if heard.corrections else None
