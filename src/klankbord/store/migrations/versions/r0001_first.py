"""The first schema: feedback, scores, findings, the closed loop, identities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of a new workspace."""
    op.create_table(
        "action",
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("loop", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("theme_id", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wel_niet_later", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_action")),
    )
    op.create_index(op.f("ix_action_customer_id"), "action", ["customer_id"], unique=False)
    op.create_index(op.f("ix_action_theme_id"), "action", ["theme_id"], unique=False)
    op.create_table(
        "customer",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("value_eur", sa.Float(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer")),
    )
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("author_role", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("verbatim", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("score_metric", sa.Text(), nullable=True),
        sa.Column("score_value", sa.Float(), nullable=True),
        sa.Column("journey_stage", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("value_eur", sa.Float(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feedback_id", name=op.f("pk_feedback")),
    )
    op.create_index(
        op.f("ix_feedback_customer_id_received_at"),
        "feedback",
        ["customer_id", "received_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_feedback_received_at_feedback_id"),
        "feedback",
        ["received_at", "feedback_id"],
        unique=False,
    )
    op.create_table(
        "identity",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_identity")),
    )
    op.create_table(
        "import_record",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rows_in", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_record")),
    )
    op.create_index(op.f("ix_import_record_sha256"), "import_record", ["sha256"], unique=False)
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=True),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
    )
    op.create_table(
        "shift",
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("before_at", sa.BigInteger(), nullable=False),
        sa.Column("after_at", sa.BigInteger(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("expected_fdr", sa.Float(), nullable=False),
        sa.Column("value_eur", sa.Float(), nullable=True),
        sa.Column("channels", sa.Text(), nullable=False),
        sa.Column("before_quote", sa.Text(), nullable=True),
        sa.Column("after_quote", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shift_id", name=op.f("pk_shift")),
    )
    op.create_index(op.f("ix_shift_customer_id"), "shift", ["customer_id"], unique=False)
    op.create_table(
        "theme",
        sa.Column("theme_id", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("trend", sa.Text(), nullable=False),
        sa.Column("trend_p", sa.Float(), nullable=True),
        sa.Column("weekly", sa.Text(), nullable=False),
        sa.Column("value_eur", sa.Float(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("quotes", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("theme_id", name=op.f("pk_theme")),
    )
    op.create_table(
        "action_event",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["action.action_id"],
            name=op.f("fk_action_event_action_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_action_event")),
    )
    op.create_index(op.f("ix_action_event_action_id"), "action_event", ["action_id"], unique=False)
    op.create_table(
        "action_evidence",
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("feedback_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["action.action_id"],
            name=op.f("fk_action_evidence_action_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("action_id", "feedback_id", name=op.f("pk_action_evidence")),
    )
    op.create_table(
        "score",
        sa.Column("feedback_id", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("p_boos", sa.Float(), nullable=False),
        sa.Column("p_ontevreden", sa.Float(), nullable=False),
        sa.Column("p_neutraal", sa.Float(), nullable=False),
        sa.Column("p_positief", sa.Float(), nullable=False),
        sa.Column("p_enthousiast", sa.Float(), nullable=False),
        sa.Column("valence", sa.Float(), nullable=False),
        sa.Column("enthusiasm", sa.Float(), nullable=False),
        sa.Column("tone_sd", sa.Float(), nullable=False),
        sa.Column("mixed", sa.Boolean(), nullable=False),
        sa.Column("complaint_theme", sa.Text(), nullable=True),
        sa.Column("churn_cue", sa.Boolean(), nullable=False),
        sa.Column("ambassador_cue", sa.Boolean(), nullable=False),
        sa.Column("unresolved", sa.Boolean(), nullable=False),
        sa.Column("non_answer", sa.Boolean(), nullable=False),
        sa.Column("cues", sa.Text(), nullable=False),
        sa.Column("scored_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.feedback_id"],
            name=op.f("fk_score_feedback_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("feedback_id", name=op.f("pk_score")),
    )
    op.create_table(
        "segment",
        sa.Column("feedback_id", sa.Text(), nullable=False),
        sa.Column("segment", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=True),
        sa.Column("valence", sa.Float(), nullable=True),
        sa.Column("complaint_theme", sa.Text(), nullable=True),
        sa.Column("theme_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.feedback_id"],
            name=op.f("fk_segment_feedback_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("feedback_id", "segment", name=op.f("pk_segment")),
    )
