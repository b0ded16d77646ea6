"""The pseudonym key on disk: 32 random bytes as base64 text that only its owner can read."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
import stat
from pathlib import Path

from klankbord.errors import KlankbordError

KEY_BYTES = 32
_LARGEST_KEY_FILE = 1024
_BACKUP_HINT = "put back the key file that belongs to the workspace; a backup will do"


def default_key_path() -> Path:
    """Return `pseudonym.key` in the user's configuration folder, made or not."""
    from platformdirs import user_config_path

    return user_config_path("klankbord", appauthor=False) / "pseudonym.key"


def load_or_create_key(path: Path) -> bytes:
    """Return the key in `path`, writing a new random one first where there is no file.

    Raises KlankbordError where the file is damaged, open to others, or cannot be read or made.
    """
    try:
        if not path.exists():
            _create(path)
        _refuse_open_permissions(path)
        with path.open("rb") as file:
            text = file.read(_LARGEST_KEY_FILE + 1)
    except OSError as error:
        raise KlankbordError(
            f"the pseudonym key cannot be read or made: {error.strerror}",
            where=str(path),
            hint="check the folder's permissions or set key_file in klankbord.toml",
        ) from error
    return _decode(text, path)


def _decode(text: bytes, path: Path) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES or len(text) > _LARGEST_KEY_FILE:
        raise KlankbordError(
            f"the pseudonym key is damaged: not {KEY_BYTES} bytes as base64",
            where=str(path),
            hint=_BACKUP_HINT,
        )
    return key


def _refuse_open_permissions(path: Path) -> None:
    if os.name != "posix":
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KlankbordError(
            f"the pseudonym key is open to other users of this machine (mode {mode:04o})",
            where=str(path),
            hint=f"chmod 600 '{path}'",
        )


def _create(path: Path) -> None:
    """Write a fresh key whole or not at all; whoever is first wins, nobody overwrites."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_private(draft, text)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            with contextlib.suppress(FileExistsError):
                _write_private(path, text)
    finally:
        draft.unlink(missing_ok=True)


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
