"""The ids that a source itself gives to its feedback, as "<source>:<id>"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from klankbord.sources import cells
from klankbord.sources.columns import Plan
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.row_reader import Columns


class OwnIds:
    """Makes feedback ids from the id column of a table; all "" where it has none."""

    def __init__(self, plan: Plan, header: Sequence[str]) -> None:
        self._plan = plan
        self._header = header

    def own(self, columns: Columns, rows: int) -> list[str]:
        """Return what the source itself calls each row, "" where it does not."""
        at = self._plan.roles.get("feedback_id")
        if at is None:
            return [""] * rows
        return [cells.undressed(text) for text in cells.texts(columns[at])]

    def main(
        self,
        own: Sequence[str],
        raw: Sequence[str],
        questions: Sequence[str | None],
        scores: Sequence[float | None],
        received: Sequence[int | None],
    ) -> list[str]:
        """Return "<source>:<id>"; a mere row number only counts together with its content."""
        at = self._plan.roles.get("feedback_id")
        weak = at is not None and normal(self._header[at]) in vocabulary().weak_ids
        asked = [None] * len(own) if weak else questions
        return self._ids(own, "", zip(raw, received, scores, asked, strict=True))

    def further(
        self,
        own: Sequence[str],
        suffix: str,
        verbatims: Sequence[str],
        scores: Sequence[float | None],
        received: Sequence[int | None],
    ) -> list[str]:
        """Return "<source>:<id>/<suffix>" for a further question, told by `suffix`."""
        return self._ids(own, f"/{suffix}", zip(verbatims, received, scores, strict=True))

    def _ids(self, own: Sequence[str], end: str, content: Iterable[tuple[Any, ...]]) -> list[str]:
        """Return the ids; `content` (of `_digest`) is only looked at where they need it."""
        source = self._plan.source
        if self._plan.own_ids or "feedback_id" not in self._plan.roles:
            return [f"{source}:{each}{end}" if each else "" for each in own]
        return [
            f"{source}:{each}-{_digest(*told)}{end}" if each else ""
            for each, told in zip(own, content, strict=True)
        ]


def _digest(
    verbatim: str, moment: int | None, score: float | None = None, question: str | None = None
) -> str:
    """Return what tells apart rows of the same number; the score where there is nothing else."""
    parts = [str(moment), verbatim]
    if not verbatim and moment is None and score is not None:
        parts.append(str(score))
    if question:
        parts.append(question)
    return blake2b(" ".join(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()
