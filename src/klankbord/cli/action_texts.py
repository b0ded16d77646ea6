"""The texts that `klankbord actions` writes: the huddle sheet, and "You said, we did"."""

from __future__ import annotations

from datetime import datetime, timedelta

import typer

from klankbord.cli.action_verbs import QUIET
from klankbord.cli.output import data, note
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location

DAYS = 7  # between two huddles, where nothing else is said


def huddle(
    *,
    department: str = typer.Option(
        None, "--department", "-d", help="One department; all by default.", show_default=False
    ),
    since: datetime = typer.Option(
        None, "--since", formats=["%Y-%m-%d", "%d-%m-%Y"], show_default=False,
        help="The last huddle; seven days before the latest analysis by default.",
    ),
    workspace: Location = WORKSPACE,
    quiet: bool = QUIET,
) -> None:  # fmt: skip
    """Write the sheet for a department's huddle, as Markdown: question, theme, quotes, loops.

    Example: klankbord actions huddle --department Finance > huddle.md
    """
    from klankbord.cli.timeline import analysed_at
    from klankbord.loop import departments
    from klankbord.loop.huddle import huddle as sheet_of
    from klankbord.loop.huddle_page import as_markdown
    from klankbord.moments import local_day
    from klankbord.settings import load_settings

    if department and department not in departments():
        raise typer.BadParameter(f"'{department}' is not one of {', '.join(departments())}")
    settings = load_settings()
    with open_workspace(workspace) as store:
        today = local_day(analysed_at(store), settings.timezone)
        actions, themes, feedback = store.actions(), store.themes(), store.feedback()
    sheets = [
        sheet_of(
            name,
            actions,
            themes,
            feedback,
            since=since.date() if since else today - timedelta(days=DAYS),
            today=today,
            language=settings.language,
            timezone=settings.timezone,
        )
        for name in ([department] if department else departments())
    ]
    data("\n\n".join(as_markdown(sheet).rstrip() for sheet in sheets))
    note(f"{len(sheets)} sheets, as of {today}", quiet=quiet)


def said_done(*, workspace: Location = WORKSPACE, quiet: bool = QUIET) -> None:
    """Write "You said, we did" for customers, of every structural fix closed as geslaagd.

    A person reads and completes it: what stands between [brackets] is not known here.

    Example: klankbord actions said-done > u-zei-wij-deden.md
    """
    from klankbord.loop.said_done import as_markdown, check_said_done
    from klankbord.loop.said_done import said_done as texts_of
    from klankbord.settings import load_settings

    settings = load_settings()
    with open_workspace(workspace) as store:
        texts = texts_of(
            store.actions(),
            store.themes(),
            store.action_histories(),
            language=settings.language,
            form=settings.address,
        )
    page = as_markdown(texts)
    if texts:
        data(page.rstrip())
    problems = check_said_done(page, settings.language) if texts else ()
    note(f"{len(texts)} texts{': ' if problems else ''}{'; '.join(problems)}", quiet=quiet)
