"""Figures about customers as `klankbord metrics` shows them: rows for programs, and for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from klankbord.cells import neutralise
from klankbord.metrics.benchmarks import Claim
from klankbord.metrics.figures import Figure, Span, Unit
from klankbord.metrics.overview import EVERYBODY, UNKNOWN, Overview, Remark
from klankbord.metrics.periods import Period
from klankbord.report.wording import Wording
from klankbord.resources import toml_beside

COLUMNS = (
    "measure",
    "period",
    "first_day",
    "last_day",
    "complete",
    "segment",
    "value",
    "low",
    "high",
    "unit",
    "count",
    "gap",
    "source",
    "source_date",
    "remark",
)
Cell = str | float | bool | date | None
Table = tuple[Sequence[str], Sequence[Sequence[str]]]

_DECIMALS = {Unit.POINTS: 0, Unit.PERCENT: 1, Unit.MEAN: 1, Unit.EURO: 0, Unit.YEARS: 1}


def figure_record(one: Figure) -> tuple[Cell, ...]:
    """Return the values of COLUMNS for a figure of one's own."""
    seen = min(one.span.ends - timedelta(days=1), one.span.as_of)
    last = max(seen, one.span.start)
    ends = (round(end, 6) if end is not None else None for end in (one.value, one.low, one.high))
    return (
        one.measure,
        one.span.name,
        one.span.start,
        last,
        one.span.complete,
        one.segment,
        *ends,
        str(one.unit),
        one.count,
        str(one.gap) if one.gap else "",
        "",
        "",
        "",
    )


def claim_record(claim: Claim) -> tuple[Cell, ...]:
    """Return the values of COLUMNS for what a source claims; a range has no value."""
    value = claim.low if claim.low == claim.high else None
    low, high = (None, None) if value is not None else (claim.low, claim.high)
    return (
        claim.topic, "", None, None, "", claim.sector, value, low, high,
        claim.unit, None, "", claim.source, claim.date, claim.remark,
    )  # fmt: skip


