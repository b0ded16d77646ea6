"""The options of `klankbord analyse` that say who does the work on the rows."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.errors import SettingsError

if TYPE_CHECKING:
    from klankbord.engines import Engine


class EngineKind(StrEnum):
    """Who does the work."""

    LOCAL = "local"
    DASK = "dask"


ENGINE = typer.Option(
    EngineKind.LOCAL,
    "--engine",
    help="Who does the work on the rows: the cores of this machine, or a Dask cluster.",
)
SCHEDULER = typer.Option(
    "",
    "--scheduler",
    metavar="URL",
    help="Scheduler of the cluster, such as tls://host:8786 (tcp:// only on a closed network: the "
    "texts travel over it).",
    show_default=False,
)
SHARDS = typer.Option(
    None,
    "--shards",
    help="Folder for what is made of each file, so that it is not made again; all workers of a "
    "cluster must see it at the same path (default with --engine dask: shards in --out).",
    show_default=False,
)


def engine_for(kind: EngineKind, scheduler: str, workers: int) -> Engine:
    """Return the engine that was asked for; raises SettingsError for half an address."""
    from klankbord.engines import DaskEngine, LocalEngine

    if kind is EngineKind.LOCAL:
        if scheduler:
            raise SettingsError("--scheduler is of a cluster", hint="add --engine dask")
        return LocalEngine(workers)
    if not scheduler:
        raise SettingsError(
            "--engine dask needs the address of a scheduler",
            hint="start one with: dask scheduler, and add --scheduler tcp://HOST:8786",
        )
    return DaskEngine(scheduler)


def shards_folder(given: Path | None, kind: EngineKind, out: Path) -> Path | None:
    """Return where what is made of each file is kept, None for nowhere."""
    return given or (out / "shards" if kind is EngineKind.DASK else None)
