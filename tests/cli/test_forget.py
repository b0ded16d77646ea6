"""After forgetting, no byte anywhere tells of the customer, and the others are as they were."""

import io
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pyarrow.compute as pc
import pytest

from klankbord.cli import run
from klankbord.files import sha256_of
from klankbord.location import Location
from klankbord.privacy import Pseudonymiser
from klankbord.schema import Tone
from klankbord.store import Workspace
from klankbord.store.restoring import restore_backup
from planted_customer import CANARIES, NAME, OWN_ID, found_in, write_export
from together import at_once

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def call(*arguments: object) -> None:
    assert run([str(one) for one in arguments]) == 0


class House:
    """A workspace in which people worked, with all that was written from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "werk" / "klankbord.db"
        self.key = Pseudonymiser.from_key_file(folder / "sleutels" / "pseudonym.key")
        self.customer = self.key.pseudonym("customer_id", OWN_ID)

    def fill(self, sources: Path) -> None:
        """Analyse twice, once with original ids, and work with what was found."""
        first = write_export(sources / "voorjaar.csv", since=date(2026, 1, 5))
        second = write_export(sources / "zomer.csv", since=date(2026, 5, 4))
        self.run("analyse", first, "--out", self.folder / "oud", "--keep-ids", "-q")
        self.run("report", "--role", "support", "--out", self.folder / "oud", "-q")
        self.run("analyse", second, "--out", self.folder / "uit", "-q")
        self.run("report", "--role", "support", "--out", self.folder / "uit", "-q")
        self.run("report", "--role", "huddle", "--out", self.folder / "uit", "-q")
        for name in ("acties.json", "acties.ics", "acties-lang.csv", "acties-lang.xlsx"):
            self.run("actions", "export", self.folder / "exports" / name, "--all", "-q")
        self.run("label", "--out", self.folder / "exports" / "etiketten.xlsx", "-q")
        with Workspace.open(self.path) as store:
            self.work(store)
        copies = self.folder / "kopie" / "klankbord.db"
        with Workspace.open(self.path) as store:
            store.back_up(copies, at=NOW)

    def work(self, store: Workspace) -> None:
        """Judge, correct, note and plan, with the customer's name in every text."""
        (shift, *_) = [one for one in store.shifts() if one.customer_id == self.customer]
        store.judge_shift(shift, real=True, at=NOW, by="Ans", note=f"{NAME} gebeld")
        store.assign_shift(shift.shift_id, "Bram", at=NOW, by="Ans", note=f"voor {NAME}")
        own = store.feedback().filter(pc.equal(store.feedback()["customer_id"], self.customer))
        store.correct_tone(own["feedback_id"][0].as_py(), Tone.BOOS, at=NOW, by="Ans")
        store.remember_model(self.folder / "model", at=datetime.now(UTC))
        theirs = [one for one in store.actions() if one.customer_id == self.customer]
        assert theirs
        for one in theirs:
            store.update_action(
                one.action_id, at=NOW, by="Ans", why=f"{NAME} wil dat zo", owner="Finance",
                version=one.version,
            )  # fmt: skip
        other = next(one for one in store.actions() if one.customer_id not in (None, self.customer))
        store.update_action(
            other.action_id, at=NOW, by="Ans", why=f"net als {NAME} ({OWN_ID})", owner="Finance",
            version=other.version,
        )  # fmt: skip
        store.reveal([self.customer], self.key, at=NOW, by="Ans", why=f"{OWN_ID} belt")

    def run(self, *arguments: object) -> None:
        call(*arguments, "-w", self.path)

    def others(self, path: Path | None = None) -> dict[str, list[dict]]:
        """Return every row of the others in the tables that hold customers' data."""
        with Workspace.open(path or self.path) as store:
            feedback = store.feedback()
            rest = pc.fill_null(pc.not_equal(feedback["customer_id"], self.customer), True)
            ids = feedback.filter(rest)["feedback_id"]
            return {
                "feedback": feedback.filter(rest).to_pylist(),
                **{
                    name: table.filter(pc.is_in(table["feedback_id"], ids)).to_pylist()
                    for name, table in (
                        ("scores", store.scores()),
                        ("segments", store.segments()),
                        ("labels", store.tone_labels(history=True)),
                    )
                },
                "shifts": [s for s in store.shifts() if s.customer_id != self.customer],
                "actions": [
                    a for a in store.actions() if a.customer_id not in (None, self.customer)
                ],
            }


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a house, filled once; absolute paths in it are of this folder."""
    return tmp_path_factory.mktemp("huis")


@pytest.fixture(scope="module")
def house(template: Path) -> House:
    patch = pytest.MonkeyPatch()
    patch.setitem(os.environ, "KLANKBORD_TIER", "fast")
    patch.setitem(os.environ, "KLANKBORD_KEY_FILE", str(template / "sleutels" / "pseudonym.key"))
    patch.chdir(template)
    sources = template.parent / f"{template.name}-bronnen"
    sources.mkdir()
    house = House(template)
    house.fill(sources)
    yield house
    patch.undo()


def test_no_byte_is_left_and_the_others_are_as_they_were(
    house: House, capsys: pytest.CaptureFixture[str]
):
    held = found_in(house.folder)
    assert {name.split("/")[0] for name, _ in held} == {"exports", "kopie", "oud", "uit", "werk"}
    kinds = {Path(name).suffix for name, _ in held}
    assert kinds == {".csv", ".db", ".html", ".json", ".parquet", ".xlsx"}
    before = house.others()
    copied = shutil.copytree(house.folder / "uit", house.folder / "gekopieerd")
    held = found_in(house.folder)
    edited = edit_first_row(house.folder / "uit" / "acties.xlsx", house.customer)
    capsys.readouterr()

    house.run("forget", OWN_ID, "--known-as", NAME, "--dry-run")
    shown = capsys.readouterr()
    assert "feedback\t12" in shown.out
    assert house.others() == before
    assert found_in(house.folder) == held

    told = ("--yes", "--receipt", house.folder / "bewijs", "--also", copied)
    house.run("forget", OWN_ID, "--known-as", NAME, *told)
    shown = capsys.readouterr()
    assert found_in(house.folder) == []
    assert found_in(house.folder, (house.customer,)) == []
    assert not [one for one in (*CANARIES, house.customer) if one in shown.out + shown.err]
    assert house.others() == before
    assert house.others(house.folder / "kopie" / "klankbord.db") == before

    receipt = json.loads((house.folder / "bewijs").read_text("utf-8"))
    files = {Path(name).name: became for name, became in receipt["bestanden"].items()}
    assert receipt["rijen verwijderd of aangepast"]["feedback"] == 12
    assert receipt["modellen die van labels leerden"] == [str(house.folder / "model")]
    assert receipt["geweigerd bij import onder"] == house.key.bar_hash(house.customer)
    assert files["acties.ics"] == "verwijderd"
    there = {path.relative_to(house.folder).as_posix() for path in house.folder.rglob("*.*")}
    assert there >= {"uit/rapport.html", "uit/rapport-support.html", "uit/huddle.html"}
    assert there >= {"oud/themas.xlsx", "oud/acties.xlsx", "exports/etiketten.xlsx"}
    assert not there & {"oud/rapport.html", "oud/rapport-support.html", "exports/acties.ics"}
    assert "uit/acties-bewerkt-1.xlsx" in there  # what somebody typed in for another customer
    assert edited in sheet_texts(house.folder / "uit" / "acties-bewerkt-1.xlsx")
    outputs = json.loads((house.folder / "uit" / "run.json").read_text("utf-8"))["outputs"]
    assert outputs.items() >= {
        (name, sha256_of(house.folder / "uit" / name)) for name in ("rapport.html", "acties.csv")
    }
    with Workspace.open(house.path) as store:
        known = store.written_files()
    assert {path for path in known if not path.exists()} == set()
    house.run("flags", "-q")
    house.run("actions", "-q")
    house.run("metrics", "-q")


def edit_first_row(path: Path, customer: str) -> str:
    """Type a note in the sheet for another customer than this one; return it."""
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    names = [cell.value for cell in page[1]]
    at, note = names.index("Klant"), names.index("Afdeling")
    row = next(row for row in page.iter_rows(min_row=2) if row[at].value not in (None, customer))
    row[note].value = "Juridische zaken"
    book.save(path)
    return "Juridische zaken"


def sheet_texts(path: Path) -> set[str]:
    book = openpyxl.load_workbook(path)
    return {str(cell) for page in book for row in page.iter_rows(values_only=True) for cell in row}


def test_an_old_export_does_not_bring_the_customer_back(small: House, capsys):
    """Until that is allowed again."""
    small.run("forget", small.customer, "--yes", "-q")
    capsys.readouterr()
    small.run("import", small.folder / "a.csv")
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1].split("\t")[2:] == ["42", "0", "0", "36", "6"]
    assert "6 rows of forgotten customers were left out" in shown.err
    assert not [one for one in (*CANARIES, small.customer) if one in shown.out + shown.err]
    assert found_in(small.path.parent) == []
    small.run("forget", OWN_ID, "--allow-again", "-q")
    small.run("import", small.folder / "a.csv", "-q")
    with Workspace.open(small.path) as store:
        assert small.customer in store.feedback()["customer_id"].to_pylist()
        assert store.original_ids([small.customer], small.key) == {small.customer: OWN_ID}
    assert run(["forget", OWN_ID, "--allow-again", "-w", str(small.path)]) == 1


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A workspace into which one file was imported."""
    monkeypatch.setitem(
        os.environ, "KLANKBORD_KEY_FILE", str(tmp_path / "sleutels" / "pseudonym.key")
    )
    house = House(tmp_path)
    house.run("import", write_export(tmp_path / "a.csv", since=date(2026, 1, 5), customers=6), "-q")
    return house


