"""Who looks at a tone shift and until when it waits; tones that reviewers corrected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add plans of shifts, what an event decided, and which labels are corrections."""
    text = sa.Text(collation="C") if op.get_bind().dialect.name == "postgresql" else sa.Text()
    op.create_table(
        "shift_plan",
        sa.Column("shift_id", text, nullable=False),
        sa.Column("assignee", text, nullable=False),
        sa.Column("assignee_key", text, nullable=False),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("shift_id", name=op.f("pk_shift_plan")),
    )
    op.create_index(op.f("ix_shift_plan_assignee_key"), "shift_plan", ["assignee_key"])
    op.add_column("shift_review", sa.Column("value", text, nullable=False, server_default=""))
    op.create_index(op.f("ix_shift_review_by"), "shift_review", ["by"])
    op.add_column(
        "tone_labels",
        sa.Column("correction", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("tone_labels", sa.Column("read_as", text, nullable=True))
    op.add_column("tone_labels", sa.Column("withdrawn_at", sa.BigInteger(), nullable=True))
    op.add_column("tone_labels", sa.Column("withdrawn_by", text, nullable=True))
    op.create_index(
        op.f("ix_tone_labels_correction_label_id"), "tone_labels", ["correction", "label_id"]
    )
