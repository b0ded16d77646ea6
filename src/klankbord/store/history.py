"""What happened to a workspace: imports, runs and every change of an action."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, insert, select, update

from klankbord.loop.lifecycle import Happening
from klankbord.records import SourceCount
from klankbord.store import tables
from klankbord.store.arrow import from_micros, to_json, to_micros


@dataclass(frozen=True)
class ActionEvent:
    """One change of one action; never altered afterwards."""

    at: datetime | None
    by: str  # a person, or "" for a run of Klankbord
    event: str  # a Happening
    changes: Mapping[str, Any]  # field -> [old, new], or the evidence added
    why: str


@dataclass(frozen=True)
class ImportRecord:
    """One file that was read into the workspace."""

    at: datetime | None
    sha256: str
    count: SourceCount


@dataclass(frozen=True)
class RunRecord:
    """One analysis: its date and its provenance, as in `run.json`."""

    run_id: int
    as_of: datetime | None
    provenance: Mapping[str, Any]

    @property
    def language(self) -> str:
        """The language its heads are labelled in, Dutch where it noted none."""
        return str(self.provenance.get("settings", {}).get("language", "nl"))


_COUNT_FIELDS = ("file", "source", "kind", "rows_in", "stored", "duplicates", "rejected", "updated")


def write_import(
    connection: Connection, count: SourceCount, sha256: str, at: datetime | None
) -> None:
    """Remember that a file with this content was read."""
    values = {name: getattr(count, name) for name in _COUNT_FIELDS}
    statement = insert(tables.import_record)
    connection.execute(statement.values(at=to_micros(at), sha256=sha256, **values))


def read_imports(connection: Connection) -> tuple[ImportRecord, ...]:
    """Return the imports in the order in which they were made."""
    query = select(tables.import_record).order_by(tables.import_record.c.import_id)
    return tuple(
        ImportRecord(
            at=from_micros(row["at"]),
            sha256=row["sha256"],
            count=SourceCount(**{name: row[name] for name in _COUNT_FIELDS}),
        )
        for row in connection.execute(query).mappings()
    )


def has_import(connection: Connection, sha256: str) -> bool:
    """Tell whether a file with exactly this content was read before."""
    query = select(exists().where(tables.import_record.c.sha256 == sha256))
    return bool(connection.execute(query).scalar())


def write_run(connection: Connection, provenance: Mapping[str, Any], as_of: datetime | None) -> int:
    """Remember a run and return its number."""
    statement = insert(tables.run).values(as_of=to_micros(as_of), provenance=to_json(provenance))
    return int(connection.execute(statement.returning(tables.run.c.run_id)).scalar_one())


def complete_run(connection: Connection, run_id: int, provenance: Mapping[str, Any]) -> None:
    """Write the provenance of a run again, whole."""
    statement = update(tables.run).where(tables.run.c.run_id == run_id)
    connection.execute(statement.values(provenance=to_json(provenance)))


def read_runs(connection: Connection) -> tuple[RunRecord, ...]:
    """Return the runs, oldest first."""
    query = select(tables.run).order_by(tables.run.c.run_id)
    return tuple(
        RunRecord(row.run_id, from_micros(row.as_of), json.loads(row.provenance))
        for row in connection.execute(query)
    )


def read_last_run(connection: Connection) -> RunRecord | None:
    """Return the newest run, None where there was none."""
    query = select(tables.run).order_by(tables.run.c.run_id.desc()).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    return RunRecord(row.run_id, from_micros(row.as_of), json.loads(row.provenance))


def write_event(
    connection: Connection,
    action_id: str,
    event: Happening,
    *,
    at: datetime | None,
    changes: Mapping[str, Any],
    by: str = "",
    why: str = "",
) -> None:
    """Add one event to an action's history."""
    connection.execute(
        insert(tables.action_event).values(
            action_id=action_id,
            at=to_micros(at),
            by=by,
            event=str(event),
            changes=to_json(changes),
            why=why,
        )
    )


def read_events(
    connection: Connection, action_id: str | None = None
) -> dict[str, tuple[ActionEvent, ...]]:
    """Return the events of each action, or of one, oldest first."""
    table = tables.action_event
    query = select(table).order_by(table.c.event_id)
    if action_id is not None:
        query = query.where(table.c.action_id == action_id)
    found: defaultdict[str, list[ActionEvent]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["action_id"]].append(
            ActionEvent(
                at=from_micros(row["at"]),
                by=row["by"],
                event=row["event"],
                changes=json.loads(row["changes"]),
                why=row["why"],
            )
        )
    return {action_id: tuple(events) for action_id, events in found.items()}