def test_nobody_is_forgotten_without_a_yes(small, capsys, monkeypatch):
    for answer, code in (("", 1), ("\n", 0), ("no\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        assert run(["forget", OWN_ID, "-w", str(small.path)]) == code
    assert "--yes" in capsys.readouterr().err
    with Workspace.open(small.path) as store:
        assert store.feedback().num_rows == 42
    monkeypatch.setattr("sys.stdin", io.StringIO("ja\n"))
    small.run("forget", OWN_ID)
    with Workspace.open(small.path) as store:
        assert store.feedback().num_rows == 36


def test_who_is_not_known_is_not_forgotten(small, capsys):
    for given in ("NL-000000", "K-0000000000"):
        assert run(["forget", given, "--yes", "-w", str(small.path)]) == 1
        assert "nothing is held" in capsys.readouterr().err
    small.run("forget", OWN_ID, "--yes", "-q")
    small.run("forget", OWN_ID, "--yes", "-q")  # again, for what was copied back


def test_a_backup_that_is_none_is_left_to_a_person(small, capsys):
    with Workspace.open(small.path) as store:
        (small.folder / "dump.sql").write_text(OWN_ID)
        store.remember_backup(small.folder / "dump.sql", at=NOW)
        store.remember_backup(small.folder / "weg.db", at=NOW)
    small.run("forget", OWN_ID, "--yes", "--receipt", small.folder / "bewijs")
    assert "verwijder met de hand" in capsys.readouterr().err
    told = json.loads((small.folder / "bewijs").read_text("utf-8"))["reservekopieën"]
    assert told == {
        str(small.folder / "dump.sql"): "met de hand te verwijderen",
        str(small.folder / "weg.db"): "niet gevonden",
    }


def test_a_cleaned_backup_can_be_put_back(small):
    copy = small.folder / "kopie" / "w.db"
    small.run("backup", "--to", copy, "-q")
    small.run("forget", OWN_ID, "--yes", "-q")
    assert found_in(copy.parent) == []
    assert [path.name for path in sorted(copy.parent.iterdir())] == ["w.db", "w.db.json"]
    restore_backup(copy, Location.of(small.folder / "terug" / "w.db"))
    with Workspace.open(small.folder / "terug" / "w.db") as store:
        assert store.feedback().num_rows == 36
        assert small.key.bar_hash(small.customer) in store.barred()


def test_an_analysis_that_began_before_keeps_nothing(small, monkeypatch):
    from klankbord import pipeline

    find = pipeline.find

    def meanwhile(*arguments, **options):
        found = find(*arguments, **options)
        small.run("forget", OWN_ID, "--yes", "-q")
        return found

    monkeypatch.setattr(pipeline, "find", meanwhile)
    monkeypatch.setitem(os.environ, "KLANKBORD_TIER", "fast")
    arguments = ["analyse", str(small.folder / "a.csv"), "-o", str(small.folder / "uit"), "-q"]
    assert run([*arguments, "-w", str(small.path)]) == 1
    assert found_in(small.folder / "uit") == found_in(small.path.parent) == []
    with Workspace.open(small.path) as store:
        assert store.shifts() == store.actions() == ()


def test_forgetting_waits_for_its_turn(small):
    with Workspace.open(small.path) as store, ThreadPoolExecutor(1) as other:
        with store.transaction():
            asked = ["forget", OWN_ID, "--yes", "-q", "-w", str(small.path)]
            done = other.submit(run, asked)
            with pytest.raises(TimeoutError):
                done.result(1.5)
        assert done.result(30) == 0
        assert store.feedback().num_rows == 36


def test_two_who_forget_at_once(small):
    codes = at_once(2, lambda _: run(["forget", OWN_ID, "--yes", "-q", "-w", str(small.path)]))
    assert codes == [0, 0]
    assert found_in(small.path.parent) == []
