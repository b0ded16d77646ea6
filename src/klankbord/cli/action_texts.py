"""The texts that `klankbord actions` writes: the huddle sheet, and "You said, we did"."""

from __future__ import annotations

from datetime import datetime

import typer

from klankbord.cli.action_verbs import QUIET
from klankbord.cli.choices import check_department
from klankbord.cli.output import data, note
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location


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
    from klankbord import outputs
    from klankbord.loop.huddle_page import as_markdown
    from klankbord.moments import local_day
    from klankbord.settings import load_settings

    check_department(department)
    settings = load_settings()
    with open_workspace(workspace) as store:
        today = local_day(outputs.latest_run(store).as_of, settings.timezone)
        sheets = outputs.huddle_sheets(
            store.feedback(),
            store.themes(),
            store.actions(),
            settings,
            today=today,
            since=since.date() if since else None,
            department=department,
        )
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
