"""One pure function from a file to a shard: all that is done to feedback before it is stored.

Whatever shapes the result is in the key of the shard, so one that is there whole is not made
again, and two workers who make the same one do no harm.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klankbord import __version__
from klankbord.errors import UnreadableInputError
from klankbord.files import sha256_of
from klankbord.settings import Settings
from klankbord.shards.manifest import Shard, Writer, finish, finished
from klankbord.shards.prepare import Preparing, preparing_with, ready
from klankbord.shards.score import Scoring, scoring_with

if TYPE_CHECKING:
    from klankbord.sources import Companions, Profile

_FORMAT = "1"
_NAME_MODEL = "models/names"
_LIBRARIES = ("numpy", "phonenumbers", "py3langid", "pyarrow", "python-stdnum", "tokenizers")


@dataclass(frozen=True)
class Source:
    """A file to make a shard of, and how it is read."""

    path: Path  # absolute, and the same for every worker
    sha256: str
    profile: Profile | None
    companions: Companions
    batch_rows: int


@dataclass(frozen=True)
class Sharding:
    """Makes shards in `folder`, an absolute path that every worker can write to."""

    preparing: Preparing
    scoring: Scoring
    folder: Path

    def __call__(self, source: Source) -> Shard:
        """Return the shard of a file, made now or before."""
        from klankbord.sources import read

        made_of = self.made_of(source)
        key = key_of(made_of)
        if (done := finished(self.folder, key)) is not None:
            return done
        _require(source.path)
        rows = read(
            source.path,
            source.profile,
            timezone=self.preparing.settings.timezone,
            companions=source.companions,
            batch_rows=source.batch_rows,
        )
        with ExitStack() as stack:
            writer = Writer(stack, self.folder, key)
            for batch in ready(rows, self.preparing):
                writer.add(batch, self.scoring(batch.prepared.feedback))
        return finish(self.folder, key, made_of, writer.parts())

    def made_of(self, source: Source) -> dict[str, str]:
        """Return all that shapes the shard of a file."""
        from klankbord.models import read_card
        from klankbord.resources import bundled

        settings = self.preparing.settings
        return {
            "format": _FORMAT,
            "klankbord": __version__,
            "libraries": " ".join(f"{name} {version(name)}" for name in _LIBRARIES),
            "key": self.preparing.pseudonymiser.check_value,
            "names": read_card(bundled(_NAME_MODEL)).fingerprint,
            "tone": self.scoring.model.fingerprint,
            "languages": " ".join(settings.languages),
            "timezone": settings.timezone,
            "keep": f"personal data {settings.keep_personal_data}, ids {settings.keep_ids}",
            "file": source.path.name,
            "sha256": source.sha256,
            "profile": _digest(repr(source.profile)),
            "companions": _digest(repr(source.companions)),
            "batch_rows": str(source.batch_rows),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without key and model."""
        preparing, scoring = self.preparing, self.scoring
        given = preparing.settings, preparing.pseudonymiser.check_value, scoring.model.fingerprint
        return _sharding, (*given, self.folder)


def key_of(made_of: dict[str, str]) -> str:
    """Return the name of a shard."""
    return _digest(json.dumps(made_of, sort_keys=True))[:32]


def content_digest(path: Path) -> str:
    """Return the SHA-256 digest of a source; UnreadableInputError where this machine has it not."""
    _require(path)
    return sha256_of(path)


def _require(path: Path) -> None:
    if not path.is_file():
        raise UnreadableInputError(
            "a worker cannot find this file",
            where=str(path),
            hint="put the sources in a folder that every worker sees as this machine does, at the"
            " same path",
        )


def _sharding(settings: Settings, check_value: str, fingerprint: str, folder: Path) -> Sharding:
    return Sharding(
        preparing_with(settings, check_value), scoring_with(settings, fingerprint), folder
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
