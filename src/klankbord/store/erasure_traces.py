"""What is left of erased rows in other rows: counts, keywords, quotes, and words of people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from klankbord.moments import TIMEZONE, local_day
from klankbord.schema import SPEAKING
from klankbord.store import tables
from klankbord.store.arrow import from_micros, to_json
from klankbord.store.erasure import Subject
from klankbord.store.leftovers import Leftovers
from klankbord.store.pieces import parts
from klankbord.store.review_store import DYNAMICS
from klankbord.themes.codeframe import OVERIG

_TEXTS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (tables.action, ("reason", "wel_niet_later", "draft")),
    (tables.action_event, ("why",)),
    (tables.shift, ("explanation",)),
    (tables.shift_review, ("note",)),
    (tables.theme_edit, ("why",)),
    (tables.known_theme, ("name",)),
    (tables.import_record, ("file",)),
    (tables.import_begun, ("file",)),
    (tables.reveal, ("pseudonym", "why")),
)
_JSON: tuple[tuple[Table, str], ...] = (
    (tables.action_event, "changes"),
    (tables.theme_edit, "changes"),
    (tables.run, "provenance"),
)


@dataclass(frozen=True)
class Mentioned:
    """How much of what goes mentions which theme; read before it goes."""

    pieces: Mapping[str, int]  # by theme, those of a sub-theme counted with its head too
    weekly: Mapping[tuple[str, date], int]  # by theme and first day of the week
    heard: Mapping[date, int]  # pieces with words of customers, by first day of the week
    complaining: int


def mentioned(connection: Connection, subject: Subject) -> Mentioned:
    """Count what the themes of the latest run lose."""
    theme, segment, piece = tables.theme.c, tables.segment.c, tables.feedback.c
    head = dict(connection.execute(select(theme.theme_id, theme.parent_id)).all())
    timezone = _timezone(connection)
    pairs: set[tuple[str, str]] = set()
    week: dict[str, date] = {}
    heard: Counter[date] = Counter()
    for some in parts(subject.feedback):
        said = select(piece.feedback_id, piece.received_at, piece.verbatim, piece.author_role)
        for own, at, verbatim, role in connection.execute(said.where(piece.feedback_id.in_(some))):
            if (moment := from_micros(at)) is None:
                continue
            day = local_day(moment, timezone)
            week[own] = day - timedelta(days=day.weekday())
            heard[week[own]] += bool(verbatim) and role in SPEAKING
        named = select(segment.feedback_id, segment.theme_id).where(
            segment.feedback_id.in_(some), segment.theme_id.is_not(None)
        )
        for own, theme_id in connection.execute(named):
            pairs.update({(own, theme_id), (own, head.get(theme_id) or theme_id)})
    return Mentioned(
        pieces=Counter(theme_id for _, theme_id in pairs),
        weekly=Counter((theme_id, week[own]) for own, theme_id in pairs if own in week),
        heard=heard,
        complaining=len({own for own, _ in pairs}),
    )


def take_off(
    connection: Connection, subject: Subject, left: Leftovers, lost: Mentioned
) -> dict[str, int]:
    """Take the subject out of every row that stays; return how many rows changed, by table.

    Themes count without it. What is learned of all feedback together (trends, drivers, the tone
    over time) is worked out again by the next analysis.
    """
    connection.execute(delete(tables.meta).where(tables.meta.c.key == DYNAMICS))
    named = _named_after(connection, left)
    changed = {
        "theme": _themes(connection, frozenset(subject.feedback), named, left, lost),
        "known_theme": _known_themes(connection, named, left),
    }
    for table, names in _TEXTS:
        changed[table.name] = changed.get(table.name, 0) + _redact(connection, table, names, left)
    for table, name in _JSON:
        found = _redact_json(connection, table, name, left, lost.complaining)
        changed[table.name] = changed.get(table.name, 0) + found
    return {name: count for name, count in changed.items() if count}


def _named_after(connection: Connection, left: Leftovers) -> frozenset[str]:
    """Return the themes that were found and carry words that nobody else used as their name."""
    known = tables.known_theme.c
    query = select(known.theme_id, known.label).where(known.terms != "[]")
    return frozenset(
        own for own, label in connection.execute(query) if left.found(label) or left.found(own)
    )


def _themes(
    connection: Connection,
    feedback: frozenset[str],
    named: frozenset[str],
    left: Leftovers,
    lost: Mentioned,
) -> int:
    """Count the themes of the latest run again; one that nobody else mentioned goes."""
    table = tables.theme
    complaining = _complaining(connection)
    changed = 0
    for row in connection.execute(select(table)).mappings().all():
        own = row["theme_id"]
        mentions = max(0, row["mentions"] - lost.pieces.get(own, 0))
        if mentions == 0 or own in named:
            changed += connection.execute(delete(table).where(table.c.theme_id == own)).rowcount
            continue
        values = {
            "mentions": mentions,
            "share": mentions / complaining if complaining else 0.0,
            "keywords": to_json(_clean(json.loads(row["keywords"]), left)),
            "weekly": to_json(
                [
                    [week, said - lost.weekly.get((own, day), 0), heard - lost.heard.get(day, 0)]
                    for week, said, heard in json.loads(row["weekly"])
                    for day in (date.fromisoformat(week),)
                ]
            ),
            "quotes": to_json(
                [one for one in json.loads(row["quotes"]) if one["feedback_id"] not in feedback]
            ),
            "evidence": to_json(
                [one for one in json.loads(row["evidence"]) if one not in feedback]
            ),
        }
        if not lost.pieces.get(own):
            values.pop("share")
        values = {name: value for name, value in values.items() if value != row[name]}
        if values:
            connection.execute(update(table).where(table.c.theme_id == own).values(values))
            changed += 1
    return changed


def _known_themes(connection: Connection, named: frozenset[str], left: Leftovers) -> int:
    """Take words that nobody else used out of what recognises a theme; one named after them goes.

    What it was taken for stays with its head, or with no theme, until the next analysis.
    """
    table = tables.known_theme
    changed = dropped = 0
    for row in connection.execute(select(table)).mappings().all():
        own = row["theme_id"]
        here = table.c.theme_id == own
        if own in named:
            dropped += 1
            connection.execute(delete(table).where(here))
            _forget_theme(connection, own, row["parent_id"])
            continue
        terms = json.loads(row["terms"])
        values = {
            "terms": to_json([[term, weight] for term, weight in terms if not left.found(term)]),
            "keywords": to_json(_clean(json.loads(row["keywords"]), left)),
        }
        values = {name: value for name, value in values.items() if value != row[name]}
        if values:
            connection.execute(update(table).where(here).values(values))
            changed += 1
    return changed + dropped


def _forget_theme(connection: Connection, theme_id: str, head: str | None) -> None:
    """Drop what else is called by the id of a theme."""
    segment, action, edit = tables.segment, tables.action, tables.theme_edit
    connection.execute(
        update(segment).where(segment.c.theme_id == theme_id).values(theme_id=head or OVERIG)
    )
    for table, column in ((edit, edit.c.theme_id), (action, action.c.theme_id)):
        connection.execute(delete(table).where(column == theme_id))
    merged = tables.known_theme
    connection.execute(
        update(merged).where(merged.c.merged_into == theme_id).values(merged_into=None)
    )


def _clean(listed: Sequence[str], left: Leftovers) -> list[str]:
    return [one for one in listed if not left.found(one)]


def _complaining(connection: Connection) -> int:
    """Return how many of the pieces that stay hold a complaint, as the latest run found it."""
    segment = tables.segment.c
    query = select(segment.feedback_id).where(segment.theme_id.is_not(None)).distinct()
    return len(connection.execute(query).all())


def _redact(connection: Connection, table: Table, names: Sequence[str], left: Leftovers) -> int:
    changed = 0
    for row in connection.execute(select(table)).mappings().all():
        values = {name: left.redacted(row[name]) for name in names if row[name]}
        if "pseudonym" in values and values["pseudonym"] != row["pseudonym"]:
            values["pseudonym"] = ""
        values = {name: value for name, value in values.items() if value != row[name]}
        if values:
            connection.execute(update(table).where(_is(table, row)).values(values))
            changed += 1
    return changed


def _redact_json(
    connection: Connection, table: Table, name: str, left: Leftovers, complaining: int
) -> int:
    changed = 0
    rows = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
    for at, row in enumerate(rows, start=1):
        held = json.loads(row[name])
        cleaned: Any = left.redacted_json(held)
        counted = cleaned.get("findings") if isinstance(cleaned, dict) else None
        if table is tables.run and at == len(rows) and counted and "complaining" in counted:
            counted["complaining"] = max(0, counted["complaining"] - complaining)
        if cleaned != held:
            statement = update(table).where(_is(table, row))
            connection.execute(statement.values({name: to_json(cleaned)}))
            changed += 1
    return changed


def _is(table: Table, row: Mapping[Any, Any]) -> Any:  # noqa: ANN401 - an SQL condition
    (key,) = table.primary_key
    return key == row[key.name]


def _timezone(connection: Connection) -> str:
    run = tables.run
    query = select(run.c.provenance).order_by(run.c.run_id.desc()).limit(1)
    held = json.loads(connection.execute(query).scalar() or "{}")
    return str(held.get("settings", {}).get("timezone", TIMEZONE))
