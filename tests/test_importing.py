import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from klankbord import sources
from klankbord.importing import Imported, import_sources, preview
from klankbord.settings import Settings
from klankbord.store import Stored, Workspace


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(key_file=str(tmp_path / "sleutel"))


def test_what_is_left_out_of_a_file_is_said(tmp_path: Path, settings: Settings) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(tmp_path / "2026.xlsx"))
    for name in ("januari", "februari", "maart"):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["klant", "opmerking", "notitie balie"])
        sheet.write_row(1, 0, ["007", "Snel en goed geholpen", "De wachttijd mag wel korter"])
    book.close()
    done = import_sources([tmp_path / "2026.xlsx"], workspace=tmp_path / "w.db", settings=settings)
    assert [count.stored for count in done.counts] == [1]
    sheets, texts = done.notes
    assert "read sheet 'januari' and not: februari, maart" in sheets
    assert "--preview names the others" in texts
    assert "notitie" not in texts


def test_a_file_that_is_read_whole_needs_no_note(tmp_path: Path, settings: Settings) -> None:
    source = tmp_path / "enquete.csv"
    source.write_text("klant,opmerking\n007,Snel geholpen\n")
    done = import_sources([source], workspace=tmp_path / "w.db", settings=settings)
    assert done.notes == ()
    assert [count.rows_in for count in done.counts] == [1]


def reviews(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(("review_id,klant,datum,sterren,review", *rows)) + "\n")
    return path


MARCH = (
    "r1,007,01-03-2026,1,De monteur kwam niet opdagen",
    "r2,008,02-03-2026,5,Snel en goed geholpen",
    "r3,009,03-03-2026,9,Deze score bestaat niet",
)
APRIL = (
    "r1,007,01-04-2026,4,De monteur kwam na een belletje alsnog",
    "r2,008,02-03-2026,5,Snel en goed geholpen",
    "r4,010,05-04-2026,3,Prima maar wel wat duur",
)


def test_next_months_export_updates_instead_of_doubling(tmp_path: Path, settings: Settings) -> None:
    march, april = reviews(tmp_path / "maart.csv", *MARCH), reviews(tmp_path / "april.csv", *APRIL)
    done = import_sources([march], workspace=tmp_path / "w.db", settings=settings)
    assert counted(done) == [(3, 2, 0, 0, 1)]
    done = import_sources([april], workspace=tmp_path / "w.db", settings=settings)
    assert counted(done) == [(3, 2, 1, 1, 0)]
    done = import_sources([march, april], workspace=tmp_path / "w.db", settings=settings)
    assert counted(done) == [(3, 0, 0, 2, 1), (3, 0, 0, 3, 0)]
    with Workspace.open(tmp_path / "w.db") as workspace:
        rows = {row["feedback_id"][-2:]: row for row in workspace.feedback().to_pylist()}
        assert rows.keys() == {"r1", "r2", "r4"}
        assert rows["r1"]["verbatim"].endswith("alsnog")
        (version,) = workspace.versions(rows["r1"]["feedback_id"])
        assert (version.verbatim, version.score_value) == ("De monteur kwam niet opdagen", 1)
        assert version.superseded_at is not None
        assert [record.count.updated for record in workspace.imports()] == [0, 1]


def test_the_order_of_the_exports_does_not_matter(tmp_path: Path, settings: Settings) -> None:
    found = []
    for order in ("maart april", "april maart"):
        paths = [
            reviews(tmp_path / f"{name}.csv", *(MARCH if name == "maart" else APRIL))
            for name in order.split()
        ]
        import_sources(paths, workspace=tmp_path / f"{order}.db", settings=settings)
        with Workspace.open(tmp_path / f"{order}.db") as workspace:
            found.append(workspace.feedback())
    assert found[0].equals(found[1])


def counted(done: Imported) -> list[tuple[int, ...]]:
    for count in done.counts:
        assert count.rows_in == count.stored + count.duplicates + count.rejected
    return [
        (count.rows_in, count.stored, count.updated, count.duplicates, count.rejected)
        for count in done.counts
    ]


def test_many_batches_count_as_one_file(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 7)
    rows = [f"r{number % 90},{number % 90:03},01-03-2026,4,Tekst {number % 90}"
            for number in range(100)]  # fmt: skip
    path = reviews(tmp_path / "a.csv", *rows)
    done = import_sources([path], workspace=tmp_path / "w.db", settings=settings)
    assert counted(done) == [(100, 90, 0, 10, 0)]


def interrupt(
    monkeypatch: pytest.MonkeyPatch, place: int, paths: list[Path], **options: Any
) -> None:
    """Import, interrupted in the middle of storing batch `place`."""
    store, calls = Workspace.add_feedback, itertools.count()

    def fail_there(self: Workspace, table: pa.Table, **given: Any) -> Stored:
        became = store(self, table, **given)
        if next(calls) == place:
            raise KeyboardInterrupt
        return became

    with monkeypatch.context() as patch:
        patch.setattr(Workspace, "add_feedback", fail_there)
        with pytest.raises(KeyboardInterrupt):
            import_sources(paths, **options)


LONG = "Le technicien est venu trop tard et personne ne nous a prévenus de ce retard"
MANY = tuple(
    f"r{number % 17},{number % 13:03},{1 + number % 9:02}-03-2026,{1 + number % 6},"
    f"{LONG if number > 9 else 'Prima'} {number % 5}"
    for number in range(40)
)


def everything(path: Path) -> tuple[Any, ...]:
    with Workspace.open(path) as workspace:
        ids = workspace.feedback()["feedback_id"].to_pylist()
        versions = {
            own: [(kept.verbatim, kept.score_value) for kept in workspace.versions(own)]
            for own in ids
        }
        counts = [replace(record.count) for record in workspace.imports()]
        return workspace.feedback().to_pylist(), versions, counts, workspace.unfinished_imports()


