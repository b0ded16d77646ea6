"""A theme that people renamed has that name in everything they get."""

import re
import shutil
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.store import Workspace

NAME = "Eigen naam van ons"


@pytest.fixture
def workspace(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(demo / "klankbord.db", tmp_path / "klankbord.db"))


def test_after_renaming_everything_says_the_new_name(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def told(*arguments: str) -> str:
        assert run([*arguments, "-w", str(workspace)]) == 0
        return capsys.readouterr().out

    with Workspace.open(workspace) as store:
        sizes = {theme.theme_id: theme.mentions for theme in store.themes()}
        outer = [one for one in store.actions() if one.theme_id in sizes]
        action = max(outer, key=lambda one: sizes[one.theme_id or ""])  # heads the huddle
        old = store.theme_names()[action.theme_id]
    told("themes", "rename", action.theme_id, NAME, "--by", "Anna")
    assert NAME in told("themes")
    assert NAME in told("actions", "list")
    listed = told("actions", "list", "--format", "csv")
    assert f"‘{NAME}’" in listed
    assert f"‘{old}’" not in listed
    sheet = tmp_path / "acties.csv"
    told("actions", "export", str(sheet))
    assert NAME in sheet.read_text("utf-8")
    assert NAME in told("actions", "huddle")
    told("report", "--role", "product", "--out", str(tmp_path))
    page = (tmp_path / "rapport-product.html").read_text("utf-8")
    assert NAME in page
    assert f"‘{old}’" not in page
    short = action.action_id.rpartition("-")[2]
    for status in ("gecommuniceerd", "uitgevoerd"):
        told("actions", "update", short, "--status", status, "--by", "Anna")
    told("actions", "close", short, "geslaagd", "--by", "Anna")
    assert re.search(f"^## {NAME}$", told("actions", "said-done"), re.MULTILINE)
