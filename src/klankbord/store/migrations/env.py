"""Alembic's entry point: migrate over the connection the workspace hands in."""

from __future__ import annotations

from alembic import context

from klankbord.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
