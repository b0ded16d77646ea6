"""The PDF: what it tells about itself, that it is the same each time, and that it reads nothing."""

from __future__ import annotations

import builtins
import logging
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from klankbord.errors import MissingExtraError
from klankbord.loop.huddle import Huddle
from klankbord.report import build, html, paper, write_huddles_pdf, write_pdf
from klankbord.report.model import Report
from klankbord.report.wording import Wording
from klankbord.settings import Settings

from .builders import empty_world, world

try:
    import weasyprint  # noqa: F401
except (ImportError, OSError) as missing:
    pytest.skip(f"no PDF can be made here: {missing}", allow_module_level=True)
pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")

SECRET = "geheim-van-dit-bestand"
READING = (
    '<link rel="attachment" href="{url}">',
    '<a rel="attachment" href="{url}">lees</a>',
    '<img src="{url}">',
    '<object data="{url}">',
    '<embed src="{url}">',
    '<link rel="stylesheet" href="{url}">',
    '<style>@import url("{url}"); body {{ background: url("{url}") }}</style>',
    '<svg><image href="{url}"/><use href="{url}#a"/></svg>',
    '<base href="{url}"><img src="klein.png">',
    '"><img src={url}>',
)


@pytest.fixture(scope="module")
def report() -> Report:
    return build(**world())


@pytest.fixture(scope="module")
def written(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "rapport.pdf"
    write_pdf(report, path)
    return path


def titles(outline: list[Any]) -> list[str]:
    found = []
    for entry in outline:
        found += titles(entry) if isinstance(entry, list) else [entry.title]
    return found


def test_it_says_what_it_is(written: Path, report: Report) -> None:
    book = pypdf.PdfReader(written)
    assert book.metadata is not None
    assert book.metadata.title == f"Klankbord-rapport · Voorbeeld BV · {report.as_of_text}"
    assert book.metadata.creation_date.date() == report.as_of
    root = book.trailer["/Root"]
    assert root["/Lang"] == "nl"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    told = titles(book.outline)
    assert [name for name in told if name in {section.title for section in report.sections}] == [
        section.title for section in report.sections if section.title != "Overzicht"
    ]


def test_pages_are_numbered_and_the_sections_are_on_them(written: Path, report: Report) -> None:
    book = pypdf.PdfReader(written)
    pages = [page.extract_text() for page in book.pages]
    for number, text in enumerate(pages, start=1):
        assert f"{number} / {len(pages)}" in text
        assert len(text.split()) > 20  # no page is empty
    whole = " ".join(" ".join(pages).split())
    assert report.shifts.rows[0].customer in whole
    assert "Methode en kwaliteit" in whole
    assert "var(--" not in whole


def test_pictures_have_the_colours_of_print_and_a_description(report: Report) -> None:
    page = html.render(report, paper=True)
    drawn = page[page.index("<body") :]
    assert "var(--" not in drawn
    assert "<script" not in page
    drawings = html._pictures(report, Wording(report.language)).values()
    assert drawn.count('<svg font-family="sans-serif" ') == len(list(drawings))


def test_pictures_are_tagged_with_what_they_show(written: Path, report: Report) -> None:
    book = pypdf.PdfReader(written)
    told = {
        str(each.get_object()["/Alt"])
        for each in book.trailer["/Root"]["/StructTreeRoot"].get_object().values()
        if isinstance(each.get_object(), dict) and "/Alt" in each.get_object()
    } | _descriptions(book.trailer["/Root"]["/StructTreeRoot"].get_object())
    assert report.overview.tone_trend is not None
    assert report.overview.tone_trend.title in told


def _descriptions(element: Any) -> set[str]:
    found = {str(element["/Alt"])} if "/Alt" in element else set()
    children = element.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object()
        if isinstance(child, dict):
            found |= _descriptions(child)
    return found


def test_same_report_same_bytes_whatever_the_process(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from klankbord.report import build, write_pdf;"
        "from report.builders import empty_world;"
        "write_pdf(build(**empty_world()), Path(sys.argv[1]))"
    )
    written, again = tmp_path / "een.pdf", tmp_path / "twee.pdf"
    write_pdf(build(**empty_world()), written)
    places = os.pathsep.join((str(Path(__file__).parents[1]), *sys.path))
    subprocess.run(
        [sys.executable, "-c", script, str(again)],
        check=True,
        env=os.environ | {"PYTHONPATH": places, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )
    assert again.read_bytes() == written.read_bytes()


def test_hostile_words_make_it_read_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "geheim.txt"
    secret.write_text(SECRET, "utf-8")
    words = " ".join(one.format(url=secret.as_uri()) for one in READING[:3])
    opened = _watch(monkeypatch, secret)
    path = tmp_path / "rapport.pdf"
    with caplog.at_level(logging.DEBUG):
        write_pdf(build(**world(words)), path)
    book = pypdf.PdfReader(path)
    assert not book.attachments
    assert "/EmbeddedFiles" not in book.trailer["/Root"].get("/Names", {})
    assert SECRET not in "".join(page.extract_text() for page in book.pages)
    assert opened == []
    assert "geheim" not in caplog.text


def test_even_an_address_that_got_in_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The templates escape; this is what holds where one day one does not."""
    secret = tmp_path / "geheim.txt"
    secret.write_text(SECRET, "utf-8")
    body = "".join(one.format(url=secret.as_uri()) for one in READING)
    opened = _watch(monkeypatch, secret)
    path = tmp_path / "los.pdf"
    paper._write(f'<html lang="nl"><title>t</title><body>x{body}</body></html>', path)
    assert opened == []
    book = pypdf.PdfReader(path)
    assert not book.attachments
    assert SECRET.encode() not in path.read_bytes()


def _watch(monkeypatch: pytest.MonkeyPatch, secret: Path) -> list[str]:
    opened: list[str] = []
    really = builtins.open

    def watching(file: Any, *rest: Any, **named: Any) -> Any:
        if str(file).endswith(secret.name):
            opened.append(str(file))
        return really(file, *rest, **named)

    monkeypatch.setattr(builtins, "open", watching)
    return opened


def sheet(department: str, today: date) -> Huddle:
    return Huddle(
        department, "Wat leerden we?", today, today, today, "nl", None, (), {}, (), (), ()
    )


def test_huddle_sheets_have_a_page_each(tmp_path: Path) -> None:
    path, today = tmp_path / "huddle.pdf", date(2026, 9, 29)
    sheets = [sheet(name, today) for name in ("Sales", "Finance", "Cultuur")]
    write_huddles_pdf(sheets, path, settings=Settings(company="Voorbeeld BV"))
    book = pypdf.PdfReader(path)
    texts = [page.extract_text() for page in book.pages]
    assert len(texts) == 3
    for one, text in zip(sheets, texts, strict=True):
        assert one.department in text
    assert book.metadata is not None
    assert book.metadata.creation_date.date() == today


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(MissingExtraError) as caught:
        paper.check_paper()
    assert "klankbord[pdf]" in str(caught.value.hint)


def test_without_pango_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "weasyprint")

    class NoPango:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    with pytest.raises(MissingExtraError) as caught:
        paper.check_paper()
    assert "libpango" in str(caught.value.hint)
