"""The beginning of a text file that is to be recognised."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from klankbord.records import Detection
from klankbord.sources.batch import Source
from klankbord.sources.companions import Companions
from klankbord.sources.profile import Profile
from klankbord.sources.text_encoding import TextEncoding, clean


@dataclass(frozen=True)
class Sample:
    """The beginning of a text file, with what is needed to read it all."""

    path: Path
    encoding: TextEncoding
    head: str
    profile: Profile | None
    timezone: str
    companions: Companions

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the beginning, without their ends."""
        return [clean(line) for line in re.split("\r\n|\n|\r", self.head)]

    def detection(self, name: str, confidence: float, reason: str, **details: str) -> Detection:
        """Build a Detection of this file; the profile's name goes before `name`."""
        source = self.profile.name if self.profile else name
        details = {"encoding": self.encoding.name, **details}
        return Detection(self.path, source, confidence, reason, details)


Recogniser = Callable[[Sample], Source | None]
