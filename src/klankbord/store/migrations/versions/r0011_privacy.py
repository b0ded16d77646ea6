"""Who looked behind a pseudonym, who was forgotten, and where copies of the feedback are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the log of reveals, the bars and receipts of erasures, and the places of copies."""
    text = sa.Text(collation="C") if op.get_bind().dialect.name == "postgresql" else sa.Text()
    op.create_table(
        "reveal",
        sa.Column("reveal_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", text, nullable=False),
        sa.Column("pseudonym", text, nullable=False),
        sa.Column("why", text, nullable=False),
        sa.PrimaryKeyConstraint("reveal_id", name=op.f("pk_reveal")),
    )
    op.create_table(
        "barred",
        sa.Column("hash", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_barred")),
    )
    op.create_index(op.f("ix_barred_subject"), "barred", ["subject"])
    op.create_table(
        "erasure",
        sa.Column("erasure_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("receipt", text, nullable=False),
        sa.PrimaryKeyConstraint("erasure_id", name=op.f("pk_erasure")),
    )
    for name, moment in (
        ("backup", "made_at"),
        ("written_file", "written_at"),
        ("trained_model", "trained_at"),
    ):
        op.create_table(
            name,
            sa.Column("path", text, nullable=False),
            sa.Column(moment, sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("path", name=op.f(f"pk_{name}")),
        )
