"""What the plan needs to know about customers: value, language, form of address, complaints."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.loop.drafts import draft_languages, form_of_address
from klankbord.loop.rules import rules
from klankbord.moments import UNDATED
from klankbord.records import Theme
from klankbord.schema import SPEAKING
from klankbord.values import customer_values

_UNKNOWN_WEIGHT = 1.0


class Values:
    """Values in euro among each other: what each weighs in the ranking."""

    def __init__(self, values: Iterable[float]) -> None:
        self._sorted = np.sort(np.array(list(values), dtype=float))

    def weight(self, value: float | None) -> float:
        """Weigh a value 0.5 (the lowest) to 1.5 (the highest) by rank; unknown weighs 1."""
        share = self._share_below(value)
        return _UNKNOWN_WEIGHT if share is None else 0.5 + share

    def is_valuable(self, value: float | None) -> bool | None:
        """Tell whether a value lies in the top quartile; None where the value is unknown."""
        share = self._share_below(value)
        return None if share is None else share >= rules("sla")["valuable_from"]

    def _share_below(self, value: float | None) -> float | None:
        if value is None or not len(self._sorted):
            return None
        below = np.searchsorted(self._sorted, value, "left")
        up_to = np.searchsorted(self._sorted, value, "right")
        return float(below + up_to) / (2 * len(self._sorted))


class CustomerValues(Values):
    """The known value of customers."""

    def __init__(self, customers: pa.Table, feedback: pa.Table) -> None:
        self._values = customer_values(feedback, customers)
        super().__init__(self._values.values())

    def value(self, customer_id: str | None) -> float | None:
        """Return a customer's value in euro, None where it is unknown."""
        return None if customer_id is None else self._values.get(customer_id)


@dataclass(frozen=True)
class Voice:
    """How a customer writes."""

    language: str
    form: str


def voices(
    feedback: pa.Table, customer_ids: Collection[str], address: str = "auto"
) -> dict[str, Voice]:
    """Return the language of each customer's latest words and the form of address for them.

    `address` is the setting: "auto" for the form they use themselves, "u" or "jij" for all.
    """
    wanted = pa.array(sorted(customer_ids), pa.string())
    theirs = feedback.filter(
        pc.and_(
            pc.is_in(feedback.column("customer_id"), wanted),
            pc.is_in(
                feedback.column("author_role"),
                pa.array(SPEAKING, pa.string()),
            ),
        )
    )
    latest: dict[str, tuple[int, str, str]] = {}
    verbatims: defaultdict[str, list[str]] = defaultdict(list)
    for customer, moment, feedback_id, language, verbatim in zip(
        theirs.column("customer_id").to_pylist(),
        moments(theirs),
        theirs.column("feedback_id").to_pylist(),
        theirs.column("language").to_pylist(),
        theirs.column("verbatim").to_pylist(),
        strict=True,
    ):
        if verbatim:
            verbatims[customer].append(verbatim)
            if language in draft_languages():
                latest[customer] = max(
                    latest.get(customer, (UNDATED, "", "")), (int(moment), feedback_id, language)
                )
    fallback = rules("drafts")["fallback"]
    found = {}
    for customer in customer_ids:
        language = latest[customer][2] if customer in latest else fallback
        found[customer] = Voice(language, form_of_address(language, verbatims[customer], address))
    return found


class Complaints:
    """What pieces of feedback complain about, looked up a few at a time."""

    def __init__(self, scores: pa.Table, wanted: Iterable[str]) -> None:
        ids = pa.array(sorted(set(wanted)), pa.string())
        few = scores.filter(pc.is_in(scores.column("feedback_id"), ids))
        few = few.filter(pc.is_valid(few.column("complaint_theme")))
        self._themes: dict[str, str] = dict(
            zip(
                few.column("feedback_id").to_pylist(),
                few.column("complaint_theme").to_pylist(),
                strict=True,
            )
        )

    def main(self, feedback_ids: Iterable[str]) -> str | None:
        """Return the complaint named most often, the first in the alphabet on a tie."""
        counts = Counter(self._themes[item] for item in feedback_ids if item in self._themes)
        if not counts:
            return None
        return min(counts, key=lambda theme: (-counts[theme], theme))


def moments(table: pa.Table) -> np.ndarray:
    """Return `received_at` as int64 microseconds; undated sorts before everything."""
    micros = table.column("received_at").cast(pa.int64())
    found: np.ndarray = pc.fill_null(micros, UNDATED).to_numpy()
    return found


def cues(scores: pa.Table, feedback_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the words that justified the tone of a few pieces of feedback."""
    ids = pa.array(sorted(set(feedback_ids)), pa.string())
    few = scores.filter(pc.is_in(scores.column("feedback_id"), ids))
    return dict(
        zip(few.column("feedback_id").to_pylist(), few.column("cues").to_pylist(), strict=True)
    )


def latest_first(feedback: pa.Table, themes: Iterable[Theme]) -> dict[str, tuple[str, ...]]:
    """Return each theme's evidence by time received, latest first and undated last."""
    evidence = {theme.theme_id: theme.evidence for theme in themes}
    ids = pa.array(sorted({item for items in evidence.values() for item in items}), pa.string())
    few = feedback.filter(pc.is_in(feedback.column("feedback_id"), ids))
    received = dict(zip(few.column("feedback_id").to_pylist(), moments(few).tolist(), strict=True))
    return {
        theme_id: tuple(sorted(items, key=lambda item: (-received.get(item, UNDATED), item)))
        for theme_id, items in evidence.items()
    }
