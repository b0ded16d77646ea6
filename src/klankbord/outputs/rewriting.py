"""The outputs of the latest run, written anew in the folder where they were."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from klankbord.errors import MissingExtraError
from klankbord.files import replacing, replacing_all, sha256_of
from klankbord.outputs.edited import set_aside
from klankbord.outputs.heard import hear
from klankbord.outputs.stored import StoredRun, restore
from klankbord.outputs.writing import Told, write_huddles, write_outputs, write_page
from klankbord.privacy import Pseudonymiser
from klankbord.records import RejectedRow
from klankbord.roles import Role, page_name
from klankbord.settings import Settings
from klankbord.store import Workspace

RUN = "run.json"


def rewrite(
    store: Workspace,
    folder: Path,
    names: Mapping[Path, str],
    settings: Settings,
    pseudonymiser: Pseudonymiser,
) -> tuple[Path, ...]:
    """Write what an analysis left in `folder` again, with the pages among `names`.

    Returns what was written: nothing where the folder holds no outputs of the latest run.
    """
    run = store.last_run()
    noted = _noted(folder)
    if run is None or run.as_of is None or not noted:
        return ()
    if noted.get("started_at") != run.provenance.get("started_at"):
        return ()
    stored = StoredRun(run.as_of, run.provenance)
    keeps = bool(run.provenance.get("settings", {}).get("keep_ids"))
    told_with = replace(stored.settings(settings), keep_ids=keeps)
    heard = hear(store, stored.as_of, datetime.now(UTC))
    found = restore(store, heard, stored, told_with)
    actions = store.actions()
    told = Told(
        actions=actions,
        counts=tuple(record.count for record in store.imports()),
        rejected=_rejected(folder / "afgekeurd.csv"),
        settings=told_with,
        notice=stored.notice,
        original_ids=store.original_ids(heard.pseudonyms(), pseudonymiser) if keeps else {},
    )
    with replacing_all(folder) as drafts:
        written = list(write_outputs(drafts.folder, heard, found, told))
        for role, department, pdf in _pages(folder, names):
            if role is Role.HUDDLE:
                page = write_huddles(
                    drafts.folder, heard, found.themes, told, department or None, pdf=pdf
                )
            else:
                page = write_page(drafts.folder, heard, found, told, role, pdf=pdf)
            written += [page, *([page.with_suffix(".pdf")] if pdf else [])]
        noted["outputs"] = {path.name: sha256_of(path) for path in sorted(set(written))}
        text = json.dumps(noted, indent=2, ensure_ascii=False) + "\n"
        (drafts.folder / RUN).write_text(text, "utf-8")
        with store.transaction():
            sheet = folder / "acties.xlsx"
            edited = set_aside(sheet, actions, store.action_histories(), move=drafts.move)
            more = [edited.path] if edited else []
            store.remember_files([*drafts.places(), *more], at=datetime.now(UTC))
            drafts.place()
    return tuple(folder / path.name for path in (*written, Path(RUN)))


def restamp(folder: Path, names: Mapping[Path, str]) -> None:
    """Let `run.json` in a folder name the digests of its files as they are now."""
    noted = _noted(folder)
    outputs = noted.get("outputs")
    if not isinstance(outputs, dict) or not any(path.parent == folder for path in names):
        return
    now = {name: sha256_of(folder / name) for name in outputs if (folder / name).is_file()}
    if now != outputs:
        with replacing(folder / RUN) as file:
            text = json.dumps(noted | {"outputs": now}, indent=2, ensure_ascii=False)
            file.write_text(text + "\n", "utf-8")


def _pages(folder: Path, names: Mapping[Path, str]) -> Iterator[tuple[Role, str, bool]]:
    """Yield the pages of roles and departments that stood in the folder, and whether as PDF too."""
    from klankbord.loop import departments

    here = {path.name for path in names if path.parent == folder}
    for role in Role:
        for department in ("", *departments()) if role is Role.HUDDLE else ("",):
            name = page_name(role, department)
            pdf = name.replace(".html", ".pdf") in here and _can_print()
            if pdf or (name in here and role is not Role.CX):
                yield role, department, pdf


def _can_print() -> bool:
    from klankbord.report import check_paper

    try:
        check_paper()
    except MissingExtraError:
        return False
    return True


def _noted(folder: Path) -> dict[str, Any]:
    try:
        noted = json.loads((folder / RUN).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _rejected(path: Path) -> list[RejectedRow]:
    """Read the rejected rows of the run back, which the workspace holds by reason only."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                RejectedRow(row["file"], int(row["row"]), row["column"], row["reason"], row["raw"])
                for row in csv.DictReader(file)
            ]
    except (OSError, ValueError, KeyError):
        return []
