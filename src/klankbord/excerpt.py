"""Cutting a customer's words to a length that reads well."""

from __future__ import annotations


def shorten(text: str, limit: int) -> str:
    """Return `text` on one line and at most `limit` characters, cut between words.

    A word longer than half of `limit` is cut itself.
    """
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head = cut.rpartition(" ")[0]
    if not line[limit - 1].isspace() and len(head) > limit // 2:
        cut = head
    return cut.rstrip(" ,;:-–(.") + "…"
