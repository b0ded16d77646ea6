"""All files of a job: recognised before any is stored, then read one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from klankbord.files import sha256_of
from klankbord.importing import file, notes
from klankbord.location import Location
from klankbord.records import Detection, Progress, RejectedRow, SourceCount, silent
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.engines import Engine
    from klankbord.privacy import Pseudonymiser
    from klankbord.shards import Ready, Shard, Sharding
    from klankbord.sources import Companions, Gathered, Profile, Profiles
    from klankbord.store import BegunImport, Workspace

ON_DISK = 6  # bytes of a workspace, and of its log meanwhile, for each byte of what is imported


@dataclass(frozen=True)
class Imported:
    """What became of the rows of each file, and what of a file was not read at all."""

    counts: tuple[SourceCount, ...]
    rejected: tuple[RejectedRow, ...]
    notes: tuple[str, ...]  # for the person who runs it
    shards: tuple[Shard, ...] = ()  # which hold the scores of these rows too


def import_sources(
    sources: Sequence[Path],
    *,
    workspace: Location | Path | str,
    settings: Settings,
    profile: Path | None = None,
    engine: Engine | None = None,
    progress: Progress = silent,
) -> Imported:
    """Read `sources` into `workspace` and return what became of their rows, per file.

    `engine` prepares the rows; without one this process does.
    """
    from klankbord.engines import LocalEngine
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Profiles, gathered
    from klankbord.store import Workspace

    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    location = Location.of(workspace)
    location.make_folder()
    with Workspace.open(location) as store, gathered(sources) as files:
        return import_files(
            store,
            files,
            pseudonymiser,
            settings=settings,
            profiles=Profiles.of(profile, location),
            engine=engine or LocalEngine(workers=1),
            progress=progress,
            on_disk={location.folder: ON_DISK} if location.is_file else {},
        )


class Digests:
    """The digests of what files hold, each taken once; `take` does that, here by default."""

    def __init__(self, take: Callable[[Sequence[Path]], Iterable[str]] | None = None) -> None:
        self._take = take or partial(map, sha256_of)
        self._known: dict[Path, str] = {}

    def of(self, paths: Sequence[Path]) -> list[str]:
        """Return the digest of each file."""
        new = [path for path in paths if path not in self._known]
        self._known.update(zip(new, self._take(new), strict=True))
        return [self._known[path] for path in paths]


def digest_of(files: Sequence[Path], profiles: Profiles, digests: Digests) -> str:
    """Return a digest of what files hold and of how they are read."""
    digest = sha256()
    for path, own in zip(files, digests.of(files), strict=True):
        digest.update(f"{path.name} {own} {profiles.of_file(path)!r}\n".encode())
    return digest.hexdigest()


def import_files(
    store: Workspace,
    files: Gathered,
    pseudonymiser: Pseudonymiser,
    *,
    settings: Settings,
    profiles: Profiles,
    engine: Engine,
    progress: Progress,
    on_disk: Mapping[Path, float] | None = None,
    sharding: Sharding | None = None,
    digests: Digests | None = None,
) -> Imported:
    """Recognise every file before storing any.

    Files in a folder or archive that hold no feedback are left out with a note. `on_disk` says for
    folders how many bytes there each byte of a new file takes; raises KlankbordError, before
    anything is stored, where a disk has too little room. With `sharding` the engine makes a shard
    of every file, read and scored, and this process stores what is in it. `digests` are those that
    are known already.
    """
    from klankbord.language import Identifier
    from klankbord.shards import Preparing
    from klankbord.sources import detect, find_companions, lines_of

    store.check_key(pseudonymiser)

    def recognised(path: Path) -> tuple[Detection, Profile | None]:
        known = profiles.of_file(path)
        return detect(path, known), known

    found = files.each(recognised)
    said = [*files.notes, *(note for _, (told, _) in found for note in notes.left_out(told))]
    read_by = {path: known for path, (_, known) in found}
    if store.kept_copy is not None:
        said.append(f"the workspace was brought up to date; kept: {store.kept_copy.name}")
    companions = find_companions(read_by, profiles.given)
    begun = _begun(store, list(read_by), on_disk or {}, digests or Digests())
    languages = next((each.languages for each in begun.values()), {})
    identifier = Identifier(settings.languages, languages)
    reader = file.FileReader(store, pseudonymiser, identifier)
    if sharding is not None:
        held = _sharded(store, read_by, begun, companions, sharding, engine, progress)
        return _read_each(reader, held, begun, said, silent)
    preparing = Preparing(settings, pseudonymiser)
    held = (
        _Held(path, file.batches_of(path, known, companions, preparing, engine))
        for path, known in read_by.items()
    )
    return _read_each(reader, held, begun, said, progress, sum(map(lines_of, read_by)))


class _Held(NamedTuple):
    """What a file holds, and the shard it was read into where it was."""

    path: Path
    batches: Iterable[Ready]
    shard: Shard | None = None


def _sharded(
    store: Workspace,
    read_by: Mapping[Path, Profile | None],
    begun: Mapping[Path, BegunImport],
    companions: Companions,
    sharding: Sharding,
    engine: Engine,
    progress: Progress,
) -> Iterator[_Held]:
    """Yield what each file holds once the engine made a shard of it."""
    from klankbord.shards import Source, key_of, paths_of

    sources = [
        Source(path.absolute(), begun[path].sha256, known, companions, file.BATCH_ROWS)
        for path, known in read_by.items()
    ]
    keys = (key_of(sharding.made_of(source)) for source in sources)
    places = [path for key in keys for path in paths_of(sharding.folder, key)]
    store.remember_files(places, at=datetime.now(UTC))  # before they are there
    made = engine.map(sharding, sources)
    for done, (path, shard) in enumerate(zip(read_by, made, strict=True)):
        progress("files read", done, len(sources))
        yield _Held(path, shard.ready(), shard)
    progress("files read", len(sources), len(sources))


def _read_each(
    reader: file.FileReader,
    held: Iterable[_Held],
    begun: Mapping[Path, BegunImport],
    said: list[str],
    progress: Progress,
    expected: int = 0,
) -> Imported:
    counts: list[SourceCount] = []
    rejected: list[RejectedRow] = []
    personal: Counter[str] = Counter()
    shards: list[Shard] = []
    done = 0

    def told(rows: int) -> None:
        progress("rows read", done + rows, max(expected, done + rows))

    for path, batches, shard in held:
        told(0)
        read = reader.read(path, batches, begun[path], told)
        reader.store.finish_import(read.count, sha256=begun[path].sha256, at=datetime.now(UTC))
        done += read.count.rows_in
        counts.append(read.count)
        rejected.extend(read.rejected)
        said.extend(notes.ignored(path, read.ignored))
        personal.update(read.personal)
        if read.barred:
            said.append(f"{path.name}: {read.barred} rows of forgotten customers were left out")
        if read.read_otherwise:
            said.append(
                f"{path.name}: an import of it was interrupted and read it in another way;"
                " the rows stored then are still there"
            )
        if shard is not None:
            shard.remove_drafts()
            if read.barred:  # forgotten is forgotten: what is left of it is scored again
                shard.remove()
            else:
                shards.append(shard)
    progress("rows read", done, done)
    said.extend(notes.personal(personal))
    said.extend(notes.unfinished(reader.store))
    return Imported(tuple(counts), tuple(rejected), tuple(said), tuple(shards))


def _begun(
    store: Workspace, paths: Sequence[Path], on_disk: Mapping[Path, float], digests: Digests
) -> dict[Path, BegunImport]:
    """Return the import of each file as it began, now or before it was interrupted."""
    from klankbord.room import require_each
    from klankbord.sources import volume_of
    from klankbord.store import BegunImport

    now, languages = datetime.now(UTC), store.main_languages()
    new = {
        path: BegunImport(digest, path.name, now, languages)
        for path, digest in zip(paths, digests.of(paths), strict=True)
    }
    fresh = sum(volume_of(path) for path in new if not store.was_imported(new[path].sha256))
    require_each({folder: factor * fresh for folder, factor in on_disk.items()}, "these files")
    return dict(zip(new, store.begin_imports(tuple(new.values())), strict=True))
