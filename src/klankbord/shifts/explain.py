"""From a located claim to the record people read: quotes, dates and one sentence."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.excerpt import shorten
from klankbord.moments import TIMEZONE, in_words, local_day, moment
from klankbord.records import Quote, ToneShift
from klankbord.schema import TONES, ShiftKind
from klankbord.shifts.changed_words import Said, changed_words
from klankbord.shifts.cited import Cited
from klankbord.shifts.findings import Finding
from klankbord.shifts.histories import CHANNELS

QUOTE_LIMIT = 200
SENTENCE_QUOTE_LIMIT = 90
WORTH_SAYING = 0.01  # that one more piece must add to the probability


@dataclass(frozen=True)
class Telling:
    """When, in which language (nl or en) and in which time zone shifts are told."""

    as_of: datetime
    language: str = "nl"
    timezone: str = TIMEZONE

    def day(self, when: datetime) -> str:
        """Return a date in words; the year is written where it is not that of `as_of`."""
        local = local_day(when, self.timezone)
        this_year = local.year == local_day(self.as_of, self.timezone).year
        return in_words(local, self.language, year=not this_year)


@dataclass(frozen=True)
class Passage:
    """A row of feedback as far as an explanation needs it."""

    quote: Quote
    score: float | None
    said: Said


def passages(
    cited: Cited, scores: pa.Table, rows: Iterable[int], tones: Mapping[int, int]
) -> dict[int, Passage]:
    """Return the passages of these rows; `tones` gives the observed rank of each."""
    wanted = sorted(set(rows))
    taken = cited.take(np.array(wanted, dtype=np.int64)).to_pydict()
    scored = scores.select(["feedback_id", "cues"]).filter(
        pc.is_in(scores["feedback_id"], pa.array(taken["feedback_id"], pa.string()))
    )
    cues = dict(zip(*scored.to_pydict().values(), strict=True))
    result = {}
    for i, row in enumerate(wanted):
        rank, at = tones.get(row, -1), taken["received_at"][i]
        quote = Quote(
            feedback_id=taken["feedback_id"][i],
            text=shorten(taken["verbatim"][i], QUOTE_LIMIT),
            received_at=None if at is None else at.astimezone(UTC),
            channel=taken["channel"][i],
            tone=TONES[rank] if rank >= 0 else None,
        )
        said = Said(taken["verbatim"][i] or "", tuple(cues.get(quote.feedback_id) or ()))
        result[row] = Passage(quote, taken["score_value"][i], said)
    return result


def tell(
    finding: Finding,
    customer_id: str,
    value: float | None,
    known: Mapping[int, Passage],
    telling: Telling,
    *,
    expected_fdr: float,
    priority: float,
) -> ToneShift:
    """Return the tone shift of a finding, with its sentence."""
    before = None if finding.before_row is None else known[finding.before_row]
    after = None if finding.after_row is None else known[finding.after_row]
    evidence = [known[row].quote for row in finding.evidence]
    present = {quote.channel for quote in evidence}
    return ToneShift(
        shift_id=shift_id(customer_id, finding.kind, moment(finding.after_at), telling.timezone),
        customer_id=customer_id,
        kind=finding.kind,
        before=TONES[finding.before],
        after=TONES[finding.after],
        before_at=moment(finding.before_at),
        after_at=moment(finding.after_at),
        probability=finding.probability,
        expected_fdr=expected_fdr,
        value_eur=value,
        channels=tuple(channel.value for channel in CHANNELS if channel.value in present),
        before_quote=None if before is None else before.quote,
        after_quote=None if after is None else after.quote,
        explanation=sentence(finding, known, telling),
        priority=priority,
        evidence=tuple(dict.fromkeys(quote.feedback_id for quote in evidence)),
    )


def sentence(finding: Finding, known: Mapping[int, Passage], telling: Telling) -> str:
    """Return the explanation."""
    words = _wordings()[telling.language]
    before = None if finding.before_row is None else known[finding.before_row]
    after = None if finding.after_row is None else known[finding.after_row]
    facts: dict[str, Any] = {name: f"{value:.0f}" for name, value in finding.facts.items()}
    scores = [p.score for p in (before, after) if p is not None and p.score is not None]
    return words["kinds"][finding.wording].format(  # type: ignore[no-any-return]
        before=words["tones"][TONES[finding.before]],
        after=words["tones"][TONES[finding.after]],
        before_day=telling.day(moment(finding.before_at)),
        after_day=telling.day(moment(finding.after_at)),
        before_quote=_words(before),
        after_quote=_words(after),
        before_channel=_channel(before, words),
        after_channel=_channel(after, words),
        words=_changed(finding, known, words),
        more=_more(finding, words),
        measure=shorten(finding.measure, SENTENCE_QUOTE_LIMIT),
        chance=chance(finding.probability),
        scores=words["and"].join(f"{score:g}".replace(".", words["point"]) for score in scores),
        **facts,
    )


def chance(probability: float) -> str:
    """Return a probability in whole per cents, never rounded up to certainty."""
    return ">99" if probability > 0.99 else f"{probability * 100:.0f}"


def shift_id(
    customer_id: str, kind: ShiftKind, turned_at: datetime, timezone: str = TIMEZONE
) -> str:
    """Return an id that stays the same as long as customer, kind and day of the turn do."""
    date = local_day(turned_at, timezone).isoformat()
    text = "\x1f".join((customer_id, kind.value, date))
    return "V-" + hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def needed_rows(findings: Sequence[Finding]) -> set[int]:
    """Return the feedback rows that the explanations of `findings` quote or cite."""
    rows: set[int] = set()
    for finding in findings:
        rows.update(finding.evidence, finding.earlier, finding.since)
        rows.update(r for r in (finding.before_row, finding.after_row) if r is not None)
    return rows


def _words(passage: Passage | None) -> str:
    return "" if passage is None else shorten(passage.quote.text, SENTENCE_QUOTE_LIMIT)


def _channel(passage: Passage | None, words: Mapping[str, Any]) -> str:
    return "" if passage is None else words["channels"][passage.quote.channel]


def _changed(finding: Finding, known: Mapping[int, Passage], words: Mapping[str, Any]) -> str:
    """Tell which cues went and came, in part sentences."""
    changed = changed_words(
        [known[row].said for row in finding.earlier], [known[row].said for row in finding.since]
    )
    told = ""
    for name, cues in (("went", changed.went), ("came", changed.came)):
        if cues:
            told += words[name].format(words=", ".join(f"‘{cue}’" for cue in cues))
    return told + (words["formal"] if changed.formal else "")


def _more(finding: Finding, words: Mapping[str, Any]) -> str:
    """Tell what one more such piece would do to the probability, where that says something."""
    if finding.with_more is None or finding.with_more < finding.probability + WORTH_SAYING:
        return ""
    return words["more"].format(chance=chance(finding.with_more))  # type: ignore[no-any-return]


@cache
def _wordings() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("wording.toml").read_text("utf-8"))
