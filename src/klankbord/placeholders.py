"""What stands in a text where personal data stood: `‹naam-7KQ2›`, a kind and a keyed code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

CODE_CHARACTERS = 4
PLACEHOLDER = re.compile(rf"‹[a-z]{{3,15}}-[0-9A-Z]{{{CODE_CHARACTERS}}}›")


def placeholder(kind: str, code: str) -> str:
    """Return what stands for personal data of `kind` with the keyed `code` of what it was."""
    return f"‹{kind}-{code}›"


def blanked(text: str) -> str:
    """Return `text` with spaces for its placeholders: as long as it was, so that offsets hold."""
    if "‹" not in text:
        return text
    return PLACEHOLDER.sub(lambda found: " " * len(found[0]), text)


def blanked_column(texts: pa.Array) -> pa.Array:
    """Return a column of texts, each `blanked`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(texts, "‹")).as_py():
        return texts
    return pa.array([text and blanked(text) for text in texts.to_pylist()], texts.type)
