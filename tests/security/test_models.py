"""Models that were altered or could run code are refused before they are loaded."""

import json
import pickle
import shutil
from pathlib import Path

import pytest

from klankbord.errors import ModelError
from klankbord.models import (
    installed_models,
    load_encoder,
    load_tone_model,
    person_names,
    read_card,
)
from klankbord.models.located import check_harmless
from klankbord.models.syntax import load_dutch
from klankbord.resources import bundled

NAMES = tuple(card.folder.name for card in installed_models())


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> object:
        return Path.touch, (self.mark,)


def load(name: str, folder: Path) -> object:
    if name == "encoder-static":
        return load_encoder(str(folder))
    if name == "spacy-nl":
        return load_dutch(folder)
    if name == "names":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(person_names, "bundled", lambda _name: folder)
            return person_names.load_name_tagger()
    return load_tone_model(folder)


def files() -> list[tuple[str, str]]:
    return [
        (name, file) for name in NAMES for file, _ in read_card(bundled(f"models/{name}")).sha256
    ]


@pytest.mark.parametrize(("name", "file"), files())
def test_one_altered_byte_in_any_file_is_refused(name: str, file: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(bundled(f"models/{name}"), folder)
    altered = folder / file
    content = bytearray(altered.read_bytes())
    content[len(content) // 2] ^= 1
    altered.write_bytes(content)
    with pytest.raises(ModelError, match="damaged or was changed") as caught:
        load(name, folder)
    assert "reinstall" in caught.value.hint


def test_an_unaltered_copy_is_loaded(tmp_path: Path) -> None:
    for name in ("encoder-static", "tone-accurate"):
        shutil.copytree(bundled(f"models/{name}"), tmp_path / name)
        assert load(name, tmp_path / name)


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder in the layout of transformers, with pickled weights that run when loaded."""
    folder = tmp_path / "vreemd"
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"model_type": "bert", "architectures": ["BertForSequenceClassification"]})
    )
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "gedraaid")))
    return folder


def test_pickled_weights_are_never_loaded(trained: Path, tmp_path: Path) -> None:
    pickle.loads((trained / "pytorch_model.bin").read_bytes())
    assert (tmp_path / "gedraaid").exists()  # it would run
    (tmp_path / "gedraaid").unlink()
    with pytest.raises(ModelError, match="pickled"):
        load_encoder(str(trained))
    with pytest.raises(ModelError):
        load_tone_model(trained)
    assert not (tmp_path / "gedraaid").exists()


def test_a_class_from_elsewhere_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text(json.dumps([{"type": "subprocess.Popen", "path": ""}]))
    with pytest.raises(ModelError, match="code of its own"):
        load_encoder(str(tmp_path))
    (tmp_path / "modules.json").write_text("{]")
    with pytest.raises(ModelError, match="not valid"):
        check_harmless(tmp_path)
