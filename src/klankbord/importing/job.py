"""All files of a job: recognised before any is stored, then read one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.files import sha256_of
from klankbord.importing import notes
from klankbord.importing.file import FileReader
from klankbord.location import Location
from klankbord.records import Detection, Progress, RejectedRow, SourceCount, silent
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.engines import Engine
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Profile, Profiles
    from klankbord.store import BegunImport, Workspace

ON_DISK = 6  # bytes of a workspace, and of its log meanwhile, for each byte of what is imported


@dataclass(frozen=True)
class Imported:
    """What became of the rows of each file, and what of a file was not read at all."""

    counts: tuple[SourceCount, ...]
    rejected: tuple[RejectedRow, ...]
    notes: tuple[str, ...]  # for the person who runs it


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
    from klankbord.sources import Profiles
    from klankbord.store import Workspace

    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    location = Location.of(workspace)
    location.make_folder()
    with Workspace.open(location) as store:
        return import_files(
            store,
            sources,
            pseudonymiser,
            settings=settings,
            profiles=Profiles.of(profile, location),
            engine=engine or LocalEngine(workers=1),
            progress=progress,
            on_disk={location.folder: ON_DISK} if location.is_file else {},
        )


def digest_of(sources: Sequence[Path], profiles: Profiles) -> str:
    """Return a digest of what the files of `sources` hold and of how they are read."""
    from klankbord.sources import gathered

    digest = sha256()
    with gathered(sources) as files:
        for path in files.files:
            digest.update(f"{path.name} {sha256_of(path)} {profiles.of_file(path)!r}\n".encode())
    return digest.hexdigest()


def import_files(
    store: Workspace,
    sources: Sequence[Path],
    pseudonymiser: Pseudonymiser,
    *,
    settings: Settings,
    profiles: Profiles,
    engine: Engine,
    progress: Progress,
    on_disk: Mapping[Path, float] | None = None,
) -> Imported:
    """Recognise every file before storing any.

    Files in a folder or archive that hold no feedback are left out with a note. `on_disk` says for
    folders how many bytes there each byte of a new file takes; raises KlankbordError, before
    anything is stored, where a disk has too little room.
    """
    from klankbord.language import Identifier
    from klankbord.sources import detect, find_companions, gathered

    store.check_key(pseudonymiser)
    with gathered(sources) as files:

        def recognised(path: Path) -> tuple[Detection, Profile | None]:
            known = profiles.of_file(path)
            return detect(path, known), known

        found = files.each(recognised)
        said = [*files.notes, *(note for _, (told, _) in found for note in notes.left_out(told))]
        read_by = {path: known for path, (_, known) in found}
        if store.kept_copy is not None:
            said.append(f"the workspace was brought up to date; kept: {store.kept_copy.name}")
        companions = find_companions(read_by, profiles.given)
        begun = _begun(store, read_by, on_disk or {})
        languages = next((each.languages for each in begun.values()), {})
        identifier = Identifier(settings.languages, languages)
        reader = FileReader(store, companions, pseudonymiser, identifier, settings, engine)
        return _read_each(reader, read_by, begun, said, progress)


def _read_each(
    reader: FileReader,
    read_by: Mapping[Path, Profile | None],
    begun: Mapping[Path, BegunImport],
    said: list[str],
    progress: Progress,
) -> Imported:
    from klankbord.sources import lines_of

    counts: list[SourceCount] = []
    rejected: list[RejectedRow] = []
    personal: Counter[str] = Counter()
    expected, done = sum(map(lines_of, read_by)), 0

    def told(rows: int) -> None:
        progress("rows read", done + rows, max(expected, done + rows))

    for path, known in read_by.items():
        told(0)
        read = reader.read(path, known, begun[path], told)
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
    progress("rows read", done, done)
    said.extend(notes.personal(personal))
    said.extend(notes.unfinished(reader.store))
    return Imported(tuple(counts), tuple(rejected), tuple(said))


def _begun(
    store: Workspace, paths: Iterable[Path], on_disk: Mapping[Path, float]
) -> dict[Path, BegunImport]:
    """Return the import of each file as it began, now or before it was interrupted."""
    from klankbord.room import require_each
    from klankbord.sources import volume_of
    from klankbord.store import BegunImport

    now, languages = datetime.now(UTC), store.main_languages()
    new = {path: BegunImport(sha256_of(path), path.name, now, languages) for path in paths}
    fresh = sum(volume_of(path) for path in new if not store.was_imported(new[path].sha256))
    require_each({folder: factor * fresh for folder, factor in on_disk.items()}, "these files")
    return dict(zip(new, store.begin_imports(tuple(new.values())), strict=True))
