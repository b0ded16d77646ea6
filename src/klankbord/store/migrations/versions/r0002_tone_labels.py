"""The tone that people gave to pieces of feedback, with its history; where cues stand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of labels and the places of cues."""
    op.add_column("score", sa.Column("cue_spans", sa.Text(), nullable=True))
    op.create_table(
        "tone_labels",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("feedback_id", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("mixed", sa.Boolean(), nullable=True),
        sa.Column("complaint_theme", sa.Text(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("labelled_by", sa.Text(), nullable=False),
        sa.Column("labelled_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.feedback_id"],
            name=op.f("fk_tone_labels_feedback_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("label_id", name=op.f("pk_tone_labels")),
    )
    op.create_index(
        op.f("ix_tone_labels_feedback_id_labelled_at"),
        "tone_labels",
        ["feedback_id", "labelled_at"],
        unique=False,
    )
