"""Arrow schemas of the tables that cross a stage, and the enums their columns draw on."""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa


class Tone(StrEnum):
    """The five ordered tone levels, lowest first."""

    BOOS = "boos"
    ONTEVREDEN = "ontevreden"
    NEUTRAAL = "neutraal"
    POSITIEF = "positief"
    ENTHOUSIAST = "enthousiast"

    @property
    def rank(self) -> int:
        """Position on the ordered scale, 0 (boos) to 4 (enthousiast)."""
        return TONES.index(self)


TONES: tuple[Tone, ...] = tuple(Tone)
TONE_PROBABILITIES: tuple[str, ...] = tuple(f"p_{tone}" for tone in TONES)


class Channel(StrEnum):
    """Where feedback came in."""

    SURVEY = "survey"
    REVIEW = "review"
    TRANSCRIPT = "transcript"
    EMAIL = "email"
    CHAT = "chat"
    AI_ANSWER = "ai_answer"


class AuthorRole(StrEnum):
    """Who wrote or said a piece of feedback."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    UNKNOWN = "unknown"


SPEAKING: tuple[AuthorRole, ...] = (AuthorRole.CUSTOMER, AuthorRole.UNKNOWN)


class ScoreMetric(StrEnum):
    """What a given score measures, with its scale."""

    NPS = "nps"  # 0-10
    CSAT = "csat"  # 1-5
    CES = "ces"  # 1-7
    STARS = "stars"  # 1-5
    GRADE = "grade"  # 1-10


SCORE_RANGES: dict[ScoreMetric, tuple[float, float]] = {
    ScoreMetric.NPS: (0, 10),
    ScoreMetric.CSAT: (1, 5),
    ScoreMetric.CES: (1, 7),
    ScoreMetric.STARS: (1, 5),
    ScoreMetric.GRADE: (1, 10),
}


class ShiftKind(StrEnum):
    """The kinds of tone shift, most important first."""

    VERKOELING = "verkoeling"
    TELEURSTELLING = "teleurstelling"
    ESCALATIE = "escalatie"
    PARADOX = "paradox"
    GESPREK = "gesprek"
    STILTE = "stilte"
    HERSTEL = "herstel"

    @property
    def is_drop(self) -> bool:
        """Whether it is bad news: everything but a recovery."""
        return self is not ShiftKind.HERSTEL


_TIME = pa.timestamp("us", tz="UTC")

# One row per response or conversation turn. `verbatim` is "" where only a score was given;
# `attributes` is a JSON object of the columns no role was found for.
FEEDBACK = pa.schema(
    [
        pa.field("feedback_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("customer_id", pa.string()),
        pa.field("account_id", pa.string()),
        pa.field("author_role", pa.string(), nullable=False),
        pa.field("conversation_id", pa.string()),
        pa.field("turn", pa.int32()),
        pa.field("question", pa.string()),
        pa.field("verbatim", pa.string(), nullable=False),
        pa.field("language", pa.string()),
        pa.field("received_at", _TIME),
        pa.field("score_metric", pa.string()),
        pa.field("score_value", pa.float64()),
        pa.field("journey_stage", pa.string()),
        pa.field("segment", pa.string()),
        pa.field("value_eur", pa.float64()),
        pa.field("attributes", pa.string(), nullable=False),
        pa.field("second_language", pa.string()),  # of a row that mixes two, ISO 639-1
    ]
)

# One row per piece of feedback that a customer (or somebody unknown) put into words.
# A non-answer ("geen", "nvt", "-") is scored neutraal, flat, and marked.
SCORES = pa.schema(
    [
        pa.field("feedback_id", pa.string(), nullable=False),
        pa.field("tone", pa.string(), nullable=False),
        *(pa.field(name, pa.float32(), nullable=False) for name in TONE_PROBABILITIES),
        pa.field("valence", pa.float32(), nullable=False),  # -1 … 1
        pa.field("enthusiasm", pa.float32(), nullable=False),  # 0 … 1
        pa.field("tone_sd", pa.float32(), nullable=False),  # of the tone rank, in levels
        pa.field("mixed", pa.bool_(), nullable=False),
        pa.field("complaint_theme", pa.string()),  # code of the guide; null: no complaint
        pa.field("churn_cue", pa.bool_(), nullable=False),
        pa.field("ambassador_cue", pa.bool_(), nullable=False),
        pa.field("unresolved", pa.bool_(), nullable=False),
        pa.field("non_answer", pa.bool_(), nullable=False),
        pa.field("cues", pa.list_(pa.string()), nullable=False),
        pa.field("cue_spans", pa.list_(pa.int32())),  # start, end, start, end, …
        pa.field("scored_by", pa.string(), nullable=False),
    ]
)

# Parts of a verbatim; `start` and `end` are character offsets into it, end exclusive.
SEGMENTS = pa.schema(
    [
        pa.field("feedback_id", pa.string(), nullable=False),
        pa.field("segment", pa.int32(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("tone", pa.string()),
        pa.field("valence", pa.float32()),
        pa.field("complaint_theme", pa.string()),
        pa.field("theme_id", pa.string()),
    ]
)

# One row per customer of a customer table.
CUSTOMERS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("account_id", pa.string()),
        pa.field("segment", pa.string()),
        pa.field("value_eur", pa.float64()),
        pa.field("started_at", _TIME),
        pa.field("cancelled_at", _TIME),
        pa.field("attributes", pa.string(), nullable=False),
    ]
)

# What a person said of a piece of feedback; the newest label of a piece counts.
TONE_LABELS = pa.schema(
    [
        pa.field("feedback_id", pa.string(), nullable=False),
        pa.field("tone", pa.string(), nullable=False),
        pa.field("mixed", pa.bool_()),  # null: not judged, here and below
        pa.field("complaint_theme", pa.string()),  # code of the guide; "-": no complaint
        pa.field("flags", pa.string()),  # letters C, A, U, S; "": none of them
        pa.field("labelled_by", pa.string(), nullable=False),  # "": not told
        pa.field("labelled_at", _TIME, nullable=False),
        # given on the review page to a piece somebody chose: such labels are no random sample
        pa.field("correction", pa.bool_()),  # null: no
    ]
)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return `table` with exactly the columns, order and types of `schema`.

    Missing nullable columns are filled with nulls; extra columns are dropped. Raises
    ValueError where a required column is missing or holds nulls.
    """
    columns = []
    for field in schema:
        if field.name in table.column_names:
            column = table.column(field.name)
            if column.type != field.type:
                column = column.cast(field.type)
        elif field.nullable:
            column = pa.nulls(table.num_rows, field.type)
        else:
            raise ValueError(f"required column '{field.name}' is missing")
        if not field.nullable and column.null_count:
            raise ValueError(f"required column '{field.name}' holds {column.null_count} nulls")
        columns.append(column)
    return pa.table(columns, schema=schema)
