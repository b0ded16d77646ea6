"""Reading sources into a workspace: every row accounted for, others let in between batches.

A batch is stored whole or not at all. A file of which the import was interrupted goes on where it
was when it is imported again; until then its rows count in an analysis, and a note says of which
files a part is missing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.files import sha256_of
from klankbord.location import Location
from klankbord.records import Detection, Progress, RejectedRow, SourceCount, silent
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.language import Identifier
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Companions, Profile, Profiles
    from klankbord.store import BegunImport, Stored, Workspace

PREVIEW_ROWS = 5
FORGOTTEN = "hoort bij een klant die vergeten is"  # reason of a rejected row
ON_DISK = 6  # bytes of a workspace, and of its log meanwhile, for each byte of what is imported
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
    workspace: Location | Path | str,
    settings: Settings,
    profile: Path | None = None,
    progress: Progress = silent,
) -> Imported:
    """Read `sources` into `workspace` and return what became of their rows, per file."""
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Profiles
    from klankbord.store import Workspace

    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    location = Location.of(workspace)
    location.make_folder()
    with Workspace.open(location) as store:
        return import_files(
            store,
            sources,
            pseudonymiser,
            settings=settings,
            profiles=Profiles.of(profile, location),
            progress=progress,
            on_disk={location.folder: ON_DISK} if location.is_file else {},
        )


def preview(
    sources: Sequence[Path],
    *,
    settings: Settings,
    profile: Path | None = None,
    workspace: Location | Path | str | None = None,
) -> tuple[Preview, ...]:
    """Show how each source would be read, by a profile saved beside `workspace` too."""
    from klankbord.sources import Profiles, find_companions, gathered, read

    profiles = Profiles.of(profile, Location.of(workspace) if workspace else None)
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
    on_disk: Mapping[Path, float] | None = None,
) -> Imported:
    """Recognise every file before storing any.

    Files in a folder or archive that hold no feedback are left out with a note. `on_disk` says for
    folders how many bytes there each byte of a new file takes; raises KlankbordError, before
    anything is stored, where a disk has too little room.
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
        if store.kept_copy is not None:
            notes.append(f"the workspace was brought up to date; kept: {store.kept_copy.name}")
        companions = find_companions(read_by, profiles.given)
        return _import_each(
            store, read_by, companions, pseudonymiser, notes, settings, progress, on_disk or {}
        )


def _import_each(
    store: Workspace,
    read_by: Mapping[Path, Profile | None],
    companions: Companions,
    pseudonymiser: Pseudonymiser,
    notes: list[str],
    settings: Settings,
    progress: Progress,
    on_disk: Mapping[Path, float],
) -> Imported:
    from klankbord.language import Identifier

    begun = _begun(store, read_by, on_disk)
    languages = next((each.languages for each in begun.values()), {})
    identifier = Identifier(settings.languages, languages)
    counts: list[SourceCount] = []
    rejected: list[RejectedRow] = []
    personal: Counter[str] = Counter()
    for done, (path, known) in enumerate(read_by.items()):
        progress("read", done, len(read_by))
        read = _import_file(
            store, path, known, companions, pseudonymiser, identifier, settings, begun[path]
        )
        store.finish_import(read.count, sha256=begun[path].sha256, at=datetime.now(UTC))
        counts.append(read.count)
        rejected.extend(read.rejected)
        notes.extend(_ignored(path, read.ignored))
        personal.update(read.personal)
        if read.barred:
            notes.append(f"{path.name}: {read.barred} rows of forgotten customers were left out")
        if read.read_otherwise:
            notes.append(
                f"{path.name}: an import of it was interrupted and read it in another way;"
                " the rows stored then are still there"
            )
    progress("read", len(read_by), len(read_by))
    notes.extend(_personal(personal))
    notes.extend(_unfinished(store))
    return Imported(tuple(counts), tuple(rejected), tuple(notes))


def _begun(
    store: Workspace, paths: Iterable[Path], on_disk: Mapping[Path, float]
) -> dict[Path, BegunImport]:
    """Return the import of each file as it began, now or before it was interrupted."""
    from klankbord.room import require_each
    from klankbord.sources import volume_of
    from klankbord.store import BegunImport

    now, languages = datetime.now(UTC), store.main_languages()
    new = {path: BegunImport(sha256_of(path), path.name, now, languages) for path in paths}
    fresh = sum(volume_of(path) for path in new if not store.was_imported(new[path].sha256))
    require_each({folder: factor * fresh for folder, factor in on_disk.items()}, "these files")
    return dict(zip(new, store.begin_imports(tuple(new.values())), strict=True))


def _unfinished(store: Workspace) -> Iterator[str]:
    """Tell of which files a part is missing: their import is busy, or was interrupted."""
    for begun in store.unfinished_imports():
        yield (
            f"{begun.file}: its import is not finished, {begun.stored} of its rows count so far"
            " (import it again unless that is still busy)"
        )


def _left_out(found: Detection) -> Iterator[str]:
    """Tell what of a file is not analysed, or is read in a way that may surprise."""
    hint = "a profile can name another"
    if sheets := found.details.get("sheets_not_read"):
        sheet = found.details["sheet"]
        yield f"{found.path.name}: read sheet '{sheet}' and not: {sheets} ({hint})"
    if "text_in_attributes" in found.details:  # without the names: they may be words of customers
        yield (
            f"{found.path.name}: read one column with text and not every one that holds some"
            f" (klankbord import --preview names the others; {hint})"
        )
    if respondents := found.details.get("respondents"):
        yield f"{found.path.name}: respondents are {respondents}"
    if dates := found.details.get("ambiguous_dates"):
        yield f"{found.path.name}: {dates} (a profile can say day_first = true or false)"


