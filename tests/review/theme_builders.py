"""Themes as a run leaves them, and the feedback that mentions them."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from klankbord.records import KnownTheme, Theme
from klankbord.schema import FEEDBACK, SEGMENTS, Tone, conform
from klankbord.store import Workspace

DAY = date(2026, 3, 12)
HEAD, COURIER, PARCEL, GONE, LOST = (
    "levertijd", "levertijd-bezorger", "levertijd-pakket", "levertijd-weg", "los-fiets",
)  # fmt: skip
WEEKS = tuple((DAY - timedelta(days=3, weeks=at), at % 5, 40) for at in reversed(range(12)))


def counted(theme_id: str, label: str, parent: str | None = HEAD, **more: Any) -> Theme:
    fields = {
        "theme_id": theme_id, "parent_id": parent, "label": label, "keywords": ("laat", "bezorger"),
        "mentions": 12, "share": 0.3, "trend": "stijgend", "trend_p": 0.01, "weekly": WEEKS,
        "value_eur": None, "owner": "Distributie", "quotes": (), "evidence": (),
    }  # fmt: skip
    return Theme(**(fields | more))


def known(theme_id: str, label: str, parent: str | None = HEAD, **more: Any) -> KnownTheme:
    fields = {
        "theme_id": theme_id, "parent_id": parent, "label": label, "keywords": ("laat",),
        "encoder": "e1", "centre": (1.0, 0.0), "terms": (("laat", 1.0),),
        "found_at": date(2026, 1, 5), "seen_at": DAY,
    }  # fmt: skip
    return KnownTheme(**(fields | more))


def fill(store: Workspace) -> None:
    """Two themes under a head, one nobody mentions any more, and one of its own that is new."""
    store.save_themes([
        counted(HEAD, "Te late levering", None, mentions=30),
        counted(COURIER, "bezorger, laat"),
        counted(PARCEL, "pakket, laat", mentions=10, trend="stabiel"),
        counted(LOST, "fiets", None, mentions=8, owner="Operations"),
    ])  # fmt: skip
    store.save_known_themes([
        known(COURIER, "bezorger, laat"), known(PARCEL, "pakket, laat", centre=(0.8, 0.6)),
        known(GONE, "weg, laat", centre=(0.0, 1.0)),
        known(LOST, "fiets", None, found_at=DAY, centre=(0.6, 0.8)),
    ])  # fmt: skip


def mention(store: Workspace, theme_id: str, words: Iterable[tuple[str, str]], **more: Any) -> None:
    """Let feedback mention a theme: each whole text with the part of it that does."""
    rows, parts = [], []
    for at, (text, part) in enumerate(words):
        own = f"{theme_id}-{at:05}"
        rows.append({"feedback_id": own, "source": "csv", "channel": "survey",
                     "author_role": "customer", "verbatim": text, "attributes": "{}",
                     "received_at": more.get("at")})  # fmt: skip
        parts.append({"feedback_id": own, "segment": 0, "start": text.index(part),
                      "end": text.index(part) + len(part), "text": part,
                      "tone": Tone.ONTEVREDEN.value, "theme_id": theme_id})  # fmt: skip
    store.add_feedback(conform(pa.Table.from_pylist(rows, schema=FEEDBACK), FEEDBACK))
    store.save_segments(conform(pa.Table.from_pylist(parts, schema=SEGMENTS), SEGMENTS))
