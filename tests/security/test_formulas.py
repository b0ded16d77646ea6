"""What customers write never becomes a formula, in whatever Klankbord writes or prints."""

import csv
import io
import re
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell import WriteOnlyCell

from klankbord.cells import neutral
from klankbord.cli import run
from klankbord.store import Workspace

from .planting import planted

MARKUP = "<img src=x onerror=alarm()>"
BODY = f"cmd|' /C calc'!A0{MARKUP}"  # dynamic data exchange, which runs a program
STARTS = (
    "=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "  +", "\u00a0=", "\u3000@", '"=', '""+', "＝",
    "＋", "－", "＠", "\ufeff=", "\u200b=", "\x00=", "\x0b=", "\x0c-", "x;=", "x,=", 'x";"=',
    "x\t=", "x\r=", "x\n=", 'x,"=', "x, +", "\u202e=", "﹦", "﹢", "\u2060@",
)  # fmt: skip
PERSON = "=Anna+1"
_BLANK = re.compile(r"[\s\"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?%?")
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"


def hostile(kind: str, text: str) -> str:
    """Put the start of a formula before a text, the same before the same text."""
    return f"{STARTS[zlib.crc32(f'{kind}{text}'.encode()) % len(STARTS)]}{BODY} {text}"


def runs(cell: str) -> bool:
    """Tell whether some spreadsheet program could take a cell of a CSV for a formula."""
    if _NUMBER.fullmatch(cell):
        return False
    bare = cell[_BLANK.match(cell).end() :]  # type: ignore[union-attr]
    return cell[:1] in "\t\r" if not bare else bare[0] in SIGNS or cell[0] in "\t\r"


def formulas(text: str) -> list[str]:
    """Return the cells that run in a CSV opened with any separator."""
    found = []
    for delimiter in ",;\t":
        for row in csv.reader(
            io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter
        ):
            found += [cell for cell in row if cell and runs(cell)]
    return found


def formula_cells(path: Path) -> list[str]:
    """Return what openpyxl reads as a formula or a link that nobody asked for."""
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    return [
        str(cell.value)
        for cell in cells
        if cell.data_type == "f" or (cell.hyperlink and "cmd" in str(cell.hyperlink.target))
    ]


COMMANDS = (
    ("flags",), ("flags", "--accounts"), ("themes", "list", "--all"),
    ("themes", "list", "--praise"),
    ("actions", "list", "--all"), ("metrics", "--by", "segment", "--by", "channel"),
    ("metrics", "--by", "journey_stage"), ("impact",), ("impact", "--by", "theme"),
)  # fmt: skip


