"""The verbs of `klankbord themes`: what people decide about one theme."""

from __future__ import annotations

import typer

from klankbord.cli.workspaces import WORKSPACE
from klankbord.location import Location

QUIET = typer.Option(False, "--quiet", "-q", help="No notes.")
BY = typer.Option("", "--by", metavar="NAME", help="Who decides this.", show_default=False)
WHY = typer.Option("", "--why", metavar="TEXT", help="The reason, kept with it.")
_OFF = typer.Option(False, "--off", help="Take it back.")
THEME = typer.Argument(..., metavar="ID", help="The theme, by its id in the list.")


def rename(
    theme_id: str = THEME,
    name: str = typer.Argument(None, metavar="NAME", help="What to call it from now on."),
    *,
    off: bool = typer.Option(False, "--off", help="Call it as it was found again."),
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Give a theme the name that your people use; its id stays.

    Example: klankbord themes rename levertijd-bezorger "Bezorger te laat"
    """
    from klankbord.cli.theme_keeping import edit_themes
    from klankbord.themes import edits

    given = _either(name, "NAME", off=off)
    edit_themes(
        workspace,
        lambda known, _: edits.rename(known, theme_id, given),
        by=by,
        why=why,
        quiet=quiet,
    )


def merge(
    theme_id: str = THEME,
    into: str = typer.Argument(None, metavar="INTO", help="The theme that takes it in, by id."),
    *,
    off: bool = _OFF,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Let another theme take the mentions of a theme over, from the next analyse on.

    Example: klankbord themes merge levertijd-pakket levertijd-bezorger --why "zelfde klacht"
    """
    from klankbord.cli.theme_keeping import edit_themes
    from klankbord.themes import edits

    given = _either(into, "INTO", off=off)
    edit_themes(
        workspace,
        lambda known, _: edits.merge(known, theme_id, given),
        by=by,
        why=why,
        quiet=quiet,
    )


def split(
    theme_id: str = THEME,
    *,
    off: bool = _OFF,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Have a theme divided by the next analyse, where its mentions allow it.

    Example: klankbord themes split levertijd-bezorger
    """
    from klankbord.cli.theme_keeping import edit_themes
    from klankbord.themes import edits

    edit_themes(
        workspace,
        lambda known, _: edits.split(known, theme_id, on=not off),
        by=by,
        why=why,
        quiet=quiet,
    )


def pin(
    theme_id: str = THEME,
    *,
    off: bool = _OFF,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Keep a theme on the list, however seldom it is mentioned.

    Example: klankbord themes pin hygiene
    """
    from klankbord.cli.theme_keeping import edit_themes
    from klankbord.themes import edits

    edit_themes(
        workspace,
        lambda known, _: edits.pin(known, theme_id, on=not off),
        by=by,
        why=why,
        quiet=quiet,
    )


def forbid(
    theme_id: str = THEME,
    *,
    off: bool = _OFF,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Keep a theme off the list from the next analyse on: its mentions stay with its head.

    Example: klankbord themes forbid anders-dag --why "is geen klacht"
    """
    from klankbord.cli.theme_keeping import edit_themes
    from klankbord.themes import edits

    edit_themes(
        workspace,
        lambda known, _: edits.forbid(known, theme_id, on=not off),
        by=by,
        why=why,
        quiet=quiet,
    )


def assign(
    theme_id: str = THEME,
    department: str = typer.Argument(None, metavar="DEPARTMENT", help="Such as Operations."),
    *,
    off: bool = typer.Option(False, "--off", help="Leave it to the department of its head."),
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Make a department the owner of a theme, and so of the actions on it.

    Example: klankbord themes assign levertijd-bezorger Distributie
    """
    from klankbord.cli.theme_keeping import edit_themes
    from klankbord.loop.routing import departments
    from klankbord.themes import edits

    given = _either(department, "DEPARTMENT", off=off)
    edit_themes(
        workspace,
        lambda known, _: edits.assign(known, theme_id, given, departments()),
        by=by,
        why=why,
        quiet=quiet,
    )


def undo(
    *, workspace: Location = WORKSPACE, by: str = BY, why: str = WHY, quiet: bool = QUIET
) -> None:
    """Take the last edit back; once more takes back the one before it.

    Example: klankbord themes undo --why "verkeerde thema"
    """
    from klankbord.cli.theme_keeping import edit_themes
    from klankbord.themes import edits

    edit_themes(
        workspace,
        lambda known, history: edits.undo(known, history),
        by=by,
        why=why,
        quiet=quiet,
    )


def _either(value: str | None, name: str, *, off: bool) -> str | None:
    """Return the argument, or None for --off; raises where both or neither is given."""
    if (value is None) != off:
        raise typer.BadParameter(f"give {name} or --off, one of the two")
    return value
