from pathlib import Path

import pytest

from klankbord.cli import run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs and the workspace of one run on the demonstration; read only."""
    out = tmp_path_factory.mktemp("demo")
    assert run(["analyse", "--demo", "--out", str(out), "--quiet"]) == 0
    return out
