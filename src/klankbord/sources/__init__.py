"""Sources: from paths to batches of feedback or customers, with every rejected row accounted for.

`gathered` turns folders, patterns and archives into files for a while, `detect` says what a file
is, `read` yields its batches. A reader puts the source's own id as "<source>:<id>" in feedback_id,
or ""; `FeedbackIds` fills the empty ones after the customer ids have been replaced by pseudonyms.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from klankbord.records import Detection
from klankbord.sources.archive import Gathered, gathered
from klankbord.sources.batch import Batch
from klankbord.sources.companions import NONE, Companions
from klankbord.sources.companions import find as find_companions
from klankbord.sources.detect import recognise
from klankbord.sources.identity import FeedbackIds
from klankbord.sources.paths import expand
from klankbord.sources.profile import Profile, load_profile
from klankbord.sources.roles import known_header
from klankbord.sources.saved_profiles import Profiles, find_profile
from klankbord.sources.seen import seen_columns
from klankbord.sources.volume import lines_of, volume_of

__all__ = [
    "Batch",
    "Companions",
    "FeedbackIds",
    "Gathered",
    "Profile",
    "Profiles",
    "detect",
    "expand",
    "find_companions",
    "find_profile",
    "gathered",
    "known_header",
    "lines_of",
    "load_profile",
    "read",
    "seen_columns",
    "volume_of",
]

_TIMEZONE = "Europe/Amsterdam"


def detect(path: Path, profile: Profile | None = None) -> Detection:
    """Say what `path` holds and on what grounds; raises as `read` does."""
    return recognise(path, profile, _TIMEZONE).detection


def read(
    path: Path,
    profile: Profile | None = None,
    *,
    timezone: str = _TIMEZONE,
    companions: Companions = NONE,
    batch_rows: int = 20_000,
) -> Iterator[Batch]:
    """Yield the rows of `path` in batches; times without a zone are in `timezone`.

    `companions` is what the other files of the job tell about this one.

    Raises UnreadableInputError, which names the file and the next thing to try.
    """
    source = recognise(path, profile, timezone, companions)
    yield from source.batches(max(batch_rows, 1))
