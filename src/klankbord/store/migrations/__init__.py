"""Alembic environment of the workspace, run by `klankbord.store.migrate`."""
