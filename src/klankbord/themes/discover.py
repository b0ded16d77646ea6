"""Finding what customers complain about: codes as head themes, with lasting themes under them.

A head theme is a code of the codeframe, given to each segment by the tone model or recognised by
examples. Under a head, themes known from earlier runs take the segments they recognise, and new
ones are found in what is left (`subthemes.py`); a segment without a subject ("Slecht!") stays with
the head. Complaints that fit no code may form themes that stand alone. An id is given once and
never changes, and what people decided about a theme holds in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from klankbord.arrays import to_numpy
from klankbord.moments import TIMEZONE, UNDATED, local_day, microseconds, moment_of
from klankbord.records import KnownTheme, Mapped, Progress, Theme, in_turn, silent
from klankbord.schema import SEGMENTS, conform
from klankbord.themes.codeframe import OVERIG, Code, codeframe
from klankbord.themes.complaints import Complaints, hear, select
from klankbord.themes.counting import Draft, Worth, count
from klankbord.themes.edits import owner_of, shown_name
from klankbord.themes.fitting import MOST, Encoder, Fitted, Part, Placed, fit
from klankbord.themes.said import Said, different, fit_sample
from klankbord.themes.subjects import Phrases
from klankbord.themes.subthemes import MIN_MENTIONS
from klankbord.themes.trend import trends, week_numbers
from klankbord.values import customer_values

Placer: TypeAlias = Callable[[Fitted, Iterable[Part]], Iterable[Placed]]  # in their order

_STEP = 20_000  # texts assigned at a time
_NEW_OWNER = "Customer Service"  # of a theme that fits no code, until somebody assigns it


@dataclass(frozen=True)
class ThemeFindings:
    """The themes of a run, heads by mentions with their sub-themes behind them."""

    themes: tuple[Theme, ...]
    segments: pa.Table  # as given, theme_id filled for complaints: a theme or "overig"
    complaining: int  # pieces of feedback with a complaint
    unassigned: int = 0  # complaint segments left as "overig"
    known: tuple[KnownTheme, ...] = ()  # to be recognised in the next run


def discover(
    feedback: pa.Table,
    scores: pa.Table,
    segments: pa.Table,
    encoder: Encoder,
    *,
    customers: pa.Table,
    as_of: date,
    known: Sequence[KnownTheme] = (),
    codes: Mapping[str, Code] | None = None,
    language: str = "nl",
    timezone: str = TIMEZONE,
    phrases: Phrases | None = None,
    place: Placer | None = None,
    mapped: Mapped = in_turn,
    progress: Progress = silent,
) -> ThemeFindings:
    """Return the complaint themes of scored feedback, and `segments` with their theme.

    `as_of` (a moment, or a day with all of it) ends the trend; its weeks are those of `timezone`.
    `known` are the themes of earlier runs with what people decided about them, `codes` the
    codeframe (the default one where it is None). `language` is that of the head labels; `phrases`
    reads the noun phrases of a few Dutch texts per sub-theme, for its label. `place` assigns texts
    where themes were found in a sample; without one that is done here. `mapped` divides the
    complaints of each head. The same rows in any order give the same findings.
    """
    from threadpoolctl import threadpool_limits

    frame = codes or codeframe()
    voices = hear(feedback, scores, timezone)
    heard = select(voices, scores, segments, frozenset(codeframe()))
    if not len(heard.row):
        return ThemeFindings((), conform(segments, SEGMENTS), 0, known=tuple(known))
    day = local_day(as_of, timezone) if isinstance(as_of, datetime) else as_of
    said = different(heard)
    read = fit_sample(said, MOST)
    with threadpool_limits(limits=1, user_api="blas"):  # one order of summation on any machine
        fitted, placed = fit(
            heard,
            said,
            read,
            voices,
            encoder,
            frame,
            known=known,
            day=day,
            phrases=phrases,
            mapped=mapped,
            progress=progress,
        )
        if len(read) < len(said.first):
            placed = _assigned(heard, said, fitted, place or _placer(encoder))
    drafts = _drafts(heard, said, fitted, placed, language)
    listed = {draft.theme_id for draft in drafts}
    counted = voices.speaks & (voices.received_at <= microseconds(moment_of(as_of, timezone)))
    courses = trends(
        week_numbers(np.where(counted, voices.day, UNDATED)),
        [np.unique(heard.feedback[draft.members]) for draft in drafts],
    )
    worth = Worth(voices, customer_values(feedback, customers))
    themes = count(drafts, heard, voices, courses, worth)
    number = np.zeros(len(heard.row), dtype=np.int32)
    for at, draft in enumerate(drafts, start=1):  # sub-themes come after their head and take over
        number[draft.members] = at
    return ThemeFindings(
        themes,
        _with_themes(segments, heard.row, number, [OVERIG, *(draft.theme_id for draft in drafts)]),
        complaining=len(np.unique(heard.feedback)),
        unassigned=int((number == 0).sum()),
        known=tuple(
            replace(theme, seen_at=day) if theme.theme_id in listed else theme
            for theme in fitted.known
        ),
    )


def _placer(encoder: Encoder) -> Placer:
    return lambda fitted, parts: (fitted.place(*part, encoder) for part in parts)


def _assigned(heard: Complaints, said: Said, fitted: Fitted, place: Placer) -> Placed:
    """Return where every text belongs, read or not."""
    places = [slice(start, start + _STEP) for start in range(0, len(said.first), _STEP)]
    parts = (
        Part(said.texts(heard, some), to_numpy(heard.code.take(pa.array(said.first[some]))))
        for some in places
    )
    columns = (vars(one).values() for one in place(fitted, parts))
    return Placed(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _with_themes(
    segments: pa.Table, rows: np.ndarray, number: np.ndarray, ids: Sequence[str]
) -> pa.Table:
    """Return `segments` with a theme for those in `rows`: a place in `ids`."""
    place = np.full(segments.num_rows, -1, dtype=np.int32)
    place[rows] = number
    theme_id = pa.array(ids, pa.string()).take(pa.array(place, mask=place < 0))
    at = SEGMENTS.get_field_index("theme_id")
    return conform(segments, SEGMENTS).set_column(at, SEGMENTS.field(at), theme_id)


def _drafts(
    heard: Complaints, said: Said, fitted: Fitted, placed: Placed, language: str
) -> list[Draft]:
    """Return the themes with complaints, each head followed by its sub-themes."""
    known = {theme.theme_id: theme for theme in fitted.known}
    clear = ~heard.inherited | placed.recoded[said.near]  # coded by itself, not its feedback
    theme = np.where(clear, placed.theme[said.near], -1)
    head = placed.head[said.near]
    drafts: list[Draft] = []
    for place, code in enumerate(fitted.frame):
        members = np.flatnonzero(head == place)
        if not len(members) or (code in known and known[code].forbidden):
            continue
        typical = placed.typical_of_head[said.near[members]]
        drafts.append(_head(code, place, members, typical, fitted, language))
        drafts += _listed(heard, said, fitted, placed, theme, code)
    return drafts + _listed(heard, said, fitted, placed, theme, None)


def _head(
    code: str,
    place: int,
    members: np.ndarray,
    typical: np.ndarray,
    fitted: Fitted,
    language: str,
) -> Draft:
    """Return a head with all its complaints: of its code, or of a theme that is under it."""
    entry = fitted.frame[code]
    given = next((theme for theme in fitted.known if theme.theme_id == code), None)
    return Draft(
        code,
        None,
        (given.name if given else "") or entry.label(language),
        fitted.keywords.get(place, ()),
        (given.owner if given else "") or entry.owner,
        members,
        typical,
        pinned=given is not None and given.pinned,
    )


def _listed(
    heard: Complaints,
    said: Said,
    fitted: Fitted,
    placed: Placed,
    theme_of: np.ndarray,
    parent: str | None,
) -> list[Draft]:
    """Return the themes under `parent` that enough feedback mentions, or that are pinned."""
    drafts = []
    for place, theme in enumerate(fitted.known):
        if theme.parent_id != parent or not theme.terms:
            continue
        members = np.flatnonzero(theme_of == place)
        least = 1 if theme.pinned else MIN_MENTIONS
        if len(members) and len(np.unique(heard.feedback[members])) >= least:
            drafts.append(
                Draft(
                    theme.theme_id,
                    parent,
                    shown_name(theme),
                    theme.keywords,
                    owner_of(fitted.known, theme) or _NEW_OWNER,
                    members,
                    placed.typical[said.near[members]],
                    theme.found_at,
                    theme.pinned,
                )
            )
    return drafts
