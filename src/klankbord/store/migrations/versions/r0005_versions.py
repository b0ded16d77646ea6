"""Earlier versions of feedback, how many rows of an import were such, and a second language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of versions and the columns that go with it."""
    op.add_column("feedback", sa.Column("second_language", sa.Text(), nullable=True))
    op.add_column(
        "import_record", sa.Column("updated", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "tone_labels",
        sa.Column("of_earlier_words", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "feedback_version",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("feedback_id", sa.Text(), nullable=False),
        sa.Column("verbatim", sa.Text(), nullable=False),
        sa.Column("score_metric", sa.Text(), nullable=True),
        sa.Column("score_value", sa.Float(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.feedback_id"],
            name=op.f("fk_feedback_version_feedback_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_feedback_version")),
    )
    op.create_index(
        op.f("ix_feedback_version_feedback_id"), "feedback_version", ["feedback_id"], unique=False
    )
