"""Measure a tone model on a labelled sheet, or on the labels kept in the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from klankbord import tone
from klankbord.errors import UnreadableInputError
from klankbord.labelling.classes import TONE_SCHEME, Scheme
from klankbord.labelling.quality import Quality, measure
from klankbord.labelling.reading import Sheet
from klankbord.labelling.sheet import write_rows
from klankbord.models import ToneModel
from klankbord.models.adapted import class_probabilities, membership
from klankbord.schema import TONE_PROBABILITIES, AuthorRole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from klankbord.store import Workspace

_SURE = 0.8  # probability from which a misread row is a confident one


@dataclass(frozen=True)
class Labelled:
    """Texts with their label, wherever they come from."""

    scheme: Scheme
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    questions: tuple[str, ...]
    codes: NDArray[np.int64]
    weight: NDArray[np.float64] | None = None
    corrected: frozenset[str] = frozenset()  # ids whose label is a correction


@dataclass(frozen=True)
class Misread:
    """A row where model and person disagree."""

    feedback_id: str
    text: str
    label: str
    found: str
    probability: float  # that the model gave to what it found


@dataclass(frozen=True)
class Evaluation:
    """What the labels say of the model, and of each other."""

    model: str  # fingerprint
    quality: Quality
    people: Quality | None  # agreement of two people, where a second one labelled
    misread: tuple[Misread, ...]  # the surest first
    skipped: int
    stored: int  # labels that were new to the workspace
    corrections: int = 0  # labels of the workspace left out: given to pieces somebody chose

    @property
    def confident(self) -> int:
        """How many rows the model misread while it was sure."""
        return sum(row.probability >= _SURE for row in self.misread)


def evaluate(
    model: ToneModel, *, sheet: Sheet | None = None, workspace: Workspace | None = None
) -> Evaluation:
    """Score the labelled texts and compare; labels of feedback in the workspace are kept there.

    Corrections of the review page are left out: they are no sample of what the model reads.
    """
    stored = keep(workspace, [sheet]) if sheet and workspace else 0
    corrections = 0
    if sheet:
        labelled = of_sheet(sheet, workspace)
    elif workspace:
        labelled = of_workspace(workspace, sample_only=True)
        corrections = workspace.correction_counts()[1]
    else:
        raise ValueError("neither a sheet nor a workspace")
    if not labelled.texts:
        raise UnreadableInputError(
            "there are only corrections of the review page, which are no sample to measure on"
            if corrections
            else "there are no labelled rows",
            where=str(sheet.path) if sheet else "the workspace",
            hint="klankbord label draws a sheet to fill in",
        )
    chances = probabilities(model, labelled)
    found = chances.argmax(axis=1).astype(np.int64)
    classes = labelled.scheme.classes
    quality = measure(labelled.codes, found, classes, probabilities=chances, weight=labelled.weight)
    wrong = np.flatnonzero(found != labelled.codes)
    surest = wrong[np.argsort(-chances[wrong].max(axis=1), kind="stable")]
    misread = tuple(
        Misread(
            labelled.ids[row],
            labelled.texts[row],
            classes[labelled.codes[row]],
            classes[found[row]],
            float(chances[row].max()),
        )
        for row in surest.tolist()
    )
    return Evaluation(
        model=model.fingerprint,
        quality=quality,
        people=_people(sheet) if sheet else None,
        misread=misread,
        skipped=sheet.skipped if sheet else 0,
        stored=stored,
        corrections=corrections,
    )


def probabilities(model: ToneModel, labelled: Labelled) -> NDArray[np.float64]:
    """Return (n, classes) as a report would have them: non-answers are neutral by rule."""
    rows = len(labelled.texts)
    table = pa.table(
        {
            "feedback_id": [str(row) for row in range(rows)],
            "verbatim": list(labelled.texts),
            "question": list(labelled.questions),
            "author_role": [str(AuthorRole.CUSTOMER)] * rows,
        }
    )
    scores = tone.score(table, model)
    levels = np.stack([scores[name].to_numpy() for name in TONE_PROBABILITIES], axis=1)
    return class_probabilities(levels, membership(labelled.scheme.groups)).astype(np.float64)


def keep(workspace: Workspace, sheets: Sequence[Sheet]) -> int:
    """Store the labels of feedback that stands in the workspace; returns how many were new."""
    with workspace.transaction():
        return sum(workspace.save_tone_labels(sheet.tone_labels()) for sheet in sheets)


def of_sheet(sheet: Sheet, workspace: Workspace | None = None) -> Labelled:
    """Return the rows of a sheet, in the workspace's own words where it holds the feedback."""
    texts, questions = list(sheet.texts), list(sheet.questions)
    if workspace and any(sheet.ids):
        known = _words(workspace, set(sheet.ids))
        for row, own in enumerate(sheet.ids):
            texts[row], questions[row] = known.get(own, (texts[row], questions[row]))
    return Labelled(
        sheet.scheme, sheet.ids, tuple(texts), tuple(questions), sheet.codes, sheet.weight
    )


def of_workspace(workspace: Workspace, *, sample_only: bool = False) -> Labelled:
    """Return the labels kept in the workspace with the words they are about, by id.

    `sample_only` leaves out corrections, whatever they changed.
    """
    labels = workspace.tone_labels(sample_only=sample_only)
    ids = labels["feedback_id"].to_pylist()
    words = _words(workspace, set(ids))
    worded = [row for row, own in enumerate(ids) if own in words]
    tones = labels["tone"].to_pylist()
    return Labelled(
        TONE_SCHEME,
        tuple(ids[row] for row in worded),
        tuple(words[ids[row]][0] for row in worded),
        tuple(words[ids[row]][1] for row in worded),
        np.array([TONE_SCHEME.classes.index(tones[row]) for row in worded], dtype=np.int64),
        corrected=frozenset(
            own for own, yes in zip(ids, labels["correction"].to_pylist(), strict=True) if yes
        ),
    )


def write_misread(evaluation: Evaluation, path: Path) -> None:
    """Write the misread rows with their words, the surest first, as .xlsx or .csv."""
    rows = [
        (row.feedback_id, row.text, row.label, row.found, round(row.probability, 3))
        for row in evaluation.misread
    ]
    widths = {"feedback_id": 24, "tekst": 80, "toon": 14, "gelezen": 14, "kans": 9}
    write_rows(path, "misgelezen", widths, rows)


def _people(sheet: Sheet) -> Quality | None:
    if sheet.second is None or not (both := sheet.second >= 0).any():
        return None
    weight = None if sheet.weight is None else sheet.weight[both]
    return measure(sheet.codes[both], sheet.second[both], sheet.scheme.classes, weight=weight)


def _words(workspace: Workspace, ids: set[str]) -> dict[str, tuple[str, str]]:
    """Return feedback id -> (verbatim, question) of those that are words."""
    feedback = workspace.feedback()
    rows = zip(
        feedback["feedback_id"].to_pylist(),
        feedback["verbatim"].to_pylist(),
        feedback["question"].to_pylist(),
        strict=True,
    )
    return {own: (said, asked or "") for own, said, asked in rows if own in ids and said.strip()}