@pytest.mark.parametrize("places", [(0,), (3,), (9,), (1, 2, 5)])
def test_an_interrupted_import_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, places: tuple[int, ...]
) -> None:
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 4)
    march, many = reviews(tmp_path / "maart.csv", *MARCH), reviews(tmp_path / "veel.csv", *MANY)
    undisturbed = import_sources([march, many], workspace=tmp_path / "een.db", settings=settings)
    for place in places:
        interrupt(
            monkeypatch, place, [march, many], workspace=tmp_path / "twee.db", settings=settings
        )
    done = import_sources([march, many], workspace=tmp_path / "twee.db", settings=settings)
    assert counted(done)[1] == counted(undisturbed)[1]
    assert everything(tmp_path / "twee.db") == everything(tmp_path / "een.db")
    again = import_sources([many], workspace=tmp_path / "twee.db", settings=settings)
    assert [count.stored for count in again.counts] == [0]


def test_a_batch_is_stored_whole_or_not_at_all(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 4)
    many = reviews(tmp_path / "veel.csv", *MANY)
    interrupt(monkeypatch, 2, [many], workspace=tmp_path / "w.db", settings=settings)
    with Workspace.open(tmp_path / "w.db") as workspace:
        (begun,) = workspace.unfinished_imports()
        assert workspace.imports() == ()
        assert workspace.feedback().num_rows == begun.stored == 8
    assert begun.file == "veel.csv"


def test_of_a_file_that_is_there_in_part_a_note_says_so(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 4)
    march, many = reviews(tmp_path / "maart.csv", *MARCH), reviews(tmp_path / "veel.csv", *MANY)
    interrupt(monkeypatch, 2, [many], workspace=tmp_path / "w.db", settings=settings)
    told = "veel.csv: its import is not finished"
    done = import_sources([march], workspace=tmp_path / "w.db", settings=settings)
    assert any(note.startswith(told) for note in done.notes)
    reviews(many, *MANY[:30])  # a new export under the same name makes up for it
    done = import_sources([many], workspace=tmp_path / "w.db", settings=settings)
    assert not any(note.startswith(told) for note in done.notes)


def test_rows_that_are_read_another_way_are_stored_anew(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 4)
    many = reviews(tmp_path / "veel.csv", *MANY)
    interrupt(monkeypatch, 2, [many], workspace=tmp_path / "w.db", settings=settings)
    profile = tmp_path / "anders.toml"
    profile.write_text('[constants]\nsegment = "zzp"\n')
    done = import_sources([many], workspace=tmp_path / "w.db", settings=settings, profile=profile)
    counted(done)
    assert any("read it in another way" in note for note in done.notes)
    with Workspace.open(tmp_path / "w.db") as workspace:
        rows = workspace.feedback().to_pylist()
    assert sum(row["segment"] == "zzp" for row in rows) == done.counts[0].stored == 40


def test_what_is_no_feedback_is_counted_in_a_note(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = reviews(tmp_path / "tickets.csv", *MARCH)
    read = sources.read

    def with_notes(*arguments: Any, **options: Any) -> Iterator[sources.Batch]:
        for batch in read(*arguments, **options):
            yield replace(batch, ignored={"system notices": 1, "internal notes": 4})

    monkeypatch.setattr(sources, "read", with_notes)
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 1)
    done = import_sources([path], workspace=tmp_path / "w.db", settings=settings)
    told = "tickets.csv: no feedback, so left out: internal notes (12), system notices (3)"
    assert told in done.notes


def test_a_short_answer_is_in_the_language_of_its_source(
    tmp_path: Path, settings: Settings
) -> None:
    long = "Le technicien est venu trop tard et personne ne nous a prévenus de ce retard"
    before = reviews(tmp_path / "a.csv", *(f"a{n},00{n},01-03-2026,2,{long} {n}" for n in range(3)))
    after = reviews(tmp_path / "b.csv", "b1,001,01-04-2026,5,Parfait")
    for path in (before, after):
        import_sources([path], workspace=tmp_path / "w.db", settings=settings)
    with Workspace.open(tmp_path / "w.db") as workspace:
        assert workspace.feedback()["language"].to_pylist() == ["fr"] * 4


def test_an_archive_is_imported_and_what_is_no_export_is_noted(
    tmp_path: Path, settings: Settings
) -> None:
    import zipfile

    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("maart/reviews.csv", "review_id,klant,review\nr1,007,Goed\nr2,008,\n")
        archive.writestr("maart/foto.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    workspace = tmp_path / "w.db"
    done = import_sources([path], workspace=workspace, settings=settings)
    assert [(count.file, count.stored, count.rejected) for count in done.counts] == [
        ("reviews.csv", 1, 1)
    ]
    assert [row.file for row in done.rejected] == ["reviews.csv"]
    assert any(note.startswith("foto.png: this is an image") for note in done.notes)
    again = import_sources([path], workspace=workspace, settings=settings)
    assert [(count.stored, count.duplicates) for count in again.counts] == [(0, 1)]
    (shown,) = preview([path], settings=settings)
    assert shown.detection.path.name == "reviews.csv"


def test_two_people_who_import_the_same_file_store_it_once(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 4)
    many = reviews(tmp_path / "veel.csv", *MANY)
    import_sources([many], workspace=tmp_path / "een.db", settings=settings)
    with ThreadPoolExecutor(2) as people:
        done = list(
            people.map(
                lambda _: import_sources([many], workspace=tmp_path / "twee.db", settings=settings),
                range(2),
            )
        )
    for each in done:
        counted(each)
    assert everything(tmp_path / "twee.db") == everything(tmp_path / "een.db")
