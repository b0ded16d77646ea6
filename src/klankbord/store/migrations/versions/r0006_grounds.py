"""What an action rests on, what it is expected to bring, and whether it was escalated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what earlier actions rest on stands in their reasons only."""
    for column in (
        sa.Column("cause", sa.Text(), nullable=False, server_default=""),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("complaint_theme", sa.Text(), nullable=True),
        sa.Column("probability", sa.Float(), nullable=False, server_default="1"),
        sa.Column("value_eur", sa.Float(), nullable=True),
        sa.Column("effect", sa.Float(), nullable=False, server_default="1"),
        sa.Column("escalation", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("action", column)
