"""A shard on disk: the tables made of one file, and a manifest that is written when all are there.

What has no manifest, or other bytes than its manifest says, is not believed and made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from klankbord.errors import KlankbordError
from klankbord.files import replacing, sha256_of
from klankbord.records import RejectedRow
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, SEGMENTS, conform
from klankbord.shards.prepare import Prepared, Ready
from klankbord.shards.score import Scored

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile, ParquetWriter

_READINGS = pa.schema(  # beside each row of feedback
    [
        pa.field("read", pa.bool_(), nullable=False),
        pa.field("read_language", pa.string()),
        pa.field("read_second", pa.string()),
    ]
)
_REJECTED = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("column", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
    ]
)


def _schemas() -> dict[str, pa.Schema]:
    from klankbord.privacy import IDENTITIES

    return {
        "feedback": pa.schema([*FEEDBACK, *_READINGS]),
        "customers": CUSTOMERS,
        "identities": IDENTITIES,
        "rejected": _REJECTED,
        "scores": SCORES,
        "segments": SEGMENTS,
    }


class Size(NamedTuple):
    """What a file of a shard must be."""

    sha256: str
    bytes: int


class Part(NamedTuple):
    """A batch of the shard: a row group of each table that has rows of it."""

    source: str
    rows_in: int
    ignored: Mapping[str, int]
    personal: Mapping[str, int]
    rows: Mapping[str, int]  # in each table


@dataclass(frozen=True)
class Shard:
    """What was made of one file."""

    folder: Path
    key: str  # digest of the content and of all that shapes what is made of it
    made_of: Mapping[str, str]  # that content, and what shaped it
    parts: tuple[Part, ...] = ()
    files: Mapping[str, Size] = field(default_factory=dict)  # by table

    def ready(self) -> Iterator[Ready]:
        """Yield its batches as they are to be stored."""
        for part, tables in self._parts("feedback", "customers", "identities", "rejected"):
            told, customers, identities, rejected = tables
            prepared = Prepared(
                conform(told, FEEDBACK), customers, part.personal, _readings(told), identities
            )
            rows = tuple(RejectedRow(**row) for row in rejected.to_pylist())
            yield Ready(prepared, part.source, part.rows_in, rows, part.ignored)

    def scored(self) -> Iterator[tuple[pa.Table, Scored]]:
        """Yield its feedback, languages not settled, with the scores and segments of that."""
        for _, (told, scores, segments) in self._parts("feedback", "scores", "segments"):
            yield conform(told, FEEDBACK), Scored(scores, segments)

    def remove(self) -> None:
        """Remove it from the disk, and drafts of it that were left."""
        for path in paths_of(self.folder, self.key):
            path.unlink(missing_ok=True)
        self.remove_drafts()

    def remove_drafts(self) -> None:
        """Remove what a worker that was stopped, or overtaken, left."""
        for draft in self.folder.glob(f".{self.key}.*.part"):
            draft.unlink(missing_ok=True)

    def _parts(self, *names: str) -> Iterator[tuple[Part, list[pa.Table]]]:
        from pyarrow.parquet import ParquetFile

        schemas = _schemas()
        with ExitStack() as stack:
            files: dict[str, ParquetFile] = {}
            for name in names:
                path = _path(self.folder, self.key, name)
                if not path.is_file():
                    raise KlankbordError(
                        "a worker made a shard that is not here",
                        where=str(path),
                        hint="name a folder with --shards that every worker sees as this machine"
                        " does, at the same path",
                    )
                files[name] = stack.enter_context(ParquetFile(path))
            groups = dict.fromkeys(names, 0)
            for part in self.parts:
                tables = []
                for name in names:
                    if part.rows[name]:
                        table = conform(files[name].read_row_group(groups[name]), schemas[name])
                        groups[name] += 1
                    else:
                        table = schemas[name].empty_table()
                    tables.append(table)
                yield part, tables


class Writer:
    """Writes the tables of a shard as drafts, which take their places together at the end."""

    def __init__(self, stack: ExitStack, folder: Path, key: str) -> None:
        from pyarrow.parquet import ParquetWriter

        self._parts: list[Part] = []
        self._open: dict[str, ParquetWriter] = {}
        for name, schema in _schemas().items():
            draft = stack.enter_context(replacing(_path(folder, key, name)))
            writer = ParquetWriter(draft, schema, compression="zstd")
            self._open[name] = stack.enter_context(writer)

    def add(self, batch: Ready, scored: Scored) -> None:
        """Write a batch, each table as a row group."""
        prepared = batch.prepared
        rejected = [asdict(row) for row in batch.rejected]
        tables = {
            "feedback": _with_readings(prepared),
            "customers": prepared.customers,
            "identities": prepared.identities,
            "rejected": pa.Table.from_pylist(rejected, _REJECTED),
            "scores": scored.scores,
            "segments": scored.segments,
        }
        for name, table in tables.items():
            if table.num_rows:
                self._open[name].write_table(table, row_group_size=table.num_rows)
        rows = {name: table.num_rows for name, table in tables.items()}
        self._parts.append(
            Part(batch.source, batch.rows_in, dict(batch.ignored), dict(prepared.personal), rows)
        )

    def parts(self) -> tuple[Part, ...]:
        """Return what was written."""
        return tuple(self._parts)


def finish(folder: Path, key: str, made_of: Mapping[str, str], parts: tuple[Part, ...]) -> Shard:
    """Write the manifest of a shard whose files are in their places."""
    paths = {name: _path(folder, key, name) for name in _schemas()}
    files = {name: Size(sha256_of(path), path.stat().st_size) for name, path in paths.items()}
    shard = Shard(folder, key, made_of, parts, files)
    told = {
        "made_of": dict(made_of),
        "rows_in": sum(part.rows_in for part in parts),
        "rejected": sum(part.rows["rejected"] for part in parts),
        "parts": [part._asdict() for part in parts],
        "files": {name: size._asdict() for name, size in files.items()},
    }
    with replacing(_manifest(folder, key)) as draft:
        draft.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    return shard


def finished(folder: Path, key: str) -> Shard | None:
    """Return a shard that is there whole, None for any other."""
    try:
        told: dict[str, Any] = json.loads(_manifest(folder, key).read_text("utf-8"))
        parts = tuple(Part(**part) for part in told["parts"])
        files = {name: Size(**size) for name, size in told["files"].items()}
        for name in _schemas():
            path = _path(folder, key, name)
            if path.stat().st_size != files[name].bytes or sha256_of(path) != files[name].sha256:
                return None
        return Shard(folder, key, told["made_of"], parts, files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def paths_of(folder: Path, key: str) -> list[Path]:
    """Return where the files of a shard are, or are going to be."""
    return [_manifest(folder, key), *(_path(folder, key, name) for name in _schemas())]


def _path(folder: Path, key: str, table: str) -> Path:
    return folder / f"{key}.{table}.parquet"


def _manifest(folder: Path, key: str) -> Path:
    return folder / f"{key}.json"


def _with_readings(prepared: Prepared) -> pa.Table:
    read = prepared.readings
    columns = [
        [one is not None for one in read],
        [one.language if one else None for one in read],
        [one.second if one else None for one in read],
    ]
    table = conform(prepared.feedback, FEEDBACK)
    for told, values in zip(_READINGS, columns, strict=True):
        table = table.append_column(told, pa.array(values, told.type))
    return table


def _readings(told: pa.Table) -> list[Any]:
    from klankbord.language.identification import Reading

    columns = (told[name].to_pylist() for name in _READINGS.names)
    return [
        Reading(language, second) if read else None
        for read, language, second in zip(*columns, strict=True)
    ]
