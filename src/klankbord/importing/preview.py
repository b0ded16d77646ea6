"""How sources would be read, before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.location import Location
from klankbord.records import Detection, RejectedRow
from klankbord.settings import Settings

PREVIEW_ROWS = 5


@dataclass(frozen=True)
class Preview:
    """How a source would be read, with its first rows."""

    detection: Detection
    rows: pa.Table  # the columns that hold something, of at most five rows
    rejected: tuple[RejectedRow, ...]


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


def _says_something(column: pa.ChunkedArray) -> bool:
    return any(value not in (None, "", "{}") for value in pc.unique(column).to_pylist())