def _ignored(path: Path, ignored: Mapping[str, int]) -> Iterator[str]:
    """Tell what a file holds that is no feedback and so no row."""
    if ignored:
        told = ", ".join(f"{what} ({number})" for what, number in sorted(ignored.items()))
        yield f"{path.name}: no feedback, so left out: {told}"


def _personal(found: Mapping[str, int]) -> Iterator[str]:
    """Tell what of people was replaced in texts."""
    if found:
        told = ", ".join(f"{kind} {number}" for kind, number in sorted(found.items()))
        yield f"personal data replaced in texts: {told}"


@dataclass(frozen=True)
class _Read:
    """One file that was read."""

    count: SourceCount
    rejected: list[RejectedRow]
    ignored: Mapping[str, int]  # what is no row, such as "internal notes"
    read_otherwise: bool  # than by an attempt that was interrupted, of which rows are left
    barred: int  # rows of customers who were forgotten, among the rejected
    personal: Mapping[str, int]  # what was replaced in texts, by kind


def _import_file(
    store: Workspace,
    path: Path,
    profile: Profile | None,
    companions: Companions,
    pseudonymiser: Pseudonymiser,
    identifier: Identifier,
    settings: Settings,
    begun: BegunImport,
) -> _Read:
    from klankbord.privacy import Barred, without_personal_data
    from klankbord.sources import FeedbackIds, read
    from klankbord.store import KeptBatch

    ids = FeedbackIds()
    rejected: list[RejectedRow] = []
    ignored: Counter[str] = Counter()
    personal: Counter[str] = Counter()
    read_otherwise, barred = False, 0
    source, kind, rows_in, stored, updated, duplicates = "", "feedback", 0, 0, 0, 0
    batches = read(
        path, profile, timezone=settings.timezone, companions=companions, batch_rows=BATCH_ROWS
    )
    for number, batch in enumerate(batches):
        source = batch.detection.source
        kind = "customers" if batch.customers.num_rows else kind
        feedback = pseudonymiser.feedback(batch.feedback)
        customers = pseudonymiser.customers(batch.customers)
        if not settings.keep_personal_data:
            feedback, found = without_personal_data(feedback, pseudonymiser.code)
            customers, more = without_personal_data(customers, pseudonymiser.code)
            personal.update(found)
            personal.update(more)
        feedback = ids.assign(feedback)
        digest = _digest_of(feedback, customers)
        feedback = identifier.identify(feedback)
        with store.transaction():
            kept = store.kept_batch(begun.sha256, number)
            if kept is None or kept.rows_digest != digest:
                read_otherwise |= kept is not None
                let = Barred(store.barred(), pseudonymiser).masks(feedback, customers)
                for table, mask in zip((batch.feedback, batch.customers), let, strict=True):
                    own = pseudonymiser.identities(table.filter(mask))
                    store.remember_identities(own, pseudonymiser)
                tables = (feedback.filter(let[0]), customers.filter(let[1]))
                kept = KeptBatch(digest, _store(store, *tables, begun.at))
                store.keep_batch(begun, number, kept)
        became = kept.became
        rows_in, stored = rows_in + batch.rows_in, stored + became.stored
        updated, duplicates = updated + became.updated, duplicates + became.duplicates
        refused = feedback.num_rows + customers.num_rows - became.stored - became.duplicates
        rejected.extend([RejectedRow(path.name, 0, "", FORGOTTEN)] * refused)
        barred += refused
        rejected.extend(
            batch.rejected
            if settings.keep_ids
            else (replace(row, raw="") for row in batch.rejected)
        )
        ignored.update(batch.ignored)
    count = SourceCount(
        path.name, source, kind, rows_in, stored, duplicates, len(rejected), updated
    )
    return _Read(count, rejected, ignored, read_otherwise, barred, personal)


def _store(store: Workspace, feedback: pa.Table, customers: pa.Table, at: datetime) -> Stored:
    """Store feedback and customers and tell what became of their rows together."""
    became = store.add_feedback(feedback, at=at)
    if not customers.num_rows:
        return became
    new, known = store.add_customers(customers)
    return replace(became, stored=became.stored + new, duplicates=became.duplicates + known)


def _digest_of(*tables: pa.Table) -> str:
    """Return the SHA-256 digest of the values in `tables`, as hexadecimal.

    What memory holds in the place of a null is left out of it.
    """
    told = hashlib.sha256()
    for column in (column for table in tables for column in table.combine_chunks().columns):
        known = column.is_valid().cast(pa.int8())
        filled = column.fill_null("" if pa.types.is_string(column.type) else 0)
        written = pa.BufferOutputStream()
        part = pa.table([known, filled], names=["known", "values"])
        with pa.ipc.new_stream(written, part.schema) as stream:
            stream.write_table(part)
        told.update(written.getvalue())
    return told.hexdigest()


def _says_something(column: pa.ChunkedArray) -> bool:
    return any(value not in (None, "", "{}") for value in pc.unique(column).to_pylist())
