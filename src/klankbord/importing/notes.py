"""What is told of an import to the person who runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.records import Detection

if TYPE_CHECKING:
    from klankbord.store import Workspace


def unfinished(store: Workspace) -> Iterator[str]:
    """Tell of which files a part is missing: their import is busy, or was interrupted."""
    for begun in store.unfinished_imports():
        yield (
            f"{begun.file}: its import is not finished, {begun.stored} of its rows count so far"
            " (import it again unless that is still busy)"
        )


def left_out(found: Detection) -> Iterator[str]:
    """Tell what of a file is not analysed, or is read in a way that may surprise."""
    hint = "a profile can name another"
    if sheets := found.details.get("sheets_not_read"):
        sheet = found.details["sheet"]
        yield f"{found.path.name}: read sheet '{sheet}' and not: {sheets} ({hint})"
    if "text_in_attributes" in found.details:  # without the names: they may be words of customers
        yield (
            f"{found.path.name}: read one column with text and not every one that holds some"
            f" (klankbord import --preview names the others; {hint})"
        )
    if respondents := found.details.get("respondents"):
        yield f"{found.path.name}: respondents are {respondents}"
    if dates := found.details.get("ambiguous_dates"):
        yield f"{found.path.name}: {dates} (a profile can say day_first = true or false)"


def ignored(path: Path, found: Mapping[str, int]) -> Iterator[str]:
    """Tell what a file holds that is no feedback and so no row."""
    if found:
        told = ", ".join(f"{what} ({number})" for what, number in sorted(found.items()))
        yield f"{path.name}: no feedback, so left out: {told}"


def personal(found: Mapping[str, int]) -> Iterator[str]:
    """Tell what of people was replaced in texts."""
    if found:
        told = ", ".join(f"{kind} {number}" for kind, number in sorted(found.items()))
        yield f"personal data replaced in texts: {told}"