@pytest.fixture(scope="module")
def job(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the outputs, the sheets and what commands print, of hostile exports."""
    out = tmp_path_factory.mktemp("formules")
    sources = planted(checkout / "corpora/demo/exports", out / "bron", hostile)
    lines = "klant;datum;nps;toelichting\n" + f"=1;niet;99;{BODY}\n" * 3
    (sources / f"=afgekeurd{MARKUP}.csv").write_text(lines, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(out)
        patch.setenv("KLANKBORD_COMPANY", f"={BODY}")
        patch.setenv("KLANKBORD_KEEP_IDS", "ja")
        options = ["--out", str(out), "--tier", "fast", "--quiet"]
        assert run(["analyse", str(sources), *options]) == 0
        with Workspace.open(out / "klankbord.db") as store:
            themes = [theme.theme_id for theme in store.themes()]
            actions = [action.action_id for action in store.actions()]
            flagged = store.shifts()[0].customer_id
        assert themes
        assert actions
        assert flagged
        assert run(["themes", "rename", themes[0], f"={BODY}", "--by", PERSON, "--quiet"]) == 0
        update = ["actions", "update", actions[0], "--wel-niet-later", f"Wel: x;={BODY}"]
        assert run([*update, "--by", PERSON, "--why", "+1", "--quiet"]) == 0
        for name in ("acties2.xlsx", "acties2.csv", "acties2.ics", "acties2.json"):
            assert run(["actions", "export", name, "--all", "--quiet", "--quotes"]) == 0
        jira = ["actions", "export", "jira.csv", "--format", "jira", "--quotes", "--quiet"]
        assert run(jira) == 0
        for name in ("codeboek.xlsx", "codeboek.csv"):
            assert run(["themes", "export", name, "--quiet"]) == 0
        for name in ("etiketten.xlsx", "etiketten.csv"):
            assert (
                run(["label", "--out", name, "--size", "60", "--with-prediction", "--quiet"]) == 0
            )
        shown = (*COMMANDS, ("themes", "show", themes[0]), ("actions", "show", actions[0]),
                 ("flags", "--customer", flagged))  # fmt: skip
        for number, command in enumerate(shown):
            printed = io.StringIO(newline="")
            with pytest.MonkeyPatch.context() as screen:
                screen.setattr("sys.stdout", printed)
                assert run([*command, "--format", "csv"]) == 0, command
            (out / f"scherm-{number}.csv").write_text(printed.getvalue(), "utf-8", newline="")
    return out


def test_the_check_sees_every_start() -> None:
    """Without the guard every start is a formula in a CSV opened some way; with it none is."""
    for start in STARTS:
        stream = io.StringIO(newline="")
        csv.writer(stream, delimiter=";").writerow(["x", start + BODY, "y"])
        bare = stream.getvalue()
        stream = io.StringIO(newline="")
        csv.writer(stream).writerow(["x", start + BODY, "y"])
        assert formulas(bare) or formulas(stream.getvalue()), repr(start)
        for delimiter in ",;\t":
            stream = io.StringIO(newline="")
            csv.writer(stream, delimiter=delimiter).writerow(["x", neutral(start + BODY), "y"])
            assert not formulas(stream.getvalue()), repr(start)


def test_a_formula_in_a_workbook_would_be_seen(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([WriteOnlyCell(sheet, f"={BODY}")])
    book.save(tmp_path / "x.xlsx")
    assert formula_cells(tmp_path / "x.xlsx")


def tables(job: Path) -> Iterator[Path]:
    yield from sorted(job.glob("*.csv"))


def test_no_csv_holds_a_formula_however_it_is_opened(job: Path) -> None:
    names = {path.name for path in tables(job)}
    assert {"acties.csv", "themas.csv", "toonverschuivingen.csv", "jira.csv", "afgekeurd.csv",
            "themas_uitsplitsing.csv", "codeboek.csv", "etiketten.csv"} <= names  # fmt: skip
    with_body = 0
    for path in tables(job):
        text = path.read_bytes().decode("utf-8-sig")
        with_body += "cmd|" in text
        assert not formulas(text), (path.name, formulas(text)[:3])
    assert with_body >= 12  # the hostile words did come through


def test_no_workbook_holds_a_formula(job: Path) -> None:
    books = sorted(job.glob("*.xlsx"))
    assert len(books) >= 5
    for path in books:
        assert not formula_cells(path), path.name
        with zipfile.ZipFile(path) as parts:
            content = b"".join(parts.read(name) for name in parts.namelist())
            assert not [name for name in parts.namelist() if "externalLink" in name]
        assert b"<f>" not in content
        assert b"<f " not in content
        assert b"ddeLink" not in content


def test_the_same_words_are_words_on_the_page(job: Path) -> None:
    """Also those of headers, questions and file names; tests/browser tries far more of them."""
    page = (job / "rapport.html").read_text("utf-8")
    assert page.count("&lt;img src=x onerror=alarm()&gt;") > 20
    assert "<img src=x" not in page
    assert "afgekeurd&lt;img" in page


def test_a_calendar_has_only_lines_of_its_own(job: Path) -> None:
    text = (job / "acties2.ics").read_bytes().decode("utf-8")
    unfolded = text.replace("\r\n ", "")
    lines = unfolded.split("\r\n")
    assert "\r" not in "".join(lines)
    assert "\n" not in "".join(lines)
    own = re.compile(r"(?:BEGIN|END|VERSION|PRODID|CALSCALE|METHOD|X-WR-CALNAME|UID|"
                     r"DTSTAMP|SEQUENCE|DTSTART|DTEND|SUMMARY|DESCRIPTION|CATEGORIES|STATUS|CLASS|TRANSP|"
                     r"X-MICROSOFT-CDO-BUSYSTATUS)[;:]")  # fmt: skip
    assert all(own.match(line) for line in lines if line)


OPENED = (
    "CSV:44/59/9,34,76,1,,0,false,true,false,false,false,0,true"  # any separator, with formulas
)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="there is no LibreOffice here")
def test_libreoffice_finds_no_formula_either(job: Path, tmp_path: Path) -> None:
    (tmp_path / "onbewaakt.csv").write_text("a,b\nx,=1+1\n", "utf-8")
    again = tmp_path / "opnieuw"
    for option, given in (
        ([f"--infilter={OPENED}"], [tmp_path / "onbewaakt.csv", *tables(job)]),
        ([], sorted(job.glob("*.xlsx"))),
    ):
        own = f"-env:UserInstallation=file://{tmp_path / 'profiel'}"
        convert = [*option, "--convert-to", "xlsx", "--outdir", str(again), *map(str, given)]
        subprocess.run(
            ["soffice", own, "--headless", *convert], check=True, capture_output=True, timeout=300
        )
        for path in given:
            found = formula_cells(again / f"{path.stem}.xlsx")
            assert bool(found) == (path.stem == "onbewaakt"), (path.name, found[:3])
        shutil.rmtree(again)
