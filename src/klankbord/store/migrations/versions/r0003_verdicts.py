"""What people found tone shifts to be, and the probability before it moved with that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of verdicts and the probability that was believed."""
    op.add_column("shift", sa.Column("believed", sa.Float(), nullable=True))
    op.create_table(
        "shift_verdict",
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("believed", sa.Float(), nullable=False),
        sa.Column("real", sa.Boolean(), nullable=False),
        sa.Column("judged_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shift_id", name=op.f("pk_shift_verdict")),
    )
