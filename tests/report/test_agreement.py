"""Every figure on the page against the exports that are written beside it."""

import csv
import dataclasses
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from klankbord.report import Report, build, write_html, write_tables, write_workbook
from klankbord.report.shift_rows import MOST_CARDS
from klankbord.schema import TONES, ShiftKind, Tone
from klankbord.shifts import ShiftFindings

from .builders import shift, world


def large_world() -> dict[str, Any]:
    """Return more shifts, themes and actions than a page shows."""
    rng = np.random.default_rng(8)
    given = world()
    kinds = [list(ShiftKind)[at] for at in rng.integers(0, len(ShiftKind), 57)]
    shifts = tuple(
        shift(
            f"K-{'E' * 8}{at // 2:02d}",  # two shifts per customer
            kind,
            Tone.ENTHOUSIAST,
            Tone.NEUTRAAL,
            value_eur=float(rng.integers(100, 9000)),
            probability=float(rng.uniform(0.6, 1)),
        )
        for at, kind in enumerate(kinds)
    )
    themes = tuple(
        dataclasses.replace(
            given["themes"][at % 2], theme_id=f"t{at}", mentions=int(rng.integers(1, 400))
        )
        for at in range(70)
    )
    actions = tuple(
        dataclasses.replace(
            given["actions"][at % 3],
            action_id=f"a{at:03d}",
            due=given["actions"][0].due + timedelta(days=int(rng.integers(-20, 20))),
        )
        for at in range(80)
    )
    findings = ShiftFindings(shifts, 3.2, 300, 20, {})
    drivers = tuple(dataclasses.replace(given["drivers"][0], theme_id=f"t{at}") for at in range(9))
    return given | {
        "findings": findings, "themes": themes, "actions": actions, "drivers": drivers
    }  # fmt: skip


@pytest.fixture(scope="module", params=["small", "large"])
def outputs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Report, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    given = world() if request.param == "small" else large_world()
    report = build(**given)
    write_html(report, folder / "rapport.html")
    write_workbook(report, folder / "themas.xlsx")
    taken = ("feedback", "scores", "segments", "themes", "drivers", "actions", "rejected")
    write_tables(folder, shifts=given["findings"].shifts, **{name: given[name] for name in taken})
    return report, folder


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def first_number(text: str) -> int:
    found = re.search(r"\d[\d.]*", text)
    assert found is not None
    return int(found[0].replace(".", ""))


def test_shifts(outputs: tuple[Report, Path]) -> None:
    report, folder = outputs
    section, exported = report.shifts, rows_of(folder, "toonverschuivingen.csv")
    page = (folder / "rapport.html").read_text("utf-8")
    assert first_number(section.heading) == len({row["customer_id"] for row in exported})
    shown = exported[: section.shown]
    assert page.count('<li class="card') == len(shown) == min(len(exported), MOST_CARDS)
    assert {kind.kind: kind.count for kind in section.kinds} == Counter(
        row["kind"] for row in shown
    )
    if section.rest:
        assert first_number(section.rest) == len(exported) - len(shown)
    else:
        assert len(exported) == len(shown)
    cooled = {row["customer_id"] for row in exported if row["kind"] == "verkoeling"}
    assert first_number(report.overview.things[0].title) == len(cooled)
    for row, line in zip(section.rows, exported, strict=True):
        assert (str(row.rank), row.customer) == (line["rank"], line["customer_id"])
        assert row.before_day.isoformat() == line["before_date"]
        share = float(line["probability"])
        assert row.probability_text == ("meer dan 99%" if share > 0.99 else f"{100 * share:.0f}%")


def test_value_under_pressure(outputs: tuple[Report, Path]) -> None:
    report, folder = outputs
    dropped = {
        row["customer_id"]
        for row in rows_of(folder, "toonverschuivingen.csv")
        if row["kind"] != "herstel"
    }
    figure = report.overview.figures[3]
    known = re.findall(r"(\d+) van (?:de )?(\d+)", figure.detail)
    counted = int(known[0][1]) if known else first_number(figure.detail)
    assert counted == len(dropped)


