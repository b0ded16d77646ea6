"""Where on this machine a model of somebody else is."""

from __future__ import annotations

import json
from pathlib import Path

from klankbord.errors import ModelError


def located(name: str) -> Path:
    """Return the folder of a model: `name` itself, or that of a Hugging Face id in the local cache.

    Nothing is downloaded. Raises ModelError where there is neither.
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, local_files_only=True))
    except Exception as error:
        raise ModelError(
            "model folder does not exist, and no downloaded model has this name",
            where=name,
            hint="download the model first and give the folder it is in",
        ) from error


def check_harmless(folder: Path) -> None:
    """Raise ModelError for a folder whose weights or classes could run code when loaded."""
    for pickled in folder.rglob("pytorch_model*.bin"):
        if not any(pickled.parent.glob("*.safetensors")):
            raise ModelError(
                "its weights are pickled, which can run any code; they are not loaded",
                where=str(pickled.parent),
                hint="save the model again as safetensors",
            )
    listed = folder / "modules.json"
    try:
        modules = json.loads(listed.read_text("utf-8")) if listed.is_file() else []
        kinds = [str(module["type"]) for module in modules]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError("modules.json is not valid", where=str(folder)) from error
    if any(not kind.startswith("sentence_transformers.") for kind in kinds):
        raise ModelError("the model brings code of its own; it is not run", where=str(folder))
