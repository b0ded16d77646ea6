"""`klankbord themes`: what customers complain about, and what people make of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.cli import theme_verbs
from klankbord.cli.erasing import remember
from klankbord.cli.groups import ListUnlessNamed
from klankbord.cli.output import Format, csv_table, data, note, on_terminal, path_for_people, table
from klankbord.cli.theme_verbs import BY, QUIET, WHY
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.errors import UnreadableInputError
from klankbord.location import Location

if TYPE_CHECKING:
    from klankbord.outputs.theme_list import ThemeListing

HEADINGS = ("theme_id", "theme", "mentions", "share", "trend", "owner", "marks")
CHANGE_COLUMNS = ("row", "theme_id", "change", "outcome")

COUNTS = "count from the next klankbord analyse on"

_FORM = typer.Option(Format.TABLE, "--format", "-f", help="table, csv or json.")


themes = typer.Typer(
    cls=ListUnlessNamed,
    help="List complaint themes, and rename, merge, split, pin or forbid them.\n\n"
    "What you decide stays, whatever the next analyse finds: ids never change.\n\n"
    'Example: klankbord themes rename levertijd-bezorger "Bezorger te laat" --by Anna\n\n'
    "Example: klankbord themes export codeboek.xlsx writes a sheet to edit, and klankbord themes "
    "import codeboek.xlsx reads it back.",
)


@themes.command("list")
def list_themes(
    *,
    everything: bool = typer.Option(
        False, "--all", "-a", help="Also dormant, forbidden and merged themes."
    ),
    praise: bool = typer.Option(
        False, "--praise", help="What customers praise instead, found on the spot and not kept."
    ),
    workspace: Location = WORKSPACE,
    form: Format = _FORM,
    quiet: bool = QUIET,
) -> None:
    """List the themes of the latest analysis, heads with what was found under them.

    Example: klankbord themes list --all --format csv > themas.csv

    Example: klankbord themes list --praise
    """
    import json

    from klankbord.cli.theme_list import COLUMNS, look, record, table_row
    from klankbord.report.tables import cell
    from klankbord.settings import load_settings

    if praise:
        from klankbord.cli.theme_praise import show_praise

        if everything:
            raise typer.BadParameter("--all is about complaints; leave it out with --praise")
        show_praise(workspace, load_settings(), form, quiet=quiet)
        return
    with open_workspace(workspace) as store:
        listing = look(store, load_settings())
    rows = listing.shown(everything=everything)
    if form is Format.JSON:
        data(json.dumps([record(row) for row in rows], ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        cells = [[cell(_plain(value)) for value in record(row).values()] for row in rows]
        csv_table(COLUMNS, cells)
    else:
        headings = ("theme_id", "theme", "n", *HEADINGS[3:]) if on_terminal() else HEADINGS
        whole, right = ("theme_id", "n", "share"), ("n", "share")
        table("", headings, [table_row(row) for row in rows], whole=whole, right=right)
    _tell(listing, len(rows), quiet=quiet)


@themes.command("show")
def show(
    theme_id: str = theme_verbs.THEME,
    *,
    workspace: Location = WORKSPACE,
    form: Format = _FORM,
    quiet: bool = QUIET,
) -> None:
    """Show one theme: keywords, trend, three quotes and every edit; csv gives its weeks.

    Example: klankbord themes show levertijd-bezorger
    """
    import json

    from klankbord.cli.theme_keeping import LATER
    from klankbord.cli.theme_list import look
    from klankbord.cli.theme_page import full_record, in_full
    from klankbord.report.wording import Wording
    from klankbord.settings import load_settings

    settings = load_settings()
    with open_workspace(workspace) as store:
        listing = look(store, settings)
        history = store.theme_edits(theme_id=theme_id)
    row = listing.find(theme_id)
    wording = Wording(settings.language, settings.timezone)
    if form is Format.JSON:
        data(json.dumps(full_record(row, history, wording), ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        weekly = row.theme.weekly if row.theme else ()
        csv_table(("week", "mentions", "feedback"), [[str(part) for part in w] for w in weekly])
    else:
        data("\n".join(in_full(row, listing, history, wording)))
    if row.pending:
        note(f"pending: {LATER}", quiet=quiet)


themes.command("rename")(theme_verbs.rename)
themes.command("merge")(theme_verbs.merge)
themes.command("split")(theme_verbs.split)
themes.command("pin")(theme_verbs.pin)
themes.command("forbid")(theme_verbs.forbid)
themes.command("assign")(theme_verbs.assign)
themes.command("undo")(theme_verbs.undo)


@themes.command("export")
def export(
    file: Path = typer.Argument(..., metavar="FILE", help="Sheet to write, .xlsx or .csv."),
    *,
    workspace: Location = WORKSPACE,
    quiet: bool = QUIET,
) -> None:
    """Write all themes as a sheet: edit names, owners and the rest in it, then import it.

    Example: klankbord themes export codeboek.xlsx
    """
    from klankbord.cli.theme_list import look
    from klankbord.cli.theme_sheet import write_sheet
    from klankbord.loop.routing import departments
    from klankbord.settings import load_settings

    with open_workspace(workspace) as store:
        written = write_sheet(look(store, load_settings()), file, departments())
        remember(store, file)
    note(f"{written} themes; edit the white columns of {path_for_people(file)}", quiet=quiet)


@themes.command("import")
def import_sheet(
    file: Path = typer.Argument(..., metavar="FILE", help="Sheet that `export` wrote."),
    *,
    preview: bool = typer.Option(False, "--preview", help="Show what would change; keep nothing."),
    workspace: Location = WORKSPACE,
    form: Format = _FORM,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Read an edited sheet back, all of it or, with a wrong cell, none.

    A row of a theme that somebody changed since the export is refused; the others are applied.

    Example: klankbord themes import codeboek.xlsx --by Anna
    """
    from datetime import UTC, datetime

    from klankbord.cli.theme_keeping import describe
    from klankbord.cli.theme_reading import apply, read_sheet
    from klankbord.loop.routing import departments
    from klankbord.outputs.theme_edits import Remark, editable_themes, keep_edits, waits
    from klankbord.settings import load_settings

    rows, settings = read_sheet(file), load_settings()
    with open_workspace(workspace) as store, store.transaction():
        known = editable_themes(store, language=settings.language, timezone=settings.timezone)
        found = apply(rows, known, departments())
        if not found.problems and not preview:
            remark = Remark(datetime.now(UTC), by, why)
            keep_edits(store, found.known, [edit for _, edit in found.edits], remark)
    for problem in found.problems:
        note(str(problem))
    if found.problems:
        raise UnreadableInputError(
            f"{len(found.problems)} of its cells cannot be applied; nothing was changed",
            where=f"{file}, {found.problems[0].where}",
            hint="correct what is named above, then import it again",
        )
    applied = "would be applied" if preview else "applied"
    lines = [(row, edit.theme_id, describe(edit), applied) for row, edit in found.edits]
    lines += [(row, own, "", "refused: changed since the export") for row, own in found.refused]
    _print_changes(sorted(lines), form)
    told = f"{len(found.edits)} changes {applied}, {len(found.refused)} rows refused"
    later = any(waits(edit) for _, edit in found.edits)
    told += f"; merging, splitting and forbidding {COUNTS}" if later else ""
    note(told, quiet=quiet)


