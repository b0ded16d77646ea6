"""Reading sources into a workspace: each file whole or not at all, every row accounted for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.records import Detection, Progress, RejectedRow, SourceCount, silent
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Profile
    from klankbord.store import Workspace

PREVIEW_ROWS = 5


@dataclass(frozen=True)
class Imported:
    """What became of the rows of each file, and what of a file was not read at all."""

    counts: tuple[SourceCount, ...]
    rejected: tuple[RejectedRow, ...]
    notes: tuple[str, ...]  # for the person who runs it


@dataclass(frozen=True)
class Preview:
    """How a source would be read, with its first rows."""

    detection: Detection
    rows: pa.Table  # the columns that hold something, of at most five rows
    rejected: tuple[RejectedRow, ...]


def import_sources(
    sources: Sequence[Path],
    *,
    workspace: Path,
    settings: Settings,
    profile: Path | None = None,
    progress: Progress = silent,
) -> Imported:
    """Read `sources` into `workspace` and return what became of their rows, per file."""
    from klankbord.privacy import Pseudonymiser
    from klankbord.store import Workspace

    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    workspace.parent.mkdir(parents=True, exist_ok=True)
    with Workspace.open(workspace) as store:
        return import_files(
            store, sources, pseudonymiser, settings=settings, profile=profile, progress=progress
        )


def preview(
    sources: Sequence[Path], *, settings: Settings, profile: Path | None = None
) -> tuple[Preview, ...]:
    """Show how each source would be read, storing nothing."""
    from klankbord.sources import expand, read

    shown = []
    mapping = _profile(profile)
    for path in expand(sources):
        for batch in read(path, mapping, timezone=settings.timezone):
            table = batch.feedback if batch.feedback.num_rows else batch.customers
            filled = [name for name in table.column_names if _says_something(table.column(name))]
            rows = table.select(filled).slice(0, PREVIEW_ROWS)
            shown.append(Preview(batch.detection, rows, batch.rejected[:PREVIEW_ROWS]))
            break
    return tuple(shown)


def import_files(
    store: Workspace,
    sources: Sequence[Path],
    pseudonymiser: Pseudonymiser,
    *,
    settings: Settings,
    profile: Path | None,
    progress: Progress,
) -> Imported:
    """Recognise every file before storing any; then each file is stored whole or not at all."""
    from klankbord.sources import detect, expand

    mapping = _profile(profile)
    store.check_key(pseudonymiser)
    paths = expand(sources)
    notes = [note for path in paths for note in _left_out(detect(path, mapping))]
    counts: list[SourceCount] = []
    rejected: list[RejectedRow] = []
    for done, path in enumerate(paths):
        progress("read", done, len(paths))
        with store.transaction():
            count, bad = _import_file(store, path, mapping, pseudonymiser, settings)
            digest = sha256_of(path)
            if not store.was_imported(digest):
                store.record_import(count, sha256=digest, at=datetime.now(UTC))
        counts.append(count)
        rejected.extend(bad if settings.keep_ids else (replace(row, raw="") for row in bad))
    progress("read", len(paths), len(paths))
    return Imported(tuple(counts), tuple(rejected), tuple(notes))


def _left_out(found: Detection) -> Iterator[str]:
    """Tell which sheets and which columns with text of a file are not analysed."""
    hint = "a profile can name another"
    if sheets := found.details.get("sheets_not_read"):
        sheet = found.details["sheet"]
        yield f"{found.path.name}: read sheet '{sheet}' and not: {sheets} ({hint})"
    if texts := found.details.get("text_in_attributes"):
        yield f"{found.path.name}: read one column with text and not: {texts} ({hint})"


def _import_file(
    store: Workspace,
    path: Path,
    profile: Profile | None,
    pseudonymiser: Pseudonymiser,
    settings: Settings,
) -> tuple[SourceCount, list[RejectedRow]]:
    from klankbord import language
    from klankbord.sources import FeedbackIds, read

    ids = FeedbackIds()
    rejected: list[RejectedRow] = []
    source, kind, rows_in, stored, duplicates = "", "feedback", 0, 0, 0
    for batch in read(path, profile, timezone=settings.timezone):
        source = batch.detection.source
        for table in (batch.feedback, batch.customers):
            store.remember_identities(pseudonymiser.identities(table), pseudonymiser)
        feedback = ids.assign(pseudonymiser.feedback(batch.feedback))
        feedback = language.identify(feedback, settings.languages)
        new, known = store.add_feedback(feedback)
        if batch.customers.num_rows:
            kind = "customers"
            new_customers, known_customers = store.add_customers(
                pseudonymiser.customers(batch.customers)
            )
            new, known = new + new_customers, known + known_customers
        stored, duplicates, rows_in = stored + new, duplicates + known, rows_in + batch.rows_in
        rejected.extend(batch.rejected)
    count = SourceCount(path.name, source, kind, rows_in, stored, duplicates, len(rejected))
    return count, rejected


def _profile(path: Path | None) -> Profile | None:
    from klankbord.sources import load_profile

    return load_profile(path) if path else None


def _says_something(column: pa.ChunkedArray) -> bool:
    return any(value not in (None, "", "{}") for value in pc.unique(column).to_pylist())


def sha256_of(path: Path) -> str:
    """Return the SHA-256 digest of a file, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
