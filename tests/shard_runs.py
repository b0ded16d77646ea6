"""What an analysis left behind, so that one of another engine can be held against it."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from klankbord.privacy import Pseudonymiser
from klankbord.settings import Settings
from klankbord.store import Workspace


def stored(workspace: Path, settings: Settings) -> dict[str, Any]:
    """Return all that a workspace holds of customers and findings."""
    with Workspace.open(workspace) as store:
        feedback = store.feedback()
        names = [name for name in feedback["customer_id"].to_pylist() if name]
        return {
            "feedback": feedback,
            "customers": store.customers(),
            "scores": store.scores(),
            "segments": store.segments(),
            "versions": [
                [version.verbatim for version in store.versions(own)]
                for own in feedback["feedback_id"].to_pylist()
            ],
            "imports": [record.count for record in store.imports()],
            "originals": store.original_ids(names, Pseudonymiser.from_key_file(settings.key_file)),
            "shifts": store.shifts(),
            "themes": store.themes(),
            "actions": store.actions(),
        }


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Hold two workspaces against each other, numbers to 1e-6."""
    assert ours.keys() == theirs.keys()
    for name, table in ours.items():
        if not isinstance(table, pa.Table):
            assert table == theirs[name], name
            continue
        other = theirs[name]
        assert table.schema == other.schema
        assert table.num_rows == other.num_rows, name
        for field in table.schema:
            one, two = table[field.name], other[field.name]
            if not pa.types.is_floating(field.type):
                assert one.equals(two), (name, field.name)
                continue
            for left, right in zip(one.to_pylist(), two.to_pylist(), strict=True):
                assert left == right or abs(left - right) <= 1e-6, (name, field.name)


def outputs(folder: Path) -> dict[str, bytes]:
    """Return the files of a run that are the same each time."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.name != "run.json"
    }
