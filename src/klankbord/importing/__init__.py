"""Reading sources into a workspace: every row accounted for, others let in between batches.

A batch is stored whole or not at all. A file of which the import was interrupted goes on where it
was when it is imported again; until then its rows count in an analysis, and a note says of which
files a part is missing.
"""

from klankbord.importing.job import Digests, Imported, digest_of, import_files, import_sources
from klankbord.importing.preview import Preview, preview
from klankbord.importing.scored import take_scores

__all__ = [
    "Digests",
    "Imported",
    "Preview",
    "digest_of",
    "import_files",
    "import_sources",
    "preview",
    "take_scores",
]
