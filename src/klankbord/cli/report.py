"""`klankbord report`: write the report again, for everybody or for one role."""

from __future__ import annotations

from pathlib import Path

import typer

from klankbord.cli.choices import check_department
from klankbord.cli.output import note, path_for_people
from klankbord.cli.workspaces import WORKSPACE, open_workspace, original_ids
from klankbord.location import Location
from klankbord.roles import Role


def report(
    *,
    workspace: Location = WORKSPACE,
    out: Path = typer.Option(Path(), "--out", "-o", help="Folder to write into."),
    role: Role = typer.Option(
        Role.CX,
        "--role",
        help="cx: everything; support: tone drops and inner loop; product: themes and outer loop; "
        "huddle: a sheet of paper per department.",
    ),
    department: str = typer.Option(
        None, "--department", "-d", help="One department, with --role huddle.", show_default=False
    ),
    keep_ids: bool = typer.Option(
        None,
        "--keep-ids",
        help="Write the original customer and account ids, for those who may see them.",
        show_default=False,
    ),
    pdf: bool = typer.Option(
        False, "--pdf", help="Write it as a PDF too, beside the page; a minute for a long report."
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Write the report again from what the workspace holds, without analysing.

    As of the latest analysis, with what people decided since: actions, themes, false alarms.

    Example: klankbord report --role support --out rapport

    Example: klankbord report --role huddle --department Finance --pdf
    """
    from datetime import UTC, datetime

    from klankbord import outputs
    from klankbord.report import check_paper
    from klankbord.settings import load_settings

    if department and role is not Role.HUDDLE:
        raise typer.BadParameter("--department goes with --role huddle")
    check_department(department)
    if pdf:
        check_paper()
    given = load_settings(keep_ids=keep_ids)
    with open_workspace(workspace) as store:
        run = outputs.latest_run(store)
        settings = run.settings(given)
        heard = outputs.hear(store, run.as_of, datetime.now(UTC))
        themes = store.themes()
        found = None if role is Role.HUDDLE else outputs.restore(store, heard, run, settings)
        told = outputs.Told(
            actions=store.actions(),
            counts=tuple(record.count for record in store.imports()),
            rejected=run.rejected,
            settings=settings,
            notice=run.notice,
            original_ids=original_ids(store, heard.pseudonyms(), settings),
        )
        out.mkdir(parents=True, exist_ok=True)
        if found is None:
            path = outputs.write_huddles(out, heard, themes, told, department, pdf=pdf)
        else:
            path = outputs.write_page(out, heard, found, told, role, pdf=pdf)
        written = [path, path.with_suffix(".pdf")] if pdf else [path]
        store.remember_files(written, at=datetime.now(UTC))
    for each in written:
        note(f"as of {told.day(heard)}: {path_for_people(each)}", quiet=quiet)
