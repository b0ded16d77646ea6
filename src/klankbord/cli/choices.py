"""Options that several commands have, and those of which the value is one of a few words."""

from __future__ import annotations

from collections.abc import Collection

import typer

WORKERS = typer.Option(
    0,
    "--workers",
    min=0,
    help="Processes that work on the rows side by side (default: one per core).",
    show_default=False,
)


def check_choice(given: str | None, known: Collection[str], param: str | None = None) -> None:
    """Raise BadParameter, naming the words it can be, for another one; None was not given."""
    if given and given not in known:
        raise typer.BadParameter(f"'{given}' is not one of {', '.join(known)}", param_hint=param)


def check_department(given: str | None) -> None:
    """Raise BadParameter where this is no department of the routing file."""
    if given:
        from klankbord.loop import departments

        check_choice(given, departments())
