"""Turn records into Arrow tables of feedback or customers by a plan of column roles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice

import pyarrow as pa

from klankbord.records import Detection, RejectedRow
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORE_RANGES, Channel, ScoreMetric
from klankbord.sources.batch import LONGEST_VERBATIM, TOO_LONG, Batch, batch_of, rejected_row
from klankbord.sources.columns import Plan
from klankbord.sources.dates import DateReader
from klankbord.sources.decimals import parse_decimal, parse_score
from klankbord.sources.grid import Cell, Grid, Record, text_of
from klankbord.sources.personal import is_personal_name, is_personal_text
from klankbord.sources.roles import language_code, normal, vocabulary
from klankbord.sources.scores import asks_for_effort, one_polarity

_BAD_DATE = "datum is niet leesbaar of bestaat niet"
_BAD_SCORE = "score is geen getal"
_BAD_METRIC = "soort score is onbekend"
_BAD_VALUE = "waarde is geen getal"
_OUT_OF_RANGE = "score ligt buiten het bereik {low:g} tot en met {high:g}"
_NOTHING = "geen tekst en geen score"
_NO_CUSTOMER = "geen klantnummer"
_TOTAL = "rij telt andere rijen op en is geen reactie of klant"
_SENTENCE_ENDS = (".", "!", "?", "…", ":")

Columns = Sequence[Sequence[Cell]]
Faults = dict[int, tuple[str, str]]  # position in the batch -> (column, reason)


def batches(grid: Grid, plan: Plan, detection: Detection, batch_rows: int) -> Iterator[Batch]:
    """Yield the records of `grid` in batches of at most `batch_rows`; at least one batch."""
    mapper = _Mapper(grid, plan, detection)
    records = grid.records()
    first = True
    while part := list(islice(records, batch_rows)):
        first = False
        yield mapper.batch(part)
    if first:
        yield batch_of(detection, [])


class _Mapper:
    """Maps batch after batch of one file; counts turns across batches."""

    def __init__(self, grid: Grid, plan: Plan, detection: Detection) -> None:
        self._path = grid.path
        self._header = grid.header
        self._plan = plan
        self._detection = detection
        self._dates = DateReader(plan.timezone, plan.day_first, plan.profile.date_format)
        self._turns: Counter[str] = Counter()

    def batch(self, part: Sequence[Record | RejectedRow]) -> Batch:
        """Return the Batch of these records, each either stored or rejected."""
        rejected = [item for item in part if isinstance(item, RejectedRow)]
        records = [item for item in part if not isinstance(item, RejectedRow)]
        if not records:
            return batch_of(self._detection, rejected)
        columns = list(zip(*(cells for _, cells in records), strict=True))
        faults: Faults = {}
        customers = self._plan.kind == "customers"
        build = self._customers if customers else self._feedback
        values = build(columns, len(records), faults)
        kept = [at for at in range(len(records)) if at not in faults]
        schema = CUSTOMERS if customers else FEEDBACK
        table = pa.table(
            [
                _array([values[field.name][at] for at in kept], field.type)
                if field.name in values
                else pa.nulls(len(kept), field.type)
                for field in schema
            ],
            schema=schema,
        )
        for at, (column, reason) in sorted(faults.items()):
            row, cells = records[at]
            raw = ";".join(text_of(cell) for cell in cells)
            rejected.append(rejected_row(self._path, row, column, reason, raw))
        rejected.sort(key=lambda item: item.row)
        if customers:
            return batch_of(self._detection, rejected, customers=table)
        return batch_of(self._detection, rejected, feedback=table)

    def _feedback(self, columns: Columns, rows: int, faults: Faults) -> dict[str, Sequence[object]]:
        plan = self._plan
        conversations = self._identifiers(columns, "conversation_id", rows)
        metrics, scores = self._scores(columns, rows, faults)
        received = self._moments(columns, "received_at", rows, faults)
        verbatims = self._verbatims(columns, rows)
        for at, (verbatim, score) in enumerate(zip(verbatims, scores, strict=True)):
            if not verbatim and score is None:
                faults.setdefault(at, ("", _NOTHING))
            elif len(verbatim) > LONGEST_VERBATIM:
                faults.setdefault(at, ("", TOO_LONG))
        for at in _totals(columns, rows):
            if not verbatims[at] and received[at] is None:
                faults[at] = ("", _TOTAL)
        attributes, values = self._attributes_and_value(columns, rows)
        stages, segments, questions = (
            self._labels(columns, role, rows) for role in ("journey_stage", "segment", "question")
        )
        if plan.question:
            questions = [question or plan.question for question in questions]
        return {
            "feedback_id": self._own_ids(columns, rows, verbatims, received),
            "source": [plan.source] * rows,
            "channel": self._channels(columns, rows),
            "customer_id": self._identifiers(columns, "customer_id", rows),
            "account_id": self._identifiers(columns, "account_id", rows),
            "author_role": self._author_roles(columns, rows),
            "conversation_id": conversations,
            "turn": self._turn_numbers(columns, conversations, rows),
            "question": questions,
            "verbatim": verbatims,
            "language": self._languages(columns, rows),
            "received_at": received,
            "score_metric": metrics,
            "score_value": scores,
            "journey_stage": stages,
            "segment": segments,
            "value_eur": values,
            "attributes": attributes,
        }

    def _customers(
        self, columns: Columns, rows: int, faults: Faults
    ) -> dict[str, Sequence[object]]:
        customers = self._identifiers(columns, "customer_id", rows)
        header = self._header[self._plan.roles["customer_id"]]
        for at, customer in enumerate(customers):
            if not customer:
                faults.setdefault(at, (header, _NO_CUSTOMER))
        started = self._moments(columns, "started_at", rows, faults)
        cancelled = self._moments(columns, "cancelled_at", rows, faults)
        value_at = self._plan.roles.get("value_eur")
        values: list[float | None] = [None] * rows
        if value_at is not None:
            for at, cell in enumerate(columns[value_at]):
                values[at] = self._number(cell, "value_eur")
                if values[at] is None and not _empty(cell):
                    faults.setdefault(at, (self._header[value_at], _BAD_VALUE))
        for at in _totals(columns, rows):
            if started[at] is None and cancelled[at] is None:
                faults[at] = ("", _TOTAL)
        return {
            "customer_id": customers,
            "account_id": self._identifiers(columns, "account_id", rows),
            "segment": self._labels(columns, "segment", rows),
            "value_eur": values,
            "started_at": started,
            "cancelled_at": cancelled,
            "attributes": self._attributes(columns, rows, {}),
        }

    def _column(self, columns: Columns, role: str) -> Sequence[Cell] | None:
        at = self._plan.roles.get(role)
        return None if at is None else columns[at]

    def _identifiers(self, columns: Columns, role: str, rows: int) -> list[str | None]:
        column = self._column(columns, role)
        if column is None:
            return [self._plan.profile.constants.get(role)] * rows
        return [None if _empty(cell) else _identifier(cell) for cell in column]

    def _labels(self, columns: Columns, role: str, rows: int) -> list[str | None]:
        column = self._column(columns, role)
        if column is None:
            return [self._plan.profile.constants.get(role)] * rows
        return [text_of(cell) or None for cell in column]

    def _moments(
        self, columns: Columns, role: str, rows: int, faults: Faults
    ) -> Sequence[int | None]:
        at = self._plan.roles.get(role)
        if at is None:
            return [None] * rows
        read = self._dates.microseconds
        moments = [read(cell) for cell in columns[at]]
        for place, moment in enumerate(moments):
            if moment is None and not _empty(columns[at][place]):
                faults.setdefault(place, (self._header[at], _BAD_DATE))
        return moments

    def _number(self, cell: Cell, role: str) -> float | None:
        return None if _empty(cell) else parse_decimal(cell, self._plan.decimals[role])

    def _scores(
        self, columns: Columns, rows: int, faults: Faults
    ) -> tuple[list[str | None], list[float | None]]:
        at = self._plan.roles.get("score")
        if at is None:
            return [None] * rows, [None] * rows
        mapped = self._plan.profile.values.get("score", {})
        mark = self._plan.decimals["score"]
        named = self._metrics_named(columns, rows)
        questions = self._column(columns, "question")
        metrics: list[str | None] = [None] * rows
        scores: list[float | None] = [None] * rows
        for place, cell in enumerate(columns[at]):
            if _empty(cell):
                continue
            number = parse_score(mapped.get(normal(text_of(cell)), cell), mark)
            metric = named[place]
            if number is None:
                faults.setdefault(place, (self._header[at], _BAD_SCORE))
            elif metric is None:
                faults.setdefault(place, (self._header[at], _BAD_METRIC))
            else:
                low, high = SCORE_RANGES[ScoreMetric(metric)]
                if not low <= number <= high:
                    reason = _OUT_OF_RANGE.format(low=low, high=high)
                    faults.setdefault(place, (self._header[at], reason))
                if metric == ScoreMetric.CES and self._effort(questions, place):
                    number = one_polarity(number)
                scores[place], metrics[place] = number, metric
        return metrics, scores

    def _effort(self, questions: Sequence[Cell] | None, place: int) -> bool:
        if self._plan.effort is not None or questions is None:
            return bool(self._plan.effort)
        return bool(asks_for_effort(text_of(questions[place])))

    def _metrics_named(self, columns: Columns, rows: int) -> list[str | None]:
        column = self._column(columns, "score_metric")
        if column is None:
            return [self._plan.metric or None] * rows
        known = self._known_values("score_metric")
        return [
            self._plan.metric or None if _empty(cell) else known.get(normal(text_of(cell)))
            for cell in column
        ]

    def _verbatims(self, columns: Columns, rows: int) -> list[str]:
        column = self._column(columns, "verbatim")
        texts = [""] * rows if column is None else [text_of(cell) for cell in column]
        profile = self._plan.profile
        if profile.cut_after:
            texts = [_original(text, profile.cut_after, profile.keep_after) for text in texts]
        titles = self._column(columns, "title")
        if titles is None:
            return texts
        return [_joined(text_of(title), text) for title, text in zip(titles, texts, strict=True)]

    def _own_ids(
        self, columns: Columns, rows: int, verbatims: list[str], received: Sequence[int | None]
    ) -> list[str]:
        """Return "<source>:<id>"; a mere row number only counts together with its content."""
        column = self._column(columns, "feedback_id")
        if column is None:
            return [""] * rows
        source = self._plan.source
        own = [_identifier(cell) for cell in column]
        if self._plan.own_ids:
            return [f"{source}:{each}" if each else "" for each in own]
        return [
            f"{source}:{each}-{_digest(verbatim, moment)}" if each else ""
            for each, verbatim, moment in zip(own, verbatims, received, strict=True)
        ]

    def _known_values(self, role: str) -> dict[str, str]:
        return {**vocabulary().values[role], **self._plan.profile.values.get(role, {})}

    def _channels(self, columns: Columns, rows: int) -> list[str]:
        column = self._column(columns, "channel")
        if column is None:
            return [self._plan.channel] * rows
        known = self._known_values("channel")
        return [known.get(normal(text_of(cell)), self._plan.channel) for cell in column]

    def _author_roles(self, columns: Columns, rows: int) -> list[str]:
        column = self._column(columns, "author_role")
        if column is None:
            return [self._plan.author_role] * rows
        known = self._known_values("author_role")
        return [
            self._plan.author_role if _empty(cell) else known.get(normal(text_of(cell)), "unknown")
            for cell in column
        ]

    def _languages(self, columns: Columns, rows: int) -> list[str | None]:
        column = self._column(columns, "language")
        if column is None:
            return [self._plan.profile.constants.get("language")] * rows
        known = self._known_values("language")
        return [
            None
            if _empty(cell)
            else known.get(normal(text_of(cell))) or language_code(text_of(cell))
            for cell in column
        ]

    def _turn_numbers(
        self, columns: Columns, conversations: list[str | None], rows: int
    ) -> list[int | None]:
        column = self._column(columns, "turn")
        if column is not None:
            numbers = [self._number(cell, "turn") for cell in column]
            return [
                int(number) if number is not None and 0 <= number < 2**31 else None
                for number in numbers
            ]
        if self._plan.channel not in (Channel.CHAT, Channel.TRANSCRIPT):
            return [None] * rows
        turns: list[int | None] = []
        for conversation in conversations:
            if conversation is not None:
                self._turns[conversation] += 1
            turns.append(self._turns[conversation] if conversation is not None else None)
        return turns

    def _attributes_and_value(
        self, columns: Columns, rows: int
    ) -> tuple[list[str], list[float | None]]:
        """Read the value in euros; what is no number is kept among the attributes."""
        at = self._plan.roles.get("value_eur")
        values: list[float | None] = [None] * rows
        kept: dict[int, dict[str, str]] = {}
        if at is not None:
            for place, cell in enumerate(columns[at]):
                values[place] = self._number(cell, "value_eur")
                if values[place] is None and not _empty(cell):
                    kept[place] = {self._header[at]: text_of(cell)}
        for role in ("channel", "author_role"):
            column, known = self._column(columns, role), self._known_values(role)
            for place, cell in enumerate(column or ()):
                if not _empty(cell) and normal(text_of(cell)) not in known:
                    name = self._header[self._plan.roles[role]]
                    if is_personal_name(name):
                        break
                    kept.setdefault(place, {})[name] = text_of(cell)
        return self._attributes(columns, rows, kept), values

    def _attributes(
        self, columns: Columns, rows: int, kept: dict[int, dict[str, str]]
    ) -> list[str]:
        found = [dict(kept.get(place, ())) for place in range(rows)]
        for at in self._plan.rest:
            name = self._header[at]
            for place, cell in enumerate(columns[at]):
                text = text_of(cell)
                if text:
                    found[place][name] = text
        for each in found:
            for name in [name for name, text in each.items() if is_personal_text(text)]:
                del each[name]
        return [
            json.dumps(each, ensure_ascii=False, sort_keys=True) if each else "{}" for each in found
        ]


def _array(values: list[object], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, type=pa.int64()).cast(kind)
    return pa.array(values, type=kind)


def _totals(columns: Columns, rows: int) -> Iterator[int]:
    """Yield the rows whose first filled cell says that they sum up the others."""
    words = vocabulary().totals
    for at in range(rows):
        first = next((text for column in columns if (text := text_of(column[at]))), "")
        if normal(first) in words:
            yield at


def _empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in vocabulary().empty)


def _identifier(cell: Cell) -> str:
    """Return an id as text with its leading zeros; Excel's ="00123" loses its dressing."""
    text = text_of(cell)
    return text[2:-1] if text.startswith('="') and text.endswith('"') else text


def _joined(title: str, text: str) -> str:
    if not title or not text:
        return title or text
    return f"{title} {text}" if title.endswith(_SENTENCE_ENDS) else f"{title}. {text}"


def _original(text: str, cut_after: str, keep_after: str) -> str:
    if cut_after not in text:
        return text
    if keep_after and keep_after in text:
        return text.rpartition(keep_after)[2].strip()
    return text.partition(cut_after)[0].strip()


def _digest(verbatim: str, moment: int | None) -> str:
    return blake2b(f"{moment} {verbatim}".encode("utf-8", "replace"), digest_size=6).hexdigest()
