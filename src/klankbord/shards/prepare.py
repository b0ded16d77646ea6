"""From what a source told to what may be stored: pseudonyms, placeholders, the language."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from klankbord.errors import WorkspaceError
from klankbord.records import Mapped, RejectedRow, in_turn
from klankbord.settings import Settings
from klankbord.shards.loaded import Loaded

if TYPE_CHECKING:
    from klankbord.language import Readings
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Batch


class Raw(NamedTuple):
    """Rows as a source told them."""

    feedback: pa.Table  # FEEDBACK
    customers: pa.Table  # CUSTOMERS


class Prepared(NamedTuple):
    """The same rows without people in them."""

    feedback: pa.Table  # pseudonyms for ids, placeholders in texts; feedback ids may be ""
    customers: pa.Table
    personal: Mapping[str, int]  # what was replaced in texts, by kind
    readings: Readings  # what the words of each text say of its language
    identities: pa.Table  # IDENTITIES: the sealed originals of the ids


class Ready(NamedTuple):
    """A batch of a file, ready to be stored."""

    prepared: Prepared  # with an id on every row
    source: str
    rows_in: int
    rejected: tuple[RejectedRow, ...]
    ignored: Mapping[str, int]  # what is no row, such as "internal notes"


@dataclass(frozen=True)
class Preparing:
    """Prepares shards with the key of `pseudonymiser`.

    The key itself never travels: another process loads its own, and it must be the same.
    """

    settings: Settings
    pseudonymiser: Pseudonymiser

    def __call__(self, raw: Raw) -> Prepared:
        """Return `raw` without people in it."""
        from klankbord.language import readings
        from klankbord.privacy import without_personal_data

        originals = pa.concat_tables([self.pseudonymiser.identities(table) for table in raw])
        feedback = self.pseudonymiser.feedback(raw.feedback)
        customers = self.pseudonymiser.customers(raw.customers)
        personal: Counter[str] = Counter()
        if not self.settings.keep_personal_data:
            feedback, found = without_personal_data(feedback, self.pseudonymiser.code)
            customers, more = without_personal_data(customers, self.pseudonymiser.code)
            personal.update(found)
            personal.update(more)
        read = readings(feedback, self.settings.languages)
        return Prepared(feedback, customers, personal, read, originals)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without the key."""
        return preparing_with, (self.settings, self.pseudonymiser.check_value)


def ready(
    batches: Iterable[Batch], preparing: Preparing, mapped: Mapped = in_turn
) -> Iterator[Ready]:
    """Yield the batches of one file prepared, in their order; `mapped` may be that of an engine."""
    from klankbord.sources import FeedbackIds

    ids = FeedbackIds()
    waiting: deque[Batch] = deque()

    def raw() -> Iterator[Raw]:
        for batch in batches:
            waiting.append(batch)
            yield Raw(batch.feedback, batch.customers)

    for prepared in mapped(preparing, raw()):
        batch = waiting.popleft()
        rejected = batch.rejected
        if not preparing.settings.keep_ids:
            rejected = tuple(replace(row, raw="") for row in rejected)
        yield Ready(
            prepared._replace(feedback=ids.assign(prepared.feedback)),
            batch.detection.source,
            batch.rows_in,
            rejected,
            batch.ignored,
        )


_loaded: Loaded[Preparing] = Loaded()


def preparing_with(settings: Settings, check_value: str) -> Preparing:
    """Return what prepares in this process; raises WorkspaceError where it has another key."""
    from klankbord.privacy import Pseudonymiser, default_key_path

    def load() -> Preparing:
        path = Path(settings.key_file) if settings.key_file else default_key_path()
        # none is made where there is none: it would be another one
        own = Pseudonymiser.from_key_file(path) if path.exists() else None
        if own is None or own.check_value != check_value:
            raise WorkspaceError(
                "a worker has another pseudonym key, or none",
                hint="set key_file in klankbord.toml to a file that every worker can read",
            )
        return Preparing(settings, own)

    return _loaded.get((settings, check_value), load)