def test_themes(outputs: tuple[Report, Path]) -> None:
    report, folder = outputs
    exported = {row["theme_id"]: row for row in rows_of(folder, "themas.csv")}
    section = report.themes
    assert {row.theme_id for row in section.rows} == exported.keys()
    subs = sum(bool(row["parent_id"]) for row in exported.values())
    numbers = [int(found) for found in re.findall(r"\d+", section.heading)]
    assert numbers == ([len(exported) - subs, subs] if subs else [len(exported)])
    page = (folder / "rapport.html").read_text("utf-8")
    assert page.count('<details id="thema-') == section.shown
    hidden = first_number(section.rest) if section.rest else 0
    assert section.shown + hidden == len(exported)
    for row in section.rows:
        line = exported[row.theme_id]
        assert first_number(row.mentions_text) == int(line["mentions"])
        assert row.share == float(line["share"])
        assert row.trend == line["trend"]
        assert row.impact.value == (float(line["impact"]) if line["impact"] else None)
        assert row.owner == line["owner"]


def test_actions(outputs: tuple[Report, Path]) -> None:
    report, folder = outputs
    exported, section = rows_of(folder, "acties.csv"), report.actions
    assert [row.action_id for row in section.rows] == [row["action_id"] for row in exported]
    assert first_number(section.heading) == len(exported)
    open_ = [row for row in exported if row["status"] not in ("uitgevoerd", "gemeten")]
    late = [row for row in open_ if row["due"] < report.as_of.isoformat()]
    done = len(exported) - len(open_)
    assert section.summary == (
        f"{len(open_)} open, {done} uitgevoerd of gemeten, {len(late)} over tijd"
    )
    assert first_number(report.overview.things[2].title) == len(late)
    owners = Counter(row["owner"] for row in open_)
    assert [group.owner for group in section.groups] == sorted(owners)
    for group in section.groups:
        assert first_number(group.summary) == owners[group.owner]
        hidden = first_number(group.rest) if group.rest else 0
        assert len(group.rows) + hidden == owners[group.owner]


def test_tones_score_and_totals(outputs: tuple[Report, Path]) -> None:
    report, folder = outputs
    feedback = pq.read_table(folder / "feedback.parquet")
    theirs = feedback.filter(pc.not_equal(feedback["author_role"], "agent"))
    told = theirs.filter(pc.equal(theirs["non_answer"], False))
    tones = Counter(told["tone"].to_pylist())
    assert {share.tone: share.count for share in report.overview.tones} == {
        tone: tones[tone] for tone in TONES
    }
    answers = [score for score in theirs["score_value"].to_pylist() if score is not None]
    net = sum(score >= 9 for score in answers) - sum(score <= 6 for score in answers)
    assert int(report.overview.figures[0].value) == round(100 * net / len(answers))
    customers = len(set(theirs["customer_id"].to_pylist()) - {None})
    assert report.overview.data_sentence.startswith(
        f"Dit rapport rust op {theirs.num_rows} reacties van {customers} bekende klanten; "
        f"van {told.num_rows} is de toon bepaald."
    )
    counts = dict(report.method.counts)
    assert (
        int(counts["Teksten in de werkruimte, ook van medewerkers en AI-antwoorden"])
        == feedback.num_rows
    )
    assert (
        int(counts["Op toon gelezen, ook antwoorden als ‘geen mening’"])
        == pc.count(feedback["tone"]).as_py()
    )
    segments = pq.read_table(folder / "segmenten.parquet")
    assert int(counts["Zinsdelen"]) == segments.num_rows
    told_rejected = sum(first_number(row.count_text) for row in report.method.rejected)
    assert told_rejected == len(rows_of(folder, "afgekeurd.csv"))


def test_workbook_holds_every_row_of_the_exports(outputs: tuple[Report, Path]) -> None:
    _, folder = outputs
    book = openpyxl.load_workbook(folder / "themas.xlsx")
    for sheet, name, key in (
        ("Toonverschuivingen", "toonverschuivingen.csv", "rank"),
        ("Themas", "themas.csv", "theme_id"),
    ):
        exported = rows_of(folder, name)
        assert book[sheet].max_row == len(exported) + 1
        if key != "theme_id":
            first = [str(row[0].value) for row in book[sheet].iter_rows(min_row=2)]
            assert first == [row[key] for row in exported]
    mentions = [row[2].value for row in book["Themas"].iter_rows(min_row=2)]
    assert sorted(mentions) == sorted(int(row["mentions"]) for row in rows_of(folder, "themas.csv"))
