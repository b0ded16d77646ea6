import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from klankbord.engines import LocalEngine
from klankbord.errors import ModelError, UnreadableInputError, WorkspaceError
from klankbord.models import load_tone_model
from klankbord.pipeline import Summary, analyse
from klankbord.privacy import Pseudonymiser
from klankbord.settings import Settings
from klankbord.shards import Preparing, Scoring, Sharding, Source, content_digest
from klankbord.shards.manifest import finished
from klankbord.shards.prepare import preparing_with
from klankbord.shards.score import scoring_with
from klankbord.sources import Companions
from klankbord.store import Workspace
from shard_exports import exports
from shard_runs import assert_same, outputs, stored

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def sources(place: Path) -> list[Path]:
    return exports(place / "bron")


@pytest.fixture(scope="module")
def sharding(place: Path, settings: Settings) -> Sharding:
    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file)
    model = load_tone_model(tier="fast")
    return Sharding(Preparing(settings, pseudonymiser), Scoring(settings, model), place / "los")


def run(place: Path, name: str, sources: list[Path], settings: Settings, **more: Any) -> Summary:
    return analyse(
        sources, place / name, workspace=place / f"{name}.db", settings=settings,
        shards=place / "delen", **more,
    )  # fmt: skip


def source_of(path: Path, batch_rows: int = 5_000) -> Source:
    return Source(path, content_digest(path), None, Companions(), batch_rows)


def test_a_run_over_shards_gives_what_a_plain_one_gives(
    place: Path, sources: list[Path], settings: Settings, plain: dict[str, Any]
) -> None:
    assert any(plain["versions"]), "no piece has an earlier version: the exports test nothing"
    assert len(plain["themes"]) > 1
    run(place, "een", sources, settings)
    assert_same(stored(place / "een.db", settings), plain)
    assert outputs(place / "een") == outputs(place / "uit")


