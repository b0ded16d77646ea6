"""What a workspace and an --out folder hold, in a form in which two of them can be compared.

The moments at which things were done are left out, and so are numbers that only say how often a
database counted: the content and the order of the rows are what counts.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NUMBERS = {  # moments of the run itself, and row numbers
    "import_record": ("import_id", "at"),
    "import_begun": ("at",),
    "feedback_version": ("version_id", "superseded_at"),
    "action_event": ("event_id",),
    "theme_edit": ("edit_id",),
    "shift_review": ("event_id",),
    "tone_labels": ("label_id",),
    "written_file": ("written_at",),
    "backup": ("made_at",),
}
PEOPLE = ("action_event", "shift_review", "theme_edit", "tone_labels", "shift_verdict")
MOMENTS = ("started_at", "finished_at", "state")  # the last is a digest of some


@dataclass(frozen=True)
class State:
    """The tables by name, each a list of rows, and the files by name with their digests."""

    tables: Mapping[str, list[str]]
    files: Mapping[str, str]
    run: Mapping[str, Any]  # run.json without moments, and the latest run of the workspace
    drafts: int  # that were left behind

    def differences(self, other: State) -> list[str]:
        """Name what differs."""
        found = [name for name in self.tables if self.tables[name] != other.tables.get(name)]
        found += sorted(set(self.tables) ^ set(other.tables))
        found += [name for name in self.files if self.files[name] != other.files.get(name)]
        found += sorted(set(self.files) ^ set(other.files))
        found += [name for name in self.run if self.run[name] != other.run.get(name)]
        return found

    def feedback(self) -> set[str]:
        """Return the rows of feedback."""
        return set(self.tables["feedback"])

    def misses_of_people(self, before: State) -> list[str]:
        """Name the tables that lost something that people did."""
        return [name for name in PEOPLE if not set(before.tables[name]) <= set(self.tables[name])]


def state_of(workspace: Path, out: Path) -> State:
    """Read a workspace that nobody is busy with, and its outputs."""
    with closing(sqlite3.connect(workspace)) as connection:
        names = [name for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " AND name <> 'alembic_version'"
        )]  # fmt: skip
        rows = {name: list(_rows(connection, name)) for name in sorted(names)}
        last = connection.execute("SELECT provenance FROM run ORDER BY run_id DESC LIMIT 1")
        found = last.fetchone()
    places = str(out.resolve())
    tables = {
        name: sorted(json.dumps(row).replace(places, "OUT") for row in rows[name])
        if name in ("written_file", "identity")
        else [json.dumps(row) for row in rows[name]]
        for name in rows
        if name != "run"
    }
    tables["meta"] = [_without_run(row) for row in rows["meta"]]
    written = _run_json(out / "run.json")
    return State(
        tables,
        digests(out),
        {"run.json": written, "latest run": _comparable(json.loads(found[0])) if found else {}},
        sum(path.name.startswith(".") for path in out.iterdir()) if out.is_dir() else 0,
    )


def integrity(workspace: Path) -> str:
    """Return what SQLite says of the file, "ok" where all is well."""
    with closing(sqlite3.connect(workspace)) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    return str(verdict) if dangling is None else "dangling references"


def digests(out: Path) -> dict[str, str]:
    """Return the digest of each file in an --out folder, apart from run.json."""
    if not out.is_dir():
        return {}
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.iterdir())
        if path.is_file() and path.name != "run.json" and not path.name.startswith(".")
    }


def one_run_wrote(out: Path) -> bool:
    """Tell whether the outputs are those of one run, each as its run.json says."""
    if not (out / "run.json").is_file():
        return not digests(out)
    said = json.loads((out / "run.json").read_text("utf-8"))["outputs"]
    return said == {name: digest for name, digest in digests(out).items() if name in said}


def _rows(connection: sqlite3.Connection, table: str) -> Iterable[dict[str, Any]]:
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 - our own names
    columns = [column[0] for column in cursor.description]
    for row in cursor:
        named = {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in zip(columns, row, strict=True)
        }
        yield {name: named[name] for name in named if name not in NUMBERS.get(table, ())}


def _without_run(row: Mapping[str, Any]) -> str:
    """Leave out of what a run learned which run it was."""
    value = str(row["value"])
    if value.startswith("{"):
        value = json.dumps({**json.loads(value), "run": 0})
    return json.dumps({**row, "value": value})


def _run_json(path: Path) -> Mapping[str, Any]:
    return _comparable(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def _comparable(run: dict[str, Any]) -> Mapping[str, Any]:
    """Leave the moments out; rows that an interrupted run stored are duplicates to the next."""
    counts = [*run.get("sources", ()), *([run["totals"]] if "totals" in run else [])]
    for count in counts:
        count["stored or known"] = count.pop("stored") + count.pop("duplicates")
        count.pop("updated")
    return {name: value for name, value in run.items() if name not in MOMENTS}