@dataclass(frozen=True)
class Words:
    """Figures, claims and remarks in the language of the reader."""

    language: str
    timezone: str

    @property
    def _wording(self) -> Wording:
        return Wording(self.language, self.timezone, {})

    def head(self, key: str, **values: object) -> str:
        """Return a fixed text."""
        return self._text("head", key).format(**values)

    def own(self, found: Overview, by: str, *, at_once: int) -> Iterator[Table]:
        """Yield tables of at most so many periods, oldest first: a row per measure and group."""
        spans = sorted({one.span for one in found.figures}, key=lambda span: span.start)
        spare = len(spans) % at_once
        for start in range(spare - at_once if spare else 0, len(spans), at_once):
            yield self._own(found, by, spans[max(0, start) : start + at_once])

    def _own(self, found: Overview, by: str, spans: Sequence[Span]) -> Table:
        rows: dict[tuple[str, str], dict[Span, Figure]] = {}
        for one in found.figures:
            if one.span in spans:
                rows.setdefault((one.measure, one.segment), {})[one.span] = one
        headings = [self.head("measure"), *([self.head("group")] if by else [])]
        headings += [*(self._period(span) for span in spans), self.head("count")]
        lines = []
        for (measure, segment), figures in rows.items():
            told = [self.value(figures[span]) if span in figures else "" for span in spans]
            gap = figures[spans[-1]].gap if spans[-1] in figures else None
            if gap and gap.of_columns and len(set(told)) == 1:
                told = [*["–"] * (len(told) - 1), told[-1]]
            newest = figures[max(figures, key=lambda span: span.start)].count
            count = "–" if newest is None else self._wording.number(newest)
            group = [self._group(segment)] if by else []
            lines.append([self._measure(measure), *group, *told, count])
        return headings, lines

    def compared(self, found: Overview, published: Sequence[Claim]) -> Table:
        """Return one's own newest retention per year first, then what sources claim."""
        headings = [self.head(key) for key in ("topic", "claim", "source", "date")]
        own = [
            one
            for one in found.figures
            if (one.measure, one.segment) == ("retention_year", EVERYBODY)
        ]
        rows = [
            [
                self.head("yours", period=self._period(one.span)),
                self.value(one),
                self.head("yours_source"),
                one.span.as_of.isoformat(),
            ]
            for one in own[-1:]
        ]
        return headings, [*rows, *(self._claim(claim) for claim in published)]

    def disputed(self, claims: Sequence[Claim]) -> Table:
        """Return what sources claim that contradicts what others claim."""
        headings = [self.head(key) for key in ("topic", "claim", "source", "date")]
        return headings, [self._claim(claim) for claim in claims]

    def value(self, one: Figure) -> str:
        """Write a figure as `80,4% (73,7–85,9)`, or say why there is none."""
        if one.value is None:
            return self._text("gap", str(one.gap))
        decimals = _DECIMALS[one.unit]
        text = self._wording.number(one.value, decimals)
        if one.unit is Unit.PERCENT:
            text += "%"
        if one.unit is Unit.EURO:
            text = self._wording.euro(one.value)
        if one.low is None or one.high is None:
            return text
        low, high = (self._wording.number(end, decimals) for end in (one.low, one.high))
        ends = f"{low}–{high}"
        if one.low < 0:  # a dash beside a minus sign is hard to read
            ends = self._wording("format.range", low=low, high=high)
        return f"{text} ({ends})"

    def remarks(self, found: Overview, *, by: str, published: bool) -> Iterator[str]:
        """Yield what a reader has to know, one line each."""
        names = [str(told) for remark, told in found.remarks if remark is Remark.NOT_ASKED]
        for remark, told in found.remarks:
            if remark is Remark.NOT_ASKED:
                continue
            if isinstance(told, date):
                yield self._remark(remark, day=self._wording.day(told))
            elif isinstance(told, int) and told:
                key = "one" if told == 1 else "many"
                yield self._remark(f"{remark}.{key}", n=self._wording.number(told))
            else:
                group = self._text("by", str(told)) if told else ""
                yield self._remark(remark, by=group, everyone=self.head("everyone"))
        if names:
            told = self._wording.listed(tuple(self._measure(name) for name in names))
            yield self._remark("not_asked", names=told)
        measures = {one.measure for one in found.figures}
        if "retention_year" in measures:
            yield self._remark("year")
            yield self._remark("value")
        estimated = sum(one.low is not None for one in found.figures)
        if by and estimated:
            missed = self._wording.number(estimated / 10)
            yield self._remark("intervals", n=self._wording.number(estimated), missed=missed)
        if published:
            yield self._remark("claims")

    def _claim(self, claim: Claim) -> list[str]:
        said = claim.remark
        if claim.low is not None and claim.high is not None:
            sign = {"percent": "%", "x": "×"}[claim.unit]
            ends = dict.fromkeys((claim.low, claim.high))
            numbers = "–".join(self._wording.number(end, 1 if end % 1 else 0) for end in ends)
            said = f"{numbers}{sign}" + (f", {claim.remark}" if claim.remark else "")
        return [claim.title, said, claim.source, claim.date or self.head("undated")]

    def _measure(self, measure: str) -> str:
        kind, _, name = measure.partition(":")
        return self._text("measure", kind).format(name=_one_line(name))

    def _group(self, segment: str) -> str:
        known = {EVERYBODY: self.head("everyone"), UNKNOWN: self.head("unknown")}
        return known.get(segment) or _one_line(segment)

    def _period(self, span: Span) -> str:
        year, start = span.start.year, span.start
        named = {
            Period.WEEK: lambda: self.head(
                "week", week=start.isocalendar().week, year=start.isocalendar().year
            ),
            Period.MONTH: lambda: self._wording.month(start),
            Period.QUARTER: lambda: self.head("quarter", quarter=(start.month + 2) // 3, year=year),
            Period.YEAR: lambda: str(year),
        }[span.period]()
        if span.complete or span.start > span.as_of:
            return named
        return self.head("unfinished", period=named, day=f"{span.as_of.day}-{span.as_of.month}")

    def _remark(self, key: str, **values: object) -> str:
        return self._text("remark", *key.split(".")).format(**values)

    def _text(self, *keys: str) -> str:
        found = toml_beside("klankbord.metrics", "wording.toml")[self.language]
        for key in keys:
            found = found[key]
        return str(found)


def _one_line(text: str) -> str:
    return " ".join(neutralise(text).split())