def test_several_processes_and_many_batches_a_file_give_the_same(
    place: Path, sources: list[Path], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klankbord.importing.file.BATCH_ROWS", 7)
    analyse(sources, place / "zeven", workspace=place / "zeven.db", settings=settings)
    run(place, "meer", sources, settings, engine=LocalEngine(workers=2))
    assert_same(stored(place / "meer.db", settings), stored(place / "zeven.db", settings))
    assert outputs(place / "meer") == outputs(place / "zeven")


def test_a_shard_that_is_there_whole_is_not_made_again(
    sharding: Sharding, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sharding(source_of(sources[1]))
    assert sum(part.rows_in for part in made.parts) == 40
    assert finished(made.folder, made.key) == made
    monkeypatch.setattr("klankbord.sources.read", None)  # so that making it would fail
    assert sharding(source_of(sources[1])) == made


@pytest.mark.parametrize("spoil", ["cut", "altered", "missing", "no manifest", "half a manifest"])
def test_a_half_written_shard_is_not_believed(
    spoil: str, sharding: Sharding, sources: list[Path]
) -> None:
    made = sharding(source_of(sources[2], batch_rows=10))
    table = made.folder / f"{made.key}.scores.parquet"
    manifest = made.folder / f"{made.key}.json"
    content, told = table.read_bytes(), manifest.read_text("utf-8")
    if spoil == "cut":
        table.write_bytes(content[:-100])
    elif spoil == "altered":
        table.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    elif spoil == "missing":
        table.unlink()
    elif spoil == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text(told[: len(told) // 2], "utf-8")
    assert finished(made.folder, made.key) is None
    assert sharding(source_of(sources[2], batch_rows=10)) == made
    assert table.read_bytes() == content


def test_whatever_shapes_a_shard_is_in_its_key(sharding: Sharding, sources: list[Path]) -> None:
    source = source_of(sources[1])
    own = sharding.made_of(source)
    assert sharding.made_of(source) == own

    def with_settings(**changes: Any) -> Sharding:
        settings = replace(sharding.preparing.settings, **changes)
        return replace(sharding, preparing=replace(sharding.preparing, settings=settings))

    others = [
        sharding.made_of(replace(source, sha256="0" * 64)),
        sharding.made_of(replace(source, batch_rows=7)),
        sharding.made_of(replace(source, path=source.path.with_name("anders.csv"))),
        with_settings(languages=("nl",)).made_of(source),
        with_settings(timezone="UTC").made_of(source),
        with_settings(keep_personal_data=True).made_of(source),
        with_settings(keep_ids=True).made_of(source),
    ]
    assert own not in others
    assert with_settings(fdr=0.2, company="X").made_of(source) == own  # these shape other things


def test_a_killed_worker_leaves_nothing_that_is_believed(
    sharding: Sharding, sources: list[Path]
) -> None:
    source = source_of(sources[3])
    made = sharding(source)
    for path in made.folder.glob(f"{made.key}.*"):
        path.unlink()
    draft = made.folder / f".{made.key}.scores.parquet.abc.part"
    draft.write_bytes(b"PAR1")
    assert sharding(source) == made
    made.remove_drafts()
    assert not draft.exists()
    assert finished(made.folder, made.key) == made


def test_a_run_that_was_stopped_goes_on(
    place: Path, sources: list[Path], settings: Settings, plain: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    class Stopping(LocalEngine):
        """Does the work on some shards, and then no more."""

        def map(self, task: Any, shards: Any) -> Any:
            for number, result in enumerate(super().map(task, shards)):
                if isinstance(task, Sharding) and number == 3:
                    raise KeyboardInterrupt
                yield result

    with pytest.raises(KeyboardInterrupt):
        analyse(
            sources, place / "half", workspace=place / "half.db", settings=settings,
            shards=place / "half-delen", engine=Stopping(workers=1),
        )  # fmt: skip
    manifests = set((place / "half-delen").glob("*.json"))
    assert len(manifests) == 4
    before = {path: path.stat().st_mtime_ns for path in manifests}
    analyse(
        sources, place / "half", workspace=place / "half.db", settings=settings,
        shards=place / "half-delen",
    )  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in manifests} == before
    assert len(list((place / "half-delen").glob("*.json"))) == len(sources)
    assert_same(stored(place / "half.db", settings), plain)
    assert outputs(place / "half") == outputs(place / "uit")


def test_nobody_who_was_forgotten_stays_in_the_shards(
    place: Path, sources: list[Path], settings: Settings
) -> None:
    from klankbord.cli import run as command

    folder = place / "vergeten"
    job = {"workspace": place / "v.db", "settings": settings, "shards": folder / "delen"}
    analyse(sources, folder, **job)
    pseudonym = Pseudonymiser.from_key_file(settings.key_file).pseudonym("customer_id", "7003")
    assert pseudonym in told_by(folder / "delen")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KLANKBORD_KEY_FILE", settings.key_file)
        assert command(["forget", "7003", "--yes", "--workspace", str(place / "v.db")]) == 0
    assert pseudonym not in told_by(folder / "delen")
    analyse(sources, folder, **job)  # an old export that still has them
    assert pseudonym not in told_by(folder / "delen")
    with Workspace.open(place / "v.db") as store:
        assert pseudonym not in store.feedback()["customer_id"].to_pylist()
        fingerprint = load_tone_model(tier="fast").fingerprint
        assert store.unscored(fingerprint) == []


def told_by(folder: Path) -> str:
    """Return all values in the tables of a folder, and the text of its manifests."""
    import pyarrow.parquet as pq

    tables = [str(pq.read_table(path).to_pylist()) for path in sorted(folder.glob("*.parquet"))]
    return "".join(tables) + "".join(path.read_text("utf-8") for path in folder.glob("*.json"))


def test_what_travels_holds_no_key_and_another_key_or_model_is_refused(
    sharding: Sharding, settings: Settings, tmp_path: Path
) -> None:
    build, given = sharding.__reduce__()
    key = Path(settings.key_file).read_text("utf-8").strip()
    assert key not in repr(given)
    rebuilt = build(*given)
    assert rebuilt.folder == sharding.folder
    check = sharding.preparing.pseudonymiser.check_value
    elsewhere = replace(settings, key_file=str(tmp_path / "geen"))
    with pytest.raises(WorkspaceError, match="another pseudonym key, or none") as caught:
        preparing_with(elsewhere, check)
    assert "key_file" in caught.value.hint
    assert not (tmp_path / "geen").exists()  # no other key was made
    Pseudonymiser.from_key_file(tmp_path / "geen")
    with pytest.raises(WorkspaceError, match="another pseudonym key"):
        preparing_with(elsewhere, check)
    with pytest.raises(ModelError, match="another tone model"):
        scoring_with(settings, "anders")


def test_a_file_that_workers_cannot_see_is_told(sharding: Sharding, tmp_path: Path) -> None:
    source = Source(tmp_path / "weg.csv", "0" * 64, None, Companions(), 5_000)
    with pytest.raises(UnreadableInputError, match="cannot find this file") as caught:
        sharding(source)
    assert "every worker" in caught.value.hint
    with pytest.raises(UnreadableInputError):
        content_digest(tmp_path / "weg.csv")


def test_an_archive_is_refused_before_anything_is_stored(
    place: Path, sources: list[Path], settings: Settings
) -> None:
    import zipfile

    with zipfile.ZipFile(place / "bron.zip", "w") as archive:
        archive.write(sources[0], "a.csv")
    with pytest.raises(UnreadableInputError, match="cannot read what is in an archive"):
        run(place, "zip", [place / "bron.zip"], settings)
    with Workspace.open(place / "zip.db") as store:
        assert store.feedback().num_rows == 0
        assert store.unfinished_imports() == ()


def test_a_manifest_says_what_was_made_of_what(sharding: Sharding, sources: list[Path]) -> None:
    made = sharding(source_of(sources[4]))
    told = json.loads((made.folder / f"{made.key}.json").read_text("utf-8"))
    assert told["made_of"]["sha256"] == content_digest(sources[4])
    assert told["made_of"]["tone"] == sharding.scoring.model.fingerprint
    assert told["made_of"]["key"] == sharding.preparing.pseudonymiser.check_value
    assert (told["rows_in"], told["rejected"]) == (40, 2)
    assert told["parts"][0]["personal"]["telefoon"] > 0
    assert set(told["files"]) == {
        "feedback", "customers", "identities", "rejected", "scores", "segments"
    }  # fmt: skip
    assert all(path.stat().st_mode & 0o077 == 0 for path in made.folder.iterdir())


def test_libraries_that_shape_a_shard_are_installed_with_klankbord() -> None:
    from klankbord import pipeline
    from klankbord.shards import sharding as module

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {re.split("[><=]", each)[0] for each in project["dependencies"]}
    assert needed >= {*module._LIBRARIES, *pipeline.LIBRARIES}
