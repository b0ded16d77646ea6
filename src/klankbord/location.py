"""Where a workspace is: a file, or a database on a server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# A host and a port at most, apart from who signs in; what is not certainly a name is not shown.
_DATABASE = re.compile(r"(?:[^@/?#]*@)?[^@:/?#]*(?::\d+)?/([\w-]+)(?:\?.*)?")


@dataclass(frozen=True)
class Location:
    """The address of a workspace; written out it shows no host, no user and no password."""

    address: str = field(repr=False)  # may hold a password
    scheme: str = ""  # of a server, "" for a file

    @classmethod
    def of(cls, given: Location | Path | str) -> Location:
        """Take an address apart; a Path is always that of a file."""
        if isinstance(given, Location):
            return given
        scheme = None if isinstance(given, Path) else _SCHEME.match(given)
        return cls(str(given), scheme[1].lower() if scheme else "")

    @property
    def is_file(self) -> bool:
        """Whether the workspace is a file, there already or not."""
        return not self.scheme

    @property
    def folder(self) -> Path:
        """The folder of what goes with the workspace: its own or, on a server, the working one."""
        return Path(self.address).absolute().parent if self.is_file else Path.cwd()

    def exists(self) -> bool:
        """Tell whether there is something to open; a server tells only when it is opened."""
        return Path(self.address).is_file() if self.is_file else True

    def make_folder(self) -> None:
        """Make the folder that the file of a new workspace is put in."""
        if self.is_file:
            self.folder.mkdir(parents=True, exist_ok=True)

    def __str__(self) -> str:
        if self.is_file:
            return self.address
        database = _DATABASE.fullmatch(self.address[len(self.scheme) + 3 :])
        return f"{self.scheme}://…/{database[1] if database else '…'}"
