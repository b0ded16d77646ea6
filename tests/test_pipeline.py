"""The whole job: the same whoever does the work, continued where it stopped, and not done twice."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from klankbord import pipeline, tone
from klankbord.engines import LocalEngine
from klankbord.importing import import_sources
from klankbord.pipeline import analyse
from klankbord.schema import TONE_LABELS
from klankbord.settings import Settings
from klankbord.store import Workspace

ANSWERS = Path(__file__).parent.parent / "corpora" / "questions" / "answers.tsv"
BATCHES = 9
HEADER = ("klantnummer", "datum", "nps", "opmerking")


@pytest.fixture(scope="module")
def texts():
    with ANSWERS.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file, delimiter="\t")]


def export(path, texts):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for row, text in enumerate(texts):
            at = f"2026-0{1 + row % 6}-{1 + row % 28:02d} 10:{row % 60:02d}:00"
            writer.writerow((f"K{row % 9}", at, row % 11, text))
    return path


@pytest.fixture
def settings(tmp_path):
    return Settings(tier="fast", key_file=str(tmp_path / "key"))


@pytest.fixture
def job(tmp_path, texts, settings):
    source = export(tmp_path / "enquete.csv", texts[:60])
    return {"sources": [source], "workspace": tmp_path / "k.db", "settings": settings}


def outputs(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"}


def last_modified(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


class StoppedError(Exception):
    """Stands for whatever ends a run."""


class StoppingEngine(LocalEngine):
    """Does the work on some shards, and then no more."""

    def __init__(self, shards):
        super().__init__(workers=1)
        self.shards = shards

    def map(self, task, shards):
        for result in super().map(task, shards):
            if not self.shards:
                raise StoppedError
            self.shards -= 1
            yield result


def test_several_processes_give_what_one_gives(job, tmp_path, monkeypatch):
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 7)
    monkeypatch.setattr(pipeline, "SHARD_ROWS", 9)
    one = analyse(**job, out=tmp_path / "een")
    several = analyse(
        **job | {"workspace": tmp_path / "k2.db"}, out=tmp_path / "twee", engine=LocalEngine(2)
    )
    assert one.totals == several.totals
    assert one.notes == several.notes
    assert outputs(tmp_path / "een") == outputs(tmp_path / "twee")


class NotingEngine(LocalEngine):
    """Remembers what it did."""

    def __init__(self):
        super().__init__(workers=1)
        self.tasks = set()

    def map(self, task, shards):
        self.tasks.add(type(task).__name__)
        return super().map(task, shards)


def test_beside_many_rows_nothing_is_done_by_other_processes(job, tmp_path, monkeypatch):
    engine = NotingEngine()
    analyse(**job, out=tmp_path / "een", engine=engine)
    assert {"Scoring", "Believing"} <= engine.tasks
    monkeypatch.setattr(pipeline, "BESIDE", 59)
    engine = NotingEngine()
    analyse(**job | {"workspace": tmp_path / "k2.db"}, out=tmp_path / "twee", engine=engine)
    assert "Scoring" in engine.tasks
    assert "Believing" not in engine.tasks
    assert outputs(tmp_path / "een") == outputs(tmp_path / "twee")


@pytest.mark.parametrize("shards", [0, 4, 9, 10, 13])
def test_a_run_that_was_stopped_goes_on_where_it_was(job, tmp_path, monkeypatch, shards):
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 7)  # nine of them
    monkeypatch.setattr(pipeline, "SHARD_ROWS", 9)
    scored = []

    def counted(feedback, *arguments):
        scored.append(feedback.num_rows)
        return score(feedback, *arguments)

    score = tone.score
    monkeypatch.setattr(tone, "score", counted)
    whole = analyse(**job | {"workspace": tmp_path / "k2.db"}, out=tmp_path / "heel")
    rows = sum(scored)
    with pytest.raises(StoppedError):
        analyse(**job, out=tmp_path / "uit", engine=StoppingEngine(shards))
    summary = analyse(**job, out=tmp_path / "uit")
    assert outputs(tmp_path / "uit") == outputs(tmp_path / "heel")
    if shards < BATCHES:  # else the file was read whole before
        assert summary.totals == whole.totals
    scored_twice = shards >= BATCHES  # the shard at which it stopped
    assert sum(scored) - 2 * rows == scored_twice * scored[shards - BATCHES]


def test_nothing_is_done_again_where_nothing_changed(job, tmp_path):
    out = tmp_path / "uit"
    first = analyse(**job, out=out)
    written = last_modified(out)
    second = analyse(**job, out=out)
    assert last_modified(out) == written
    assert second.totals.duplicates == first.totals.rows_in
    assert second.totals.stored == 0
    assert (second.shifts, second.themes, second.actions) == (
        first.shifts,
        first.themes,
        first.actions,
    )
    assert "up to date" in second.notes[0]
    with Workspace.open(job["workspace"]) as workspace:
        assert len(workspace.runs()) == 1


def add_label(job, out):
    with Workspace.open(job["workspace"]) as workspace:
        one = workspace.feedback()["feedback_id"][0].as_py()
        row = {"feedback_id": one, "tone": "boos", "labelled_by": "", "labelled_at": NOW}
        workspace.save_tone_labels(TONE_LABELS.empty_table().from_pylist([row], TONE_LABELS))


def edit_an_output(job, out):
    (out / "acties.csv").write_text("x", "utf-8")


def lose_an_output(job, out):
    (out / "feedback.parquet").unlink()


def lose_the_account(job, out):
    (out / "run.json").unlink()


def import_more(job, out):
    more = export(out.parent / "meer.csv", ["Nog iets: de lift deed het niet."])
    import_sources([more], workspace=job["workspace"], settings=job["settings"])


NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "change", [add_label, edit_an_output, lose_an_output, lose_the_account, import_more]
)
def test_all_is_worked_out_again_after_a_change(job, tmp_path, change):
    out = tmp_path / "uit"
    analyse(**job, out=out)
    change(job, out)
    assert not any("up to date" in note for note in analyse(**job, out=out).notes)


@pytest.mark.parametrize(
    "asked",
    [
        {"as_of": datetime(2026, 5, 1, tzinfo=UTC)},
        {"notice": "Let op"},
        {"fdr": 0.2},
        {"company": "Vlierdraad"},
    ],
)
def test_another_question_gets_its_own_answer(job, tmp_path, asked):
    out = tmp_path / "uit"
    analyse(**job, out=out)
    names = vars(job["settings"])
    settings = Settings(**{**names, **{key: asked[key] for key in asked if key in names}})
    rest = {key: value for key, value in asked.items() if key not in names}
    again = analyse(**job | {"settings": settings}, **rest, out=out)
    assert not any("up to date" in note for note in again.notes)
    same = analyse(**job | {"settings": settings}, **rest, out=out)
    assert any("up to date" in note for note in same.notes)


def test_what_a_later_date_brings_is_looked_at_again(job, tmp_path, texts):
    future = tmp_path / "later.csv"
    soon = datetime.now(UTC) + timedelta(days=20)
    future.write_text(f"klantnummer;datum;nps;opmerking\nK1;{soon:%Y-%m-%d};3;Niets.\n", "utf-8")
    job["sources"].append(future)
    analyse(**job, out=tmp_path / "uit")
    assert not any("up to date" in note for note in analyse(**job, out=tmp_path / "uit").notes)
