"""How much a file holds, whatever it is packed in."""

from __future__ import annotations

import zipfile
from pathlib import Path

_PARQUET, _PARQUET_PACKED = b"PAR1", 6  # columns of texts, compressed


def volume_of(path: Path) -> int:
    """Return about how many bytes the content of a file has when it is unpacked."""
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(len(_PARQUET))
    if begin == _PARQUET:
        return _PARQUET_PACKED * size
    try:
        with zipfile.ZipFile(path) as archive:
            return max(size, sum(part.file_size for part in archive.infolist()))
    except (zipfile.BadZipFile, OSError, ValueError):
        return size
