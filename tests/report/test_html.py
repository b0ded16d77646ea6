import base64
import dataclasses
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from klankbord.report import build, write_html
from klankbord.report.html import render
from klankbord.schema import ShiftKind, Tone
from klankbord.settings import Settings
from klankbord.shifts import ShiftFindings, TimelinePoint

from .builders import (
    HOSTILE,
    START,
    empty_world,
    feedback_table,
    score_table,
    shift,
    world,
)

VOID = {"meta", "link", "img", "br", "hr", "input", "area", "base", "col", "embed", "source", "wbr"}


class Page(HTMLParser):
    """Elements, attributes and texts of a page; notes tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.inside.setdefault(self.open[-1], []).append(data)
        else:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def policy_of(page: Page) -> dict[str, str]:
    (meta,) = [m for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    parts = [part.strip().partition(" ") for part in str(meta["content"]).split(";")]
    return {name: value for name, _, value in parts}


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render(build(**world())))


@pytest.fixture(scope="module")
def hostile_text() -> str:
    return render(build(**world(words=HOSTILE)))


def test_well_formed_with_unique_ids(page: Page) -> None:
    assert page.wrong == []
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(link["href"])[1:] for link in page.all("a")}
    assert targets <= set(ids)


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "img", "base", "form")
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "style", "srcset", "xlink:href")
            assert not re.search(r"https?:|//|javascript:|url\(", value or ""), (tag, name)
    assert "url(" not in "".join(page.inside["style"])
    assert "@import" not in "".join(page.inside["style"])


def test_the_policy_allows_only_our_own_style_and_script(page: Page) -> None:
    policy = policy_of(page)
    assert policy["default-src"] == "'none'"
    for tag in ("style", "script"):
        (text,) = page.inside[tag]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in str(policy)


def test_hostile_words_are_shown_and_harmless(hostile_text: str) -> None:
    hostile, plain = Page(hostile_text), Page(render(build(**world())))
    assert hostile.wrong == []
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert hostile.inside == plain.inside
    shown = "".join(hostile.words)
    assert shown.count("<script>alert(1)</script></script></style>") > 8
    assert "{{ 7*7 }}" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x07]", hostile_text)
    for _, attributes in hostile.tags:
        assert not [name for name in attributes if name.startswith("on")]


def test_accessible_structure(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "nl"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("main") == tags.count("nav") == 1
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attributes for attributes in page.all("th"))
    pictures = [found for found in page.all("svg") if found.get("aria-hidden") != "true"]
    assert len(pictures) >= 6
    assert all(found["role"] == "img" and found["aria-label"] for found in pictures)
    assert tags.count("title") == len(pictures) + 1
    assert {"", "top"}.isdisjoint(str(label["for"]) for label in page.all("label"))


def test_a_card_shows_words_dates_probability_and_next_step(page: Page) -> None:
    text = " ".join(" ".join(page.words).split())
    assert "3 klanten , naar verwachting hoogstens ongeveer 1 vals alarm." in text
    assert "Wat een topservice!" in text
    assert "1 december 2025 · enquête" in text
    assert "Persoonlijk contact · Customer Service, uiterlijk 16 maart 2026" in text
    assert "Een kaart meldt een gemeten verandering, geen voorspelling dat iemand weggaat." in text
    assert "De kwaliteit op uw eigen gegevens is nog niet gemeten." in text
    assert "Dit is een demonstratie." in text


@pytest.mark.parametrize(
    ("language", "title", "heading"),
    [("nl", "Bedrijven", "Nieuwe contactpersoon"), ("en", "Accounts", "New contact person")],
)
def test_accounts_stand_under_the_cards(language: str, title: str, heading: str) -> None:
    text = render(build(**world(settings=Settings(language=language))))
    section = text[text.index('id="toon"') : text.index('id="themas"')]
    assert section.index("</ol>") < section.index(f'<h3 id="bedrijven">{title}</h3>')
    assert f'<th scope="col">{heading}</th>' in section
    assert '<th scope="row"><bdi>A-BAKKER</bdi></th>' in section
    assert 'href="#bedrijven"' in section
    assert "bedrijven" not in render(build(**world(accounts=())))


def test_an_account_named_in_markup_is_escaped(hostile_text: str) -> None:
    (account,) = re.findall(r"<bdi>(.*?)A-BAKKER</bdi>", hostile_text)
    assert account.startswith("&lt;script&gt;alert(1)&lt;/script&gt;")
    assert not re.search("[<>\u202e\u2066\x00\x07]", account)


def test_empty_report_is_a_whole_page() -> None:
    for language in ("nl", "en"):
        empty = Page(render(build(**empty_world(settings=Settings(language=language)))))
        assert empty.wrong == []
        assert empty.all("html")[0]["lang"] == language
        assert empty.all("svg")[1:] == []


def test_same_report_same_bytes(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_html(build(**world()), tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_every_value_is_escaped_even_where_it_has_no_business_being_marked_up() -> None:
    report = build(**world())
    for field in ("company", "notice", "period_text", "as_of_text"):
        text = render(dataclasses.replace(report, **{field: "<b onclick=x>"}))
        assert "<b onclick" not in text
        assert "&lt;b onclick" in text


@pytest.mark.slow
def test_fifty_thousand_rows_stay_under_two_megabytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    count = 50_000
    moments = [START.replace(tzinfo=None)] * count
    days = np.array(moments, dtype="datetime64[us]") - rng.integers(0, 900, count).astype(
        "timedelta64[D]"
    )
    base = feedback_table([{}])
    columns = {
        field.name: pa.array([base[field.name][0].as_py()] * count, field.type)
        for field in base.schema
    }
    columns |= {
        "feedback_id": pa.array([f"f{at}" for at in range(count)]),
        "received_at": pa.array(days, pa.timestamp("us", "UTC")),
        "customer_id": pa.array([f"K-{at % 6000}" for at in range(count)]),
        "score_metric": pa.array(["nps"] * count),
        "score_value": pa.array(rng.integers(0, 11, count).astype(float)),
    }
    feedback = pa.table(columns, schema=base.schema)
    tones = [list(Tone)[at] for at in rng.integers(0, 5, count)]
    given = world()
    long = "Een lange zin over de levering die steeds te laat komt. " * 20
    shifts = tuple(
        shift(f"K-{at}", ShiftKind.VERKOELING, Tone.ENTHOUSIAST, Tone.NEUTRAAL, explanation=long)
        for at in range(300)
    )
    points = tuple(
        TimelinePoint(START, 2.0, 1.0, 3.0, "chat", "f", Tone.NEUTRAAL)
        if at == 0
        else TimelinePoint(
            START.replace(day=1 + at % 28, month=12), 2.0, 1.0, 3.0, "chat", "f", Tone.POSITIEF
        )
        for at in range(200)
    )
    themes = tuple(dataclasses.replace(given["themes"][1], theme_id=f"t{at}") for at in range(150))
    actions = tuple(
        dataclasses.replace(given["actions"][0], action_id=f"a{at:05d}", owner=f"Afdeling {at % 8}",
                            draft=long)
        for at in range(5000)
    )  # fmt: skip
    report = build(
        **given
        | {
            "feedback": feedback,
            "scores": score_table(columns["feedback_id"].to_pylist(), tones),
            "findings": ShiftFindings(
                shifts, 9.0, 5000, 900, {f"K-{at}": points for at in range(300)}
            ),
            "themes": themes,
            "actions": actions,
        }
    )
    write_html(report, tmp_path / "rapport.html")
    assert (tmp_path / "rapport.html").stat().st_size <= 2_000_000


def opened(path: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Open a file in headless Chromium; skips the test where there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    return subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--disable-background-networking", "--enable-logging=stderr", "--v=0",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000", "--dump-dom",
            *options, path.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_sticks_out_sideways(width: int, tmp_path: Path) -> None:
    write_html(
        build(**world(words="Onuitspreekbaarlangwoord" * 9 + " ")), tmp_path / "rapport.html"
    )
    frame = tmp_path / "frame.html"
    frame.write_text(
        f"<body><iframe src='rapport.html' width='{width}' height='800'></iframe><script>"
        "onload = () => { const root = frames[0].document.documentElement;"
        "document.body.textContent = `width ${root.scrollWidth} of ${root.clientWidth}`; }"
        "</script>",
        "utf-8",
    )
    found = opened(frame, tmp_path, "--allow-file-access-from-files").stdout
    wide, available = map(int, re.findall(r"width (\d+) of (\d+)", found)[0])
    assert width - 20 <= available <= width
    assert wide <= available


@pytest.mark.browser
@pytest.mark.parametrize("words", ["", HOSTILE], ids=["plain", "hostile"])
def test_chromium_opens_it_without_complaint(words: str, tmp_path: Path) -> None:
    path = tmp_path / "rapport.html"
    write_html(build(**world(words=words)), path)
    found = opened(path, tmp_path)
    assert "CONSOLE" not in found.stderr, [
        line for line in found.stderr.splitlines() if "CONSOLE" in line
    ]
    assert 'class="filter" data-filter="kind" role="group"' in found.stdout  # the script ran
    assert "<script>alert" not in found.stdout