def _plain(value: str | float | None) -> str | float | None:
    return str(value).lower() if isinstance(value, bool) else value


def _print_changes(lines: Sequence[tuple[int, str, str, str]], form: Format) -> None:
    import json

    from klankbord.report.tables import cell

    if form is Format.JSON:
        records = [dict(zip(CHANGE_COLUMNS, line, strict=True)) for line in lines]
        data(json.dumps(records, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        csv_table(CHANGE_COLUMNS, [[cell(value) for value in line] for line in lines])
    elif lines:
        table("", CHANGE_COLUMNS, [[str(value) for value in line] for line in lines])


def _tell(listing: ThemeListing, shown: int, *, quiet: bool) -> None:
    """Say how much there is, and what cannot be seen in the list."""
    from klankbord.outputs.theme_list import FEWEST_COMPLAINTS

    if listing.complaining < FEWEST_COMPLAINTS:
        note(
            f"{listing.complaining} pieces of feedback with a complaint: too few to find themes in "
            f"({FEWEST_COMPLAINTS} are needed)",
            quiet=quiet,
        )
    told = f"{shown} themes in {listing.complaining} pieces of feedback with a complaint"
    hidden = len(listing.rows) - shown
    waiting = sum(row.pending for row in listing.rows)
    told += f"; {hidden} more with --all" if hidden else ""
    told += f"; {waiting} edits {COUNTS}" if waiting else ""
    note(told, quiet=quiet)
