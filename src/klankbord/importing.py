"""Reading sources into a workspace: each file whole or not at all, every row accounted for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.records import Detection, Progress, RejectedRow, SourceCount, silent
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.language import Identifier
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Companions, Profile, Profiles
    from klankbord.store import Workspace

PREVIEW_ROWS = 5
BATCH_ROWS = 5_000  # in memory at a time: some 5 kB a row


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
    from klankbord.sources import Profiles
    from klankbord.store import Workspace

    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    workspace.parent.mkdir(parents=True, exist_ok=True)
    with Workspace.open(workspace) as store:
        return import_files(
            store,
            sources,
            pseudonymiser,
            settings=settings,
            profiles=Profiles.of(profile, workspace),
            progress=progress,
        )


def preview(
    sources: Sequence[Path],
    *,
    settings: Settings,
    profile: Path | None = None,
    workspace: Path | None = None,
) -> tuple[Preview, ...]:
    """Show how each source would be read, by a profile saved beside `workspace` too."""
    from klankbord.sources import Profiles, find_companions, gathered, read

    profiles = Profiles.of(profile, workspace)
    with gathered(sources) as files:
        companions = find_companions(files.files, profiles.given)

        def shown(path: Path) -> Preview:
            known = profiles.of_file(path)
            batch = next(read(path, known, timezone=settings.timezone, companions=companions))
            table = batch.feedback if batch.feedback.num_rows else batch.customers
            filled = [name for name in table.column_names if _says_something(table.column(name))]
            rows = table.select(filled).slice(0, PREVIEW_ROWS)
            return Preview(batch.detection, rows, batch.rejected[:PREVIEW_ROWS])

        return tuple(preview for _, preview in files.each(shown))


def import_files(
    store: Workspace,
    sources: Sequence[Path],
    pseudonymiser: Pseudonymiser,
    *,
    settings: Settings,
    profiles: Profiles,
    progress: Progress,
) -> Imported:
    """Recognise every file before storing any; then each file is stored whole or not at all.

    Files in a folder or archive that hold no feedback are left out with a note.
    """
    from klankbord.sources import detect, find_companions, gathered

    store.check_key(pseudonymiser)
    with gathered(sources) as files:

        def recognised(path: Path) -> tuple[Detection, Profile | None]:
            known = profiles.of_file(path)
            return detect(path, known), known

        found = files.each(recognised)
        notes = [*files.notes, *(note for _, (told, _) in found for note in _left_out(told))]
        read_by = {path: known for path, (_, known) in found}
        companions = find_companions(read_by, profiles.given)
        return _import_each(store, read_by, companions, pseudonymiser, notes, settings, progress)


def _import_each(
    store: Workspace,
    read_by: Mapping[Path, Profile | None],
    companions: Companions,
    pseudonymiser: Pseudonymiser,
    notes: list[str],
    settings: Settings,
    progress: Progress,
) -> Imported:
    from klankbord.language import Identifier

    identifier = Identifier(settings.languages, store.main_languages())
    counts: list[SourceCount] = []
    rejected: list[RejectedRow] = []
    for done, (path, known) in enumerate(read_by.items()):
        progress("read", done, len(read_by))
        with store.transaction():
            read = _import_file(store, path, known, companions, pseudonymiser, identifier, settings)
            digest = sha256_of(path)
            if not store.was_imported(digest):
                store.record_import(read.count, sha256=digest, at=datetime.now(UTC))
        counts.append(read.count)
        rejected.extend(read.rejected)
        notes.extend(_ignored(path, read.ignored))
    progress("read", len(read_by), len(read_by))
    return Imported(tuple(counts), tuple(rejected), tuple(notes))


def _left_out(found: Detection) -> Iterator[str]:
    """Tell what of a file is not analysed, or is read in a way that may surprise."""
    hint = "a profile can name another"
    if sheets := found.details.get("sheets_not_read"):
        sheet = found.details["sheet"]
        yield f"{found.path.name}: read sheet '{sheet}' and not: {sheets} ({hint})"
    if texts := found.details.get("text_in_attributes"):
        yield f"{found.path.name}: read one column with text and not: {texts} ({hint})"
    if respondents := found.details.get("respondents"):
        yield f"{found.path.name}: respondents are {respondents}"
    if dates := found.details.get("ambiguous_dates"):
        yield f"{found.path.name}: {dates} (a profile can say day_first = true or false)"


def _ignored(path: Path, ignored: Mapping[str, int]) -> Iterator[str]:
    """Tell what a file holds that is no feedback and so no row."""
    if ignored:
        told = ", ".join(f"{what} ({number})" for what, number in sorted(ignored.items()))
        yield f"{path.name}: no feedback, so left out: {told}"


@dataclass(frozen=True)
class _Read:
    """One file that was read."""

    count: SourceCount
    rejected: list[RejectedRow]
    ignored: Mapping[str, int]  # what is no row, such as "internal notes"


def _import_file(
    store: Workspace,
    path: Path,
    profile: Profile | None,
    companions: Companions,
    pseudonymiser: Pseudonymiser,
    identifier: Identifier,
    settings: Settings,
) -> _Read:
    from klankbord.sources import FeedbackIds, read

    ids = FeedbackIds()
    now = datetime.now(UTC)
    rejected: list[RejectedRow] = []
    ignored: Counter[str] = Counter()
    source, kind, rows_in, stored, updated, duplicates = "", "feedback", 0, 0, 0, 0
    for batch in read(
        path, profile, timezone=settings.timezone, companions=companions, batch_rows=BATCH_ROWS
    ):
        source = batch.detection.source
        for table in (batch.feedback, batch.customers):
            store.remember_identities(pseudonymiser.identities(table), pseudonymiser)
        feedback = ids.assign(pseudonymiser.feedback(batch.feedback))
        became = store.add_feedback(identifier.identify(feedback), at=now)
        new, known = became.stored, became.duplicates
        if batch.customers.num_rows:
            kind = "customers"
            new_customers, known_customers = store.add_customers(
                pseudonymiser.customers(batch.customers)
            )
            new, known = new + new_customers, known + known_customers
        stored, duplicates, rows_in = stored + new, duplicates + known, rows_in + batch.rows_in
        updated += became.updated
        rejected.extend(
            batch.rejected
            if settings.keep_ids
            else (replace(row, raw="") for row in batch.rejected)
        )
        ignored.update(batch.ignored)
    count = SourceCount(
        path.name, source, kind, rows_in, stored, duplicates, len(rejected), updated
    )
    return _Read(count, rejected, ignored)


def _says_something(column: pa.ChunkedArray) -> bool:
    return any(value not in (None, "", "{}") for value in pc.unique(column).to_pylist())


def sha256_of(path: Path) -> str:
    """Return the SHA-256 digest of a file, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
