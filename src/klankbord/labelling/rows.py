"""Labels of all sources together, in one set of classes: what to train and what to measure on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord.errors import KlankbordError, UnreadableInputError
from klankbord.labelling.classes import (
    THREE_SCHEME,
    TONE_SCHEME,
    Scheme,
    same_side,
    translated,
)
from klankbord.labelling.evaluation import Labelled, of_sheet, of_workspace
from klankbord.labelling.quality import ENOUGH
from klankbord.labelling.reading import Sheet
from klankbord.placeholders import blanked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from klankbord.store import Workspace

    Ints = NDArray[np.int64]

LEAST = 5  # labels of a class
CORRECTED = "corrections made on the review page"
_KEPT = "labels kept in the workspace"


@dataclass(frozen=True)
class Rows:
    """Labels of all sources together, in one set of classes.

    A correction takes the place of an earlier label to train on, not to measure on.
    """

    texts: list[str]
    questions: list[str]
    codes: Ints  # to train on
    truth: Ints  # to measure on, -1 for a row that no sample holds
    scheme: Scheme
    sources: dict[str, int]
    left_out: int


def gather(sheets: Sequence[Sheet], workspace: Workspace | None) -> Rows:
    """Put the labels of all sources into the coarsest classes that any of them has."""
    parts: list[tuple[str, Labelled]] = [
        (sheet.path.name, of_sheet(sheet, workspace)) for sheet in sheets
    ]
    if workspace:
        parts.append((_KEPT, of_workspace(workspace)))
    own = {part.scheme.classes: part.scheme for _, part in parts if part.scheme.name == "own"}
    if len(own) > 1:
        raise UnreadableInputError("the sheets have different classes of their own")
    names = {part.scheme.name for _, part in parts if part.texts}
    target = next(iter(own.values()), THREE_SCHEME if "three" in names else TONE_SCHEME)
    given = {row for _, part in parts[: len(sheets)] for row in part.ids if row}
    corrected, sampled = _said_in(workspace, target)
    texts: list[str] = []
    questions: list[str] = []
    codes: list[int] = []
    truth: list[int] = []
    sources: dict[str, int] = {}
    left_out = 0
    for name, part in parts:
        into = translated(part.scheme, target)
        for own_id, text, question, code in zip(
            part.ids, part.texts, part.questions, part.codes.tolist(), strict=True
        ):
            kept = name == _KEPT
            if kept and own_id in given:
                continue
            place = corrected[own_id] if own_id in corrected else into[code]
            if place is None:
                left_out += 1
                continue
            measured = sampled.get(own_id) if kept else into[code]
            texts.append(blanked(text))
            questions.append(question)
            codes.append(place)
            truth.append(-1 if measured is None else measured)
            source = CORRECTED if own_id in corrected else name
            sources[source] = sources.get(source, 0) + 1
    return Rows(texts, questions, _ints(codes), _ints(truth), target, sources, left_out)


def _said_in(
    workspace: Workspace | None, target: Scheme
) -> tuple[dict[str, int | None], dict[str, int | None]]:
    """Return the classes of the corrections in the workspace, and those of its other labels."""
    if workspace is None:
        return {}, {}
    newest, sample = of_workspace(workspace), of_workspace(workspace, sample_only=True)
    into = translated(TONE_SCHEME, target)
    corrected, sampled = (
        {own: into[code] for own, code in zip(part.ids, part.codes.tolist(), strict=True)}
        for part in (newest, sample)
    )
    return {own: code for own, code in corrected.items() if own in newest.corrected}, sampled


def judged(rows: Rows) -> tuple[Ints, Ints]:
    """Return the rows to choose and calibrate on, and their labels: those of a sample.

    Where these are too few it is all rows, with the label they are trained on if no sample has
    them.
    """
    sample = np.flatnonzero(rows.truth >= 0)
    if len(sample) >= ENOUGH:
        return sample, rows.truth[sample]
    everything = np.arange(len(rows.codes))
    return everything, np.where(rows.truth >= 0, rows.truth, rows.codes)


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def merge_rare(rows: Rows) -> Rows:
    """Put a class with fewer than five labels together with its side, or leave it out."""
    count = np.bincount(rows.codes, minlength=len(rows.scheme.classes))
    groups = {code: [code] for code in range(len(count))}
    for code in np.argsort(count, kind="stable").tolist():
        total = count[groups[code]].sum() if code in groups else LEAST
        if total >= LEAST:
            continue
        near = [
            other
            for other in groups
            if other != code
            and same_side(_tones(rows.scheme, groups[code]), _tones(rows.scheme, groups[other]))
        ]
        if near:
            groups[near[0]] = sorted(groups[near[0]] + groups.pop(code))
    kept = sorted(
        (members for members in groups.values() if count[members].sum() >= LEAST),
        key=lambda members: members[0],
    )
    if len(kept) < 2:
        raise KlankbordError(
            f"too few labels to train on: two classes with {LEAST} labels each are needed, of "
            + ", ".join(f"{name} {n}" for name, n in zip(rows.scheme.classes, count, strict=True)),
            hint="klankbord label draws more rows to label",
        )
    place = {code: new for new, members in enumerate(kept) for code in members}
    stays = [row for row, code in enumerate(rows.codes.tolist()) if code in place]
    scheme = Scheme(
        rows.scheme.name,
        tuple("/".join(rows.scheme.classes[code] for code in members) for members in kept),
        tuple(_tones(rows.scheme, members) for members in kept),
        {},
    )
    return Rows(
        [rows.texts[row] for row in stays],
        [rows.questions[row] for row in stays],
        _ints([place[rows.codes[row]] for row in stays]),
        _ints([place.get(rows.truth[row], -1) for row in stays]),
        scheme,
        rows.sources,
        rows.left_out + len(rows.codes) - len(stays),
    )


def _tones(scheme: Scheme, members: Sequence[int]) -> tuple[Any, ...]:
    return tuple(tone for code in members for tone in scheme.groups[code])
