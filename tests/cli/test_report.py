"""The report written again: as the analysis wrote it, and with what people decided since."""

import shutil
import sys
from pathlib import Path

import openpyxl
import pytest

from klankbord.cli import run


@pytest.fixture
def workspace(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(demo / "klankbord.db", tmp_path / "klankbord.db"))


def report(workspace: Path, out: Path, *more: str) -> int:
    return run(["report", "--workspace", str(workspace), "--out", str(out), *more])


def test_the_same_bytes_as_the_analysis_wrote(demo: Path, workspace: Path, tmp_path: Path):
    assert report(workspace, tmp_path / "again") == 0
    assert (tmp_path / "again/rapport.html").read_bytes() == (demo / "rapport.html").read_bytes()


def test_what_people_decided_since_is_in_it(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    from klankbord.store import Workspace

    with Workspace.open(workspace) as store:
        head = max(store.themes(), key=lambda theme: theme.mentions)
        action = next(one for one in store.actions() if one.loop == "inner")
    name = "Nieuwe naam <b>"
    assert run(["themes", "rename", head.theme_id, name, "-w", str(workspace)]) == 0
    close = ["actions", "close", action.action_id, "vals alarm", "--by", "Anna"]
    assert run([*close, "--why", "was een grap", "-w", str(workspace)]) == 0
    assert report(workspace, tmp_path, "--role", "support") == 0
    page = (tmp_path / "rapport-support.html").read_text("utf-8")
    assert "1 actie: 1 vals alarm" in page
    assert report(workspace, tmp_path, "--role", "product") == 0
    assert "Nieuwe naam &lt;b&gt;" in (tmp_path / "rapport-product.html").read_text("utf-8")
    assert "rapport-product.html" in capsys.readouterr().err


def test_huddles_of_all_departments_or_one(workspace: Path, tmp_path: Path):
    from klankbord.loop import departments

    assert report(workspace, tmp_path, "--role", "huddle", "--quiet") == 0
    whole = (tmp_path / "huddle.html").read_text("utf-8")
    assert whole.count('<article class="huddle"') == len(departments())
    more = ("--role", "huddle", "--department", "Customer Service", "--quiet")
    assert report(workspace, tmp_path, *more) == 0
    one = (tmp_path / "huddle-customer-service.html").read_text("utf-8")
    assert one.count('<article class="huddle"') == 1


def test_refuses_what_makes_no_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert report(tmp_path / "none.db", tmp_path) == 1
    assert "there is no workspace yet" in capsys.readouterr().err
    assert report(tmp_path / "none.db", tmp_path, "--department", "Sales") == 2
    assert report(tmp_path / "none.db", tmp_path, "--role", "huddle", "-d", "Nergens") == 2


def test_the_sheet_of_actions_can_be_read_back(demo: Path, workspace: Path, tmp_path: Path):
    from klankbord.store import Workspace

    sheet = Path(shutil.copy(demo / "acties.xlsx", tmp_path / "acties.xlsx"))
    book = openpyxl.load_workbook(sheet)
    page = book["Acties"]
    places = {cell.value: cell.column for cell in page[1]}
    action_id = page.cell(2, places["Actienummer"]).value
    page.cell(2, places["Afdeling"]).value = "Finance"
    book.save(sheet)
    assert run(["actions", "import", str(sheet), "--by", "Anna", "-w", str(workspace)]) == 0
    with Workspace.open(workspace) as store:
        assert store.action(action_id).owner == "Finance"


def test_a_pdf_beside_the_page(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("weasyprint", reason="the pdf extra is not installed", exc_type=ImportError)
    words = ("--role", "huddle", "--department", "Finance", "--pdf")
    assert report(workspace, tmp_path, *words) == 0
    assert (tmp_path / "huddle-finance.html").exists()
    assert (tmp_path / "huddle-finance.pdf").read_bytes().startswith(b"%PDF-")
    told = capsys.readouterr().err
    assert "huddle-finance.html" in told
    assert "huddle-finance.pdf" in told


def test_without_the_extra_nothing_is_written(
    workspace: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    out = tmp_path / "rapport"
    assert report(workspace, out, "--pdf") == 1
    assert "klankbord[pdf]" in capsys.readouterr().err
    assert not out.exists()
