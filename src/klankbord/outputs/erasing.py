"""Erasing somebody, or feedback past its term, wherever the workspace knows that it is.

Files and backups come first and the workspace last: whoever is interrupted finds the customer
still there, and does it again. Pages of the latest run are written anew without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from klankbord.errors import KlankbordError
from klankbord.files import remove_leftovers
from klankbord.location import Location
from klankbord.outputs.erased_files import SUFFIXES, Fate, clean
from klankbord.outputs.receipt import BY_HAND, FORGOTTEN, PURGED, Receipt
from klankbord.outputs.rewriting import restamp, rewrite
from klankbord.privacy import Pseudonymiser
from klankbord.settings import Settings
from klankbord.store import Leftovers, Subject, Workspace
from klankbord.store.backup import manifest_of, sign

_SQLITE = b"SQLite format 3\x00"
FindSubject = Callable[[Workspace], Subject]


@dataclass(frozen=True)
class Erasure:
    """What is to be erased, and with which key and settings that is done."""

    find: FindSubject
    pseudonymiser: Pseudonymiser
    settings: Settings
    at: datetime
    folders: tuple[Path, ...] = ()  # with outputs that the workspace may not know
    names: tuple[str, ...] = ()  # of the customer, such as the original id
    customer_id: str = ""  # pseudonym of the one who is barred
    before: datetime | None = None

    def left(self, store: Workspace, subject: Subject) -> Leftovers:
        """Return what would tell of the subject in a text."""
        given = [one for one in (*self.names, self.customer_id) if one]
        return store.traces_of(subject, self.pseudonymiser, given)

    @property
    def hash(self) -> str:
        """The keyed hash of the customer who is barred, "" for nobody."""
        return self.pseudonymiser.bar_hash(self.customer_id) if self.customer_id else ""


def forgetting(
    given: str,
    pseudonymiser: Pseudonymiser,
    settings: Settings,
    *,
    at: datetime,
    folders: Iterable[Path] = (),
    known_as: Iterable[str] = (),
) -> Erasure:
    """Return how to forget a customer, given by original id or by pseudonym.

    `known_as` is what notes of people may call them by.
    """
    named = given.strip()
    is_name = pseudonymiser.is_pseudonym("customer_id", named.upper())
    customer_id = named.upper() if is_name else pseudonymiser.pseudonym("customer_id", named) or ""
    return Erasure(
        find=lambda store: store.held_of(customer_id),
        pseudonymiser=pseudonymiser,
        settings=settings,
        at=at,
        folders=tuple(folders),
        names=(*known_as, *(() if is_name else (named,))),
        customer_id=customer_id,
    )


def purging(
    before: datetime,
    pseudonymiser: Pseudonymiser,
    settings: Settings,
    *,
    at: datetime,
    folders: Iterable[Path] = (),
) -> Erasure:
    """Return how to remove feedback received before a moment."""
    return Erasure(
        find=lambda store: store.held_before(before),
        pseudonymiser=pseudonymiser,
        settings=settings,
        at=at,
        folders=tuple(folders),
        before=before,
    )


def rehearsed(store: Workspace, erasure: Erasure) -> Receipt:
    """Return the receipt that erasing would give; nothing changes."""
    subject = erasure.find(store)
    left = erasure.left(store, subject)
    receipt = _receipt(store, erasure, subject, left)
    receipt.rows = store.would_erase(subject, left, before=erasure.before)
    receipt.files = _named(_files(store, erasure, left, rehearse=True), left)
    receipt.backups = _named(
        ((path, "opgeschoond" if path.exists() else Fate.MISSING) for path in store.backups()), left
    )
    return receipt


def erase(store: Workspace, erasure: Erasure) -> Receipt:
    """Erase it everywhere; return the receipt, which is kept in the workspace too.

    Raises WorkspaceError where the bytes could not be cleaned up: doing it again helps.
    """
    subject = erasure.find(store)
    left = erasure.left(store, subject)
    files = dict(_files(store, erasure, left))
    backups = {path: _in_backup(path, erasure) for path in store.backups()}
    with store.transaction():
        now = erasure.find(store)
        if now != subject:  # somebody stored something meanwhile
            subject, left = now, erasure.left(store, now)
            files |= dict(_files(store, erasure, left))
        receipt = _receipt(store, erasure, subject, left)
        receipt.rows = _erase_rows(store, erasure, subject, left)
        receipt.backups = _named(backups.items(), left)
        receipt.files = _named(files.items(), left)
        store.keep_receipt(receipt.values(), at=erasure.at)
        store.forget_files(path for path, became in files.items() if became is Fate.REMOVED)
    for folder in sorted({path.parent for path in files}):
        restamp(folder, files)
        for path in rewrite(store, folder, files, erasure.settings, erasure.pseudonymiser):
            receipt.files |= _named([(path, Fate.REWRITTEN)], left)
    store.clean_up()
    return receipt


def _erase_rows(
    store: Workspace, erasure: Erasure, subject: Subject, left: Leftovers
) -> dict[str, int]:
    rows = store.erase(subject, left, before=erasure.before)
    if erasure.hash:
        hashes = [erasure.pseudonymiser.bar_hash(own) for own in subject.feedback]
        store.bar(erasure.hash, hashes, at=erasure.at)
    return rows


def _receipt(store: Workspace, erasure: Erasure, subject: Subject, left: Leftovers) -> Receipt:
    labelled = store.first_labelled(subject)
    return Receipt(
        kind=PURGED if erasure.before else FORGOTTEN,
        at=erasure.at,
        models=tuple(
            left.redacted(str(folder))
            for folder, trained_at in store.trained_models().items()
            if labelled is not None and trained_at >= labelled
        ),
        barred=erasure.hash,
        before=erasure.before,
        customers=len(subject.customers),
    )


def _files(
    store: Workspace, erasure: Erasure, left: Leftovers, *, rehearse: bool = False
) -> Iterator[tuple[Path, Fate]]:
    """Clean the files that the workspace wrote, and those in the folders that were named."""
    known = [path.resolve() for path in store.written_files()]
    for folder in {path.parent for path in known} | set(erasure.folders):
        if not rehearse and folder.is_dir():
            remove_leftovers(folder)
    more = (
        path.resolve()
        for folder in erasure.folders
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix.lower() in SUFFIXES
    )
    for path in dict.fromkeys([*known, *more]):
        yield path, clean(path, left, rehearse=rehearse)


def _in_backup(path: Path, erasure: Erasure) -> str:
    """Erase in a copy of the workspace; one of another kind is for a person to delete."""
    if not path.is_file():
        return Fate.MISSING
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return BY_HAND
    try:
        with Workspace.open(Location.of(path)) as copy:
            with copy.transaction():
                subject = erasure.find(copy)
                rows = _erase_rows(copy, erasure, subject, erasure.left(copy, subject))
                copy.keep_receipt({"rijen verwijderd of aangepast": rows}, at=erasure.at)
            copy.clean_up(one_file=True)
        if manifest_of(path).exists():
            sign(path, at=erasure.at)
    except KlankbordError:
        return BY_HAND
    return "opgeschoond"


def _named(found: Iterable[tuple[Path, str]], left: Leftovers) -> dict[str, str]:
    """Name files without what may tell of the erased."""
    return {left.redacted(str(path)): str(became) for path, became in found}
