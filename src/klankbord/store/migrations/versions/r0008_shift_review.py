"""Who judged which tone shift, what they noted and what they took back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the history of reviews, which begins with the verdicts there are, by nobody known."""
    text = sa.Text(collation="C") if op.get_bind().dialect.name == "postgresql" else sa.Text()
    op.create_table(
        "shift_review",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("shift_id", text, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", text, nullable=False),
        sa.Column("verb", text, nullable=False),
        sa.Column("note", text, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_shift_review")),
    )
    op.create_index(op.f("ix_shift_review_shift_id"), "shift_review", ["shift_id"])
    op.create_index(op.f("ix_shift_rank"), "shift", ["rank"])
    op.execute(
        "INSERT INTO shift_review (shift_id, at, by, verb, note)"
        " SELECT shift_id, judged_at, '', CASE WHEN real THEN 'bevestigd' ELSE 'vals alarm' END, ''"
        " FROM shift_verdict ORDER BY judged_at, shift_id"
    )
