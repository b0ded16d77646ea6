"""One file, batch after batch: prepared by the engine, stored in order."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.records import RejectedRow, SourceCount

if TYPE_CHECKING:
    from datetime import datetime

    from klankbord.engines import Engine
    from klankbord.language import Identifier
    from klankbord.privacy import Pseudonymiser
    from klankbord.shards import Preparing, Ready
    from klankbord.sources import Companions, Profile
    from klankbord.store import BegunImport, Stored, Workspace

FORGOTTEN = "hoort bij een klant die vergeten is"  # reason of a rejected row
BATCH_ROWS = 5_000  # in memory at a time: some 5 kB a row


@dataclass(frozen=True)
class FileRead:
    """One file that was read."""

    count: SourceCount
    rejected: list[RejectedRow]
    ignored: Mapping[str, int]  # what is no row, such as "internal notes"
    read_otherwise: bool  # than by an attempt that was interrupted, of which rows are left
    barred: int  # rows of customers who were forgotten, among the rejected
    personal: Mapping[str, int]  # what was replaced in texts, by kind


@dataclass(frozen=True)
class FileReader:
    """Reads the files of one job into a workspace."""

    store: Workspace
    pseudonymiser: Pseudonymiser
    identifier: Identifier

    def read(
        self, path: Path, batches: Iterable[Ready], begun: BegunImport, told: Callable[[int], None]
    ) -> FileRead:
        """Store the rows of a file; `told` hears after each batch how many they are so far."""
        from klankbord.privacy import Barred
        from klankbord.store import KeptBatch

        store = self.store
        rejected: list[RejectedRow] = []
        ignored: Counter[str] = Counter()
        personal: Counter[str] = Counter()
        read_otherwise, barred = False, 0
        source, kind, rows_in, stored, updated, duplicates = "", "feedback", 0, 0, 0, 0
        for number, batch in enumerate(batches):
            source = batch.source
            feedback, customers, found, readings, identities = batch.prepared
            kind = "customers" if customers.num_rows else kind
            personal.update(found)
            digest = _digest_of(feedback, customers)
            feedback = self.identifier.identify(feedback, readings)
            with store.transaction():
                kept = store.kept_batch(begun.sha256, number)
                if kept is None or kept.rows_digest != digest:
                    read_otherwise |= kept is not None
                    let = Barred(store.barred(), self.pseudonymiser).masks(feedback, customers)
                    tables = (feedback.filter(let[0]), customers.filter(let[1]))
                    own = identities.filter(pc.is_in(identities["pseudonym"], _named(*tables)))
                    store.remember_identities(own, self.pseudonymiser)
                    kept = KeptBatch(digest, _store(store, *tables, begun.at))
                    store.keep_batch(begun, number, kept)
            became = kept.became
            rows_in, stored = rows_in + batch.rows_in, stored + became.stored
            updated, duplicates = updated + became.updated, duplicates + became.duplicates
            refused = feedback.num_rows + customers.num_rows - became.stored - became.duplicates
            rejected.extend([RejectedRow(path.name, 0, "", FORGOTTEN)] * refused)
            barred += refused
            rejected.extend(batch.rejected)
            ignored.update(batch.ignored)
            told(rows_in)
        count = SourceCount(
            path.name, source, kind, rows_in, stored, duplicates, len(rejected), updated
        )
        return FileRead(count, rejected, ignored, read_otherwise, barred, personal)


def batches_of(
    path: Path,
    profile: Profile | None,
    companions: Companions,
    preparing: Preparing,
    engine: Engine,
) -> Iterator[Ready]:
    """Yield what a file holds, each batch prepared by the engine."""
    from klankbord.shards import ready
    from klankbord.sources import read

    rows = read(
        path,
        profile,
        timezone=preparing.settings.timezone,
        companions=companions,
        batch_rows=BATCH_ROWS,
    )
    return ready(rows, preparing, engine.map)


def _named(*tables: pa.Table) -> pa.Array:
    """Return the pseudonyms that rows carry."""
    columns = [
        table[name].combine_chunks().cast(pa.string())
        for table in tables
        for name in ("customer_id", "account_id")
    ]
    return pc.unique(pa.concat_arrays(columns))


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
