"""What shards cost, on a Dask cluster on this machine, and what that makes of a billion rows.

    python scripts/bench_cluster.py --rows 40000 --json cluster.json

Answers are made in as many files as `--files` says; each file becomes a shard. Measured are the
rows a second of the function that makes a shard, per core, with one worker and with two; the
bytes of the shards; and the rows a second of the coordinator, which takes the shards into the
workspace and does the rest. The plan that is printed with it is arithmetic on those figures.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench_answers import write_export

if TYPE_CHECKING:
    from klankbord.engines import Engine
    from klankbord.settings import Settings

BILLION = 1_000_000_000
GIGABYTE = 1e9
HOUR = 3600.0


@dataclass(frozen=True)
class Measured:
    """Figures of this machine."""

    rows: int
    tier: str
    per_core: dict[int, float]  # workers -> rows a second of processor time
    wall: dict[int, float]  # workers -> rows a second
    source_bytes: float  # of a row
    shard_bytes: float
    workspace_bytes: float
    taking_in: float  # rows a second of the coordinator, shards into workspace
    the_rest: float  # and of all that comes after it


def main() -> int:
    """Measure, and print the figures and the plan."""
    arguments = _arguments()
    if arguments.markdown:
        kept = json.loads(arguments.markdown.read_text("utf-8"))
        kept |= {name: {int(n): v for n, v in kept[name].items()} for name in ("per_core", "wall")}
        print("\n".join(markdown(Measured(**kept), arguments.target)))
        return 0
    with tempfile.TemporaryDirectory(prefix="klankbord-cluster-") as folder:
        measured = measure(Path(folder), arguments.rows, arguments.files, arguments.tier)
    lines = [*told(measured), "", *plan(measured, arguments.target, arguments.price)]
    print("\n".join(lines))
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(measured), indent=2) + "\n", "utf-8")
    return 0


def measure(folder: Path, rows: int, files: int, tier: str) -> Measured:
    """Make shards with one worker and with two, and analyse them once."""
    from klankbord.settings import Settings

    sources = [folder / f"answers-{number:03}.csv" for number in range(files)]
    for number, source in enumerate(sources):
        write_export(source, rows // files, seed=number)
    settings = Settings(tier=tier, key_file=str(folder / "key"))
    per_core, wall = {}, {}
    for workers in (1, 2):
        shards = folder / f"shards-{workers}"
        per_core[workers], wall[workers] = _sharding(sources, settings, shards, workers)
    done = rows // files * files
    taking_in, the_rest, workspace = _coordinator(sources, settings, folder)
    return Measured(
        rows=done,
        tier=tier,
        per_core={workers: done / seconds for workers, seconds in per_core.items()},
        wall={workers: done / seconds for workers, seconds in wall.items()},
        source_bytes=_bytes(sources) / done,
        shard_bytes=_bytes((folder / "shards-2").iterdir()) / done,
        workspace_bytes=workspace / done,
        taking_in=done / taking_in,
        the_rest=done / the_rest,
    )


def _sharding(
    sources: list[Path],
    settings: Settings,
    folder: Path,
    workers: int,
) -> tuple[float, float]:
    """Return the processor seconds of the workers, and the seconds, of making all shards."""
    from distributed import LocalCluster

    from klankbord.engines import DaskEngine
    from klankbord.models import load_encoder, load_tone_model
    from klankbord.privacy import Pseudonymiser
    from klankbord.shards import Preparing, Scoring, Sharding, Source, content_digest
    from klankbord.sources import Companions

    model = load_tone_model(tier=settings.tier, encoder=load_encoder())
    preparing = Preparing(settings, Pseudonymiser.from_key_file(settings.key_file))
    sharding = Sharding(preparing, Scoring(settings, model), folder)
    given = [Source(one, content_digest(one), None, Companions(), 5_000) for one in sources]
    first = replace(given[0], path=folder.with_name("first.csv"))  # models are loaded for it
    write_export(first.path, 40)
    elsewhere = replace(sharding, folder=folder.with_name(f"first-{workers}"))
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        closing(DaskEngine(cluster.scheduler_address)) as engine,
    ):
        list(engine.map(elsewhere, (replace(first, batch_rows=40 + at) for at in range(9))))
        begin, before = time.perf_counter(), _used(engine, workers)
        list(engine.map(sharding, given))
        return _used(engine, workers) - before, time.perf_counter() - begin


class _Used:
    """The processor time that a worker used so far, and which worker that is."""

    def __call__(self, _: int) -> tuple[int, float]:
        time.sleep(0.05)  # so that every worker gets one
        return os.getpid(), time.process_time()


def _used(engine: Engine, workers: int) -> float:
    return sum(dict(engine.map(_Used(), range(4 * workers))).values())


def _coordinator(
    sources: list[Path],
    settings: Settings,
    folder: Path,
) -> tuple[float, float, int]:
    """Return processor seconds of taking shards in and of the rest, and bytes of the workspace."""
    from klankbord.pipeline import analyse

    moments: list[tuple[str, float]] = []

    def progress(stage: str, _done: int, _total: int) -> None:
        moments.append((stage, time.process_time()))

    begin = time.process_time()
    analyse(
        sources, folder / "out", workspace=folder / "k.db", settings=settings,
        shards=folder / "shards-2", progress=progress,
    )  # fmt: skip
    end = time.process_time()
    taken = max(at for stage, at in moments if stage in ("files read", "tone"))
    workspace = sum(path.stat().st_size for path in folder.glob("k.db*"))
    return taken - begin, end - taken, workspace


def told(measured: Measured) -> Iterator[str]:
    """Yield the figures."""
    yield f"{measured.rows:,} answers, {measured.tier} tier"
    for workers, rate in measured.per_core.items():
        yield (
            f"  shards, {workers} worker{'s' if workers > 1 else ''}: {rate:,.0f} rows a second"
            f" of processor time; {measured.wall[workers]:,.0f} rows a second together"
        )
    yield f"  coordinator: takes in {measured.taking_in:,.0f} rows a second of processor time"
    yield f"  and does the rest at {measured.the_rest:,.0f} rows a second"
    yield (
        f"  bytes a row: {measured.source_bytes:,.0f} in the sources, {measured.shard_bytes:,.0f}"
        f" in the shards, {measured.workspace_bytes:,.0f} in the workspace"
    )


def plan(measured: Measured, rows: int, price: float | None) -> Iterator[str]:
    """Yield what `rows` would take; `price` is that of a core for an hour."""
    core_hours = rows / measured.per_core[2] / HOUR
    yield f"{rows:,} rows"
    yield f"  {core_hours:,.0f} core-hours for the shards"
    for cores in (64, 256):
        yield f"  {core_hours / cores:,.1f} hours with {cores} cores"
    if price is not None:
        yield f"  {core_hours * price:,.0f} at {price:g} a core an hour"
    yield (
        f"  storage: {rows * measured.source_bytes / GIGABYTE:,.0f} GB of sources,"
        f" {rows * measured.shard_bytes / GIGABYTE:,.0f} GB of shards,"
        f" {rows * measured.workspace_bytes / GIGABYTE:,.0f} GB of workspace"
    )
    yield (
        f"  the coordinator, on one core: {rows / measured.taking_in / HOUR:,.0f} hours to take"
        f" the shards in, {rows / measured.the_rest / HOUR:,.0f} hours for the rest"
    )


def markdown(measured: Measured, rows: int) -> Iterator[str]:
    """Yield the tables of the README."""
    one, two = (f"{measured.per_core[workers]:,.0f}" for workers in (1, 2))
    core_hours = rows / measured.per_core[2] / HOUR
    yield f"| {measured.rows:,} answers, {measured.tier} tier | Measured | {rows:,} rows |"
    yield "|---|---|---|"
    yield f"| a core that makes shards, one worker | {one} rows a second | |"
    yield f"| the same, two workers at once | {two} rows a second | {core_hours:,.0f} core-hours |"
    for name, size in (
        ("sources", measured.source_bytes),
        ("shards", measured.shard_bytes),
        ("workspace", measured.workspace_bytes),
    ):
        yield f"| {name} | {size:,.0f} bytes a row | {rows * size / GIGABYTE:,.0f} GB |"
    for name, rate in (
        ("the coordinator takes shards in", measured.taking_in),
        ("and does the rest", measured.the_rest),
    ):
        hours = rows / rate / HOUR
        yield f"| {name} | {rate:,.0f} rows a second | {hours:,.0f} hours on one core |"


def _bytes(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=40_000, help="answers in all files together")
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--tier", default="fast", choices=("fast", "cascade", "accurate"))
    parser.add_argument("--target", type=int, default=BILLION, help="rows of the plan")
    parser.add_argument("--price", type=float, help="of a core for an hour, in any currency")
    parser.add_argument("--markdown", type=Path, help="print the table of such a file, only")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
