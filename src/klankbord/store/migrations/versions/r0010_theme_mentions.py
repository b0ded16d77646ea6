"""The mentions of a theme, found without reading every segment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add an index on the theme of the segments that have one."""
    named = sa.text("theme_id IS NOT NULL")
    op.create_index(
        op.f("ix_segment_theme_id_feedback_id"),
        "segment",
        ["theme_id", "feedback_id"],
        sqlite_where=named,
        postgresql_where=named,
    )
