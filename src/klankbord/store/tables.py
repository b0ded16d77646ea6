"""The tables of a workspace as the newest migration leaves them.

Moments are whole microseconds since 1970 UTC, so that Arrow timestamps come back exactly.
Lists are JSON text. Column names of the Arrow tables are kept as they are.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
    text,
)

from klankbord.schema import TONE_PROBABILITIES

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _of_feedback() -> ForeignKey:
    return ForeignKey("feedback.feedback_id", ondelete="CASCADE")


def _of_action() -> ForeignKey:
    return ForeignKey("action.action_id", ondelete="CASCADE")


meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("feedback_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("customer_id", Text),
    Column("account_id", Text),
    Column("author_role", Text, nullable=False),
    Column("conversation_id", Text),
    Column("turn", Integer),
    Column("question", Text),
    Column("verbatim", Text, nullable=False),
    Column("language", Text),
    Column("received_at", BigInteger),
    Column("score_metric", Text),
    Column("score_value", Float),
    Column("journey_stage", Text),
    Column("segment", Text),
    Column("value_eur", Float),
    Column("attributes", Text, nullable=False),
    Column("second_language", Text),
    Index(None, "customer_id", "received_at"),
    Index(None, "received_at", "feedback_id"),
)

# The versions of a piece of feedback other than the one that stands in `feedback`.
feedback_version = Table(
    "feedback_version",
    metadata,
    Column("version_id", Integer, primary_key=True),
    Column("feedback_id", Text, _of_feedback(), nullable=False),
    Column("verbatim", Text, nullable=False),
    Column("score_metric", Text),
    Column("score_value", Float),
    Column("received_at", BigInteger),
    Column("superseded_at", BigInteger),
    Index(None, "feedback_id"),
)

customer = Table(
    "customer",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("account_id", Text),
    Column("segment", Text),
    Column("value_eur", Float),
    Column("started_at", BigInteger),
    Column("cancelled_at", BigInteger),
    Column("attributes", Text, nullable=False),
)

identity = Table(
    "identity",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

score = Table(
    "score",
    metadata,
    Column("feedback_id", Text, _of_feedback(), primary_key=True),
    Column("tone", Text, nullable=False),
    *(Column(name, Float, nullable=False) for name in TONE_PROBABILITIES),
    Column("valence", Float, nullable=False),
    Column("enthusiasm", Float, nullable=False),
    Column("tone_sd", Float, nullable=False),
    Column("mixed", Boolean, nullable=False),
    Column("complaint_theme", Text),
    Column("churn_cue", Boolean, nullable=False),
    Column("ambassador_cue", Boolean, nullable=False),
    Column("unresolved", Boolean, nullable=False),
    Column("non_answer", Boolean, nullable=False),
    Column("cues", Text, nullable=False),
    Column("cue_spans", Text),
    Column("scored_by", Text, nullable=False),
)

segment = Table(
    "segment",
    metadata,
    Column("feedback_id", Text, _of_feedback(), primary_key=True),
    Column("segment", Integer, primary_key=True, autoincrement=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("tone", Text),
    Column("valence", Float),
    Column("complaint_theme", Text),
    Column("theme_id", Text),
    Index(
        None,
        "theme_id",
        "feedback_id",
        sqlite_where=text("theme_id IS NOT NULL"),
        postgresql_where=text("theme_id IS NOT NULL"),
    ),
)

# History is kept: of one piece of feedback the newest label counts, the last stored of equals,
# unless the words were edited since or it was withdrawn. A correction was given on the review page:
# it trains but is no part of a sample to measure on; `read_as` is the tone it was given instead of.
tone_labels = Table(
    "tone_labels",
    metadata,
    Column("label_id", Integer, primary_key=True),
    Column("feedback_id", Text, _of_feedback(), nullable=False),
    Column("tone", Text, nullable=False),
    Column("mixed", Boolean),
    Column("complaint_theme", Text),
    Column("flags", Text),
    Column("labelled_by", Text, nullable=False),
    Column("labelled_at", BigInteger, nullable=False),
    Column("of_earlier_words", Boolean, nullable=False, server_default=false()),
    Column("correction", Boolean, nullable=False, server_default=false()),
    Column("read_as", Text),
    Column("withdrawn_at", BigInteger),
    Column("withdrawn_by", Text),
    Index(None, "feedback_id", "labelled_at"),
    Index(None, "correction", "label_id"),
)

shift = Table(
    "shift",
    metadata,
    Column("shift_id", Text, primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("before_at", BigInteger, nullable=False),
    Column("after_at", BigInteger, nullable=False),
    Column("probability", Float, nullable=False),
    Column("expected_fdr", Float, nullable=False),
    Column("value_eur", Float),
    Column("channels", Text, nullable=False),
    Column("before_quote", Text),
    Column("after_quote", Text),
    Column("explanation", Text, nullable=False),
    Column("priority", Float, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("believed", Float),
    Index(None, "customer_id"),
    Index(None, "rank"),
)

# No reference to `shift`, whose rows are replaced by every run.
shift_verdict = Table(
    "shift_verdict",
    metadata,
    Column("shift_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("believed", Float, nullable=False),
    Column("real", Boolean, nullable=False),
    Column("judged_at", BigInteger, nullable=False),
)

# Every judgement, assignment, snooze, note and undoing; verdicts and plans follow from these, and
# the newest comes last. `value` is the person, the day, or what was undone.
shift_review = Table(
    "shift_review",
    metadata,
    Column("event_id", Integer, primary_key=True),
    Column("shift_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("value", Text, nullable=False, server_default=""),
    Index(None, "shift_id"),
    Index(None, "by"),
)

# `assignee_key` is how names are compared; "" is nobody.
shift_plan = Table(
    "shift_plan",
    metadata,
    Column("shift_id", Text, primary_key=True),
    Column("assignee", Text, nullable=False),
    Column("assignee_key", Text, nullable=False),
    Column("snoozed_until", Date),
    Index(None, "assignee_key"),
)

theme = Table(
    "theme",
    metadata,
    Column("theme_id", Text, primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("parent_id", Text),
    Column("label", Text, nullable=False),
    Column("keywords", Text, nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("share", Float, nullable=False),
    Column("trend", Text, nullable=False),
    Column("trend_p", Float),
    Column("weekly", Text, nullable=False),
    Column("value_eur", Float),
    Column("owner", Text, nullable=False),
    Column("quotes", Text, nullable=False),
    Column("evidence", Text, nullable=False),
)

# `centre` holds little-endian float32.
known_theme = Table(
    "known_theme",
    metadata,
    Column("theme_id", Text, primary_key=True),
    Column("parent_id", Text),
    Column("label", Text, nullable=False),
    Column("keywords", Text, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("centre", LargeBinary, nullable=False),
    Column("terms", Text, nullable=False),
    Column("found_at", Date, nullable=False),
    Column("seen_at", Date, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("forbidden", Boolean, nullable=False),
    Column("merged_into", Text),
    Column("divide", Boolean, nullable=False),
)

# No reference to `known_theme`, whose rows are replaced by every run.
theme_edit = Table(
    "theme_edit",
    metadata,
    Column("edit_id", Integer, primary_key=True),
    Column("at", BigInteger),
    Column("by", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("theme_id", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("why", Text, nullable=False),
)

# `version` counts the changes of a row, so that two people editing it can be told apart.
action = Table(
    "action",
    metadata,
    Column("action_id", Text, primary_key=True),
    Column("loop", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("customer_id", Text),
    Column("theme_id", Text),
    Column("owner", Text, nullable=False),
    Column("due", Date, nullable=False),
    Column("priority", Float, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("wel_niet_later", Text, nullable=False),
    Column("draft", Text, nullable=False),
    Column("outcome", Text),
    Column("opened_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("version", Integer, nullable=False),
    Column("cause", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Column("complaint_theme", Text),
    Column("probability", Float, nullable=False, server_default="1"),
    Column("value_eur", Float),
    Column("effect", Float, nullable=False, server_default="1"),
    Column("escalation", Integer, nullable=False, server_default="0"),
    Index(None, "customer_id"),
    Index(None, "theme_id"),
)

# Not tied to the feedback table: an action outlives the feedback that retention rules remove.
action_evidence = Table(
    "action_evidence",
    metadata,
    Column("action_id", Text, _of_action(), primary_key=True),
    Column("feedback_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
)

action_event = Table(
    "action_event",
    metadata,
    Column("event_id", Integer, primary_key=True),
    Column("action_id", Text, _of_action(), nullable=False),
    Column("at", BigInteger),
    Column("by", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index(None, "action_id"),
)

import_record = Table(
    "import_record",
    metadata,
    Column("import_id", Integer, primary_key=True),
    Column("at", BigInteger),
    Column("file", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rows_in", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("updated", Integer, nullable=False, server_default="0"),
    Index(None, "sha256"),
)

# Imports that are busy or were interrupted, and what became of the batches they stored.
import_begun = Table(
    "import_begun",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("languages", Text, nullable=False),
)

import_batch = Table(
    "import_batch",
    metadata,
    Column(
        "sha256",
        Text,
        ForeignKey("import_begun.sha256", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("rows_digest", Text, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("as_of", BigInteger),
    Column("provenance", Text, nullable=False),
)

# Who looked behind a pseudonym. Of a customer who was forgotten since the pseudonym is "".
reveal = Table(
    "reveal",
    metadata,
    Column("reveal_id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("pseudonym", Text, nullable=False),
    Column("why", Text, nullable=False),
)

# Keyed hashes of customers who were forgotten and of their feedback; `subject` is the customer's.
barred = Table(
    "barred",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "subject"),
)

erasure = Table(
    "erasure",
    metadata,
    Column("erasure_id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("receipt", Text, nullable=False),
)

# Copies of what is here: absolute paths. Erasing goes through them.
backup = Table(
    "backup",
    metadata,
    Column("path", Text, primary_key=True),
    Column("made_at", BigInteger, nullable=False),
)

written_file = Table(
    "written_file",
    metadata,
    Column("path", Text, primary_key=True),
    Column("written_at", BigInteger, nullable=False),
)

trained_model = Table(
    "trained_model",
    metadata,
    Column("path", Text, primary_key=True),
    Column("trained_at", BigInteger, nullable=False),
)
