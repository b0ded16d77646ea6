"""`klankbord privacy`: the documents for who guards the personal data of the organisation."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import typer

from klankbord.cli.output import data, note, path_for_people, table

DOCUMENTS = {
    "gegevensstromen.md": "what is read, replaced and stored, who sees it, and when it goes",
    "verwerkingsregister.md": "a page for the record of processing (article 30), to complete",
}


def privacy(
    *,
    out: Path | None = typer.Option(
        None, "--out", "-o", help="Folder to write the documents into.", show_default=False
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Write the Dutch documents for the privacy officer: data flows and processing register.

    Example: klankbord privacy --out privacy
    """
    if out is None:
        table("", ("document", "what it tells"), list(DOCUMENTS.items()), whole=("document",))
        note("write them with: klankbord privacy --out FOLDER", quiet=quiet)
        return
    from klankbord.files import replacing

    folder = resources.files("klankbord.privacy") / "documents"
    for name in DOCUMENTS:
        with replacing(out / name) as file:
            file.write_bytes((folder / name).read_bytes())
        data(path_for_people(out / name))
    note("fill in what stands between [brackets]", quiet=quiet)
