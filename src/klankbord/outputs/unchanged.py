"""Whether an analysis would find what the last one found, whose outputs are still there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klankbord.files import sha256_of
from klankbord.outputs.stored import StoredRun

if TYPE_CHECKING:
    from klankbord.store import Workspace

SAME = "state"  # of the workspace and of what was asked, in what is remembered of a run
RUN = "run.json"


def state_of(store: Workspace, asked: Mapping[str, Any]) -> str:
    """Return a digest of what is `asked` and of the workspace as it is."""
    told = repr(sorted(asked.items())) + store.state()
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def unchanged(store: Workspace, out: Path, asked: Mapping[str, Any]) -> StoredRun | None:
    """Return the last run where the same is asked of the same, and `out` holds what it wrote."""
    run = store.last_run()
    if run is None or run.as_of is None or not run.provenance.get(SAME):
        return None
    outputs: Mapping[str, str] = run.provenance.get("outputs", {})
    if not outputs or not (out / RUN).is_file():
        return None
    if not all(_is_as_written(out / name, digest) for name, digest in outputs.items()):
        return None
    if asked["as_of"] is None and run.provenance["workspace"]["dated_after_as_of"]:
        return None  # what was still to come then may be there now
    if run.provenance[SAME] != state_of(store, asked):
        return None
    return StoredRun(run.as_of, run.provenance)


def _is_as_written(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_of(path) == digest
