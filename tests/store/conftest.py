from collections.abc import Iterator
from pathlib import Path

import pytest

from klankbord.store import Workspace


@pytest.fixture
def workspace(address: Path | str) -> Iterator[Workspace]:
    """An empty workspace, on each kind of database in turn."""
    with Workspace.open(address) as opened:
        yield opened
