"""Where on this machine a model of somebody else is."""

from __future__ import annotations

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
