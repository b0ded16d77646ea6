"""Finding what customers complain about: codes as head themes, with lasting themes under them.

A head theme is a code of the codeframe, given to each segment by the tone model or recognised by
examples. Under a head, themes known from earlier runs take the segments they recognise, and new
ones are found in what is left (`subthemes.py`); a segment without a subject ("Slecht!") stays with
the head. Complaints that fit no code may form themes that stand alone. An id is given once and
never changes, and what people decided about a theme holds in every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

import numpy as np
import pyarrow as pa

from klankbord.arrays import encode as encode_values
from klankbord.moments import TIMEZONE, UNDATED, local_day, microseconds, moment_of
from klankbord.placeholders import blanked
from klankbord.records import KnownTheme, Progress, Theme, silent
from klankbord.schema import SEGMENTS, conform
from klankbord.themes.cluster import unit
from klankbord.themes.codeframe import OVERIG, Code, codeframe
from klankbord.themes.coding import code_by_examples
from klankbord.themes.complaints import Complaints, Voices, hear, select
from klankbord.themes.counting import Draft, Worth, count
from klankbord.themes.edits import owner_of, resolve, shown_name
from klankbord.themes.label import word
from klankbord.themes.subjects import Phrases, subject_forms
from klankbord.themes.subthemes import MIN_MENTIONS, Found, Texts, under
from klankbord.themes.trend import trends, week_numbers
from klankbord.themes.words import content_key, demote_general, term_matrix
from klankbord.values import customer_values

_STAGE = "themes"
_FUTURE = 1_000_000  # days since 1970
_PUT_AWAY = ""  # code of complaints whose head is forbidden: overig, and nothing is sought in them
_NEW_OWNER = "Customer Service"  # of a theme that fits no code, until somebody assigns it


class Encoder(Protocol):
    """What discovery needs of a sentence encoder."""

    @property
    def fingerprint(self) -> str:
        """Short digest of the weights: vectors of another encoder mean something else."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one unit vector per text, float32 n x d."""


@dataclass(frozen=True)
class ThemeFindings:
    """The themes of a run, heads by mentions with their sub-themes behind them."""

    themes: tuple[Theme, ...]
    segments: pa.Table  # as given, theme_id filled for complaints: a theme or "overig"
    complaining: int  # pieces of feedback with a complaint
    unassigned: int = 0  # complaint segments left as "overig"
    known: tuple[KnownTheme, ...] = ()  # to be recognised in the next run


@dataclass(frozen=True)
class _Complaints:
    """The complaint segments, and the different texts they are made of."""

    segments: Complaints
    texts: Texts
    near: np.ndarray  # per segment: its place in `texts`
    clear: np.ndarray  # bool per segment: coded by itself, not by the feedback around it
    code: np.ndarray  # per text


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
    progress: Progress = silent,
) -> ThemeFindings:
    """Return the complaint themes of scored feedback, and `segments` with their theme.

    `as_of` (a moment, or a day with all of it) ends the trend; its weeks are those of `timezone`.
    `known` are the themes of earlier runs with what people decided about them, `codes` the
    codeframe (the default one where it is None). `language` is that of the head labels; `phrases`
    reads the noun phrases of a few Dutch texts per sub-theme, for its label. The same rows in any
    order give the same findings.
    """
    from threadpoolctl import threadpool_limits

    frame = codes or codeframe()
    voices = hear(feedback, scores, timezone)
    heard = select(voices, scores, segments, frozenset(codeframe()))
    if not len(heard.row):
        return ThemeFindings((), conform(segments, SEGMENTS), 0, known=tuple(known))
    day = local_day(as_of, timezone) if isinstance(as_of, datetime) else as_of
    with threadpool_limits(limits=1, user_api="blas"):  # one order of summation on any machine
        complaints = _read(heard, voices, encoder, frame, known, phrases, progress)
        found = _search(complaints, frame, known, encoder.fingerprint, day, progress)
        drafts, lasting = _drafts(complaints, found, frame, known, language, day)
    counted = voices.speaks & (voices.received_at <= microseconds(moment_of(as_of, timezone)))
    courses = trends(
        week_numbers(np.where(counted, voices.day, UNDATED)),
        [np.unique(heard.feedback[draft.members]) for draft in drafts],
    )
    worth = Worth(voices, customer_values(feedback, customers))
    themes = count(drafts, heard, voices, courses, worth)
    theme_id = np.full(segments.num_rows, None, dtype=object)
    theme_id[heard.row] = OVERIG
    for draft in drafts:  # sub-themes come after their head and take over from it
        theme_id[heard.row[draft.members]] = draft.theme_id
    column = pa.array(theme_id, pa.string())
    place = SEGMENTS.get_field_index("theme_id")
    return ThemeFindings(
        themes,
        conform(segments, SEGMENTS).set_column(place, SEGMENTS.field(place), column),
        complaining=len(np.unique(heard.feedback)),
        unassigned=int((theme_id[heard.row] == OVERIG).sum()),
        known=lasting,
    )


def _read(
    heard: Complaints,
    voices: Voices,
    encoder: Encoder,
    frame: Mapping[str, Code],
    known: Sequence[KnownTheme],
    phrases: Phrases | None,
    progress: Progress,
) -> _Complaints:
    """Return the different texts of the complaints, coded; a text counts once per code."""
    progress(_STAGE, 0, len(frame) + 1)
    said, key = encode_values(pa.array([content_key(text) for text in heard.text]))
    given = encode_values(pa.array(heard.code, pa.string()))[1]
    _, first, near = np.unique(given * len(said) + key, return_index=True, return_inverse=True)
    texts = [blanked(text) for text in heard.text[first]]
    languages = list(voices.language[heard.feedback[first]])
    vectors = np.asarray(encoder.encode(texts))
    code = code_by_examples(texts, heard.code[first], vectors, encoder, frame)
    clear = ~heard.inherited | (code != heard.code[first])[near]
    code = np.array([_taken_over(known, one) for one in code], dtype=object)
    terms = term_matrix(texts, languages)
    own = np.zeros(len(first), dtype=bool)  # a text coded by itself is a fit one to learn from
    own[near[clear]] = True
    mention, at = np.unique(np.stack([near, heard.feedback]), axis=1, return_index=True)
    return _Complaints(
        heard,
        Texts(
            tuple(texts),
            vectors,
            demote_general(terms, code.astype(str)),
            own,
            mention[0],
            _day_heard(heard, voices)[at],
            encoder.encode,
            subject_forms(texts, languages, frozenset(terms.names), phrases),
        ),
        near,
        clear,
        code,
    )


def _day_heard(heard: Complaints, voices: Voices) -> np.ndarray:
    """Return the day of each segment, for the question what is new since a theme was found.

    A segment that no run has seen yet is new whatever its date; where none was seen, say after a
    change of the tone model, the date alone decides.
    """
    day = voices.day[heard.feedback]
    dated = np.where(day == UNDATED, 0, day)
    unseen = ~heard.seen & heard.seen.any()
    return np.where(unseen, _FUTURE, dated)


def _taken_over(known: Sequence[KnownTheme], code: str) -> str:
    """Return the head that takes over a code: itself, what it was merged into, or none."""
    held = {theme.theme_id: theme for theme in known}
    if code not in held:
        return code
    code = resolve(known, code)
    return _PUT_AWAY if code in held and held[code].forbidden else code


def _search(
    complaints: _Complaints,
    frame: Mapping[str, Code],
    known: Sequence[KnownTheme],
    encoder: str,
    day: date,
    progress: Progress,
) -> dict[str | None, tuple[np.ndarray, Found]]:
    """Return the texts and themes under each head that is mentioned, and of those that fit none."""
    found: dict[str | None, tuple[np.ndarray, Found]] = {}
    ids = {theme.theme_id for theme in known} | set(frame)
    heads: list[str | None] = [*frame, None]
    for done, head in enumerate(heads, start=1):
        progress(_STAGE, done, len(heads))
        here = np.flatnonzero(complaints.code == (head or OVERIG))
        own = [one for one in known if one.parent_id == head and one.terms]
        if len(here):
            result = under(
                head, here, own, complaints.texts, taken=frozenset(ids), encoder=encoder, day=day
            )
            ids |= {theme.theme_id for theme in result.themes}
            found[head] = here, result
    return found


def _drafts(
    complaints: _Complaints,
    found: Mapping[str | None, tuple[np.ndarray, Found]],
    frame: Mapping[str, Code],
    known: Sequence[KnownTheme],
    language: str,
    day: date,
) -> tuple[list[Draft], tuple[KnownTheme, ...]]:
    """Return the themes, each head followed by its sub-themes, and all that are known now."""
    everything = {theme.theme_id: theme for theme in known}
    everything |= {one.theme_id: one for _, result in found.values() for one in result.themes}
    everything = dict(sorted(everything.items()))
    assigned, typical = _assigned(complaints, found, tuple(everything.values()))
    drafts: list[Draft] = []
    for head in _mentioned(found, assigned, frame, everything):
        drafts.append(_head(complaints, head, assigned, frame, everything, language))
        drafts += _listed(complaints, head, assigned, typical, everything)
    drafts += _listed(complaints, None, assigned, typical, everything)
    drafts = [draft for draft in drafts if len(draft.members)]
    listed = {draft.theme_id for draft in drafts}
    lasting = tuple(
        replace(theme, seen_at=day) if theme.theme_id in listed else theme
        for theme in everything.values()
    )
    return drafts, lasting


def _mentioned(
    found: Mapping[str | None, object],
    assigned: np.ndarray,
    frame: Mapping[str, Code],
    known: Mapping[str, KnownTheme],
) -> list[str]:
    """Return the heads with complaints: of their own code, or of a theme merged into them."""
    taken = {(known[one].parent_id if one in known else None) or one for one in set(assigned)}
    heads = [code for code in frame if code in found or code in taken]
    return [code for code in heads if not (code in known and known[code].forbidden)]


def _assigned(
    complaints: _Complaints,
    found: Mapping[str | None, tuple[np.ndarray, Found]],
    known: Sequence[KnownTheme],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the theme of each text, "" for that of its code, and how typical of it the text is."""
    held = {theme.theme_id: theme for theme in known}
    theme_id = np.full(len(complaints.code), "", dtype=object)
    typical = np.zeros(len(complaints.code))
    for here, result in found.values():
        for at, theme in enumerate(result.themes):
            final = resolve(known, theme.theme_id) if theme.merged_into else theme.theme_id
            if not (final in held and held[final].forbidden):
                theme_id[here[result.place == at]] = final
        inside = result.place >= 0
        typical[here[inside]] = result.typicality[inside]
    return theme_id, typical


def _head(
    complaints: _Complaints,
    head: str,
    assigned: np.ndarray,
    frame: Mapping[str, Code],
    known: Mapping[str, KnownTheme],
    language: str,
) -> Draft:
    """Return a head with all its complaints: of its code, or of a theme that is under it."""
    texts = complaints.texts
    below = {theme_id for theme_id, theme in known.items() if theme.parent_id == head} | {head}
    here = np.isin(np.where(assigned == "", complaints.code, assigned).astype(str), list(below))
    clear = here & texts.own
    named = word(texts.terms, clear, np.zeros_like(clear), texts.own & ~clear)
    mean = texts.vectors[clear if clear.any() else here].mean(axis=0, dtype=np.float64)
    typical = np.round(texts.vectors @ unit(mean[None, :])[0], 6)
    members = np.flatnonzero(here[complaints.near])
    given = known.get(head)
    return Draft(
        head,
        None,
        (given.name if given else "") or frame[head].label(language),
        named.keywords,
        (given.owner if given else "") or frame[head].owner,
        members,
        typical[complaints.near[members]],
        pinned=given is not None and given.pinned,
    )


def _listed(
    complaints: _Complaints,
    parent: str | None,
    assigned: np.ndarray,
    typical: np.ndarray,
    known: Mapping[str, KnownTheme],
) -> list[Draft]:
    """Return the themes under `parent` that enough feedback mentions, or that are pinned."""
    heard = complaints.segments
    drafts = []
    for theme in known.values():
        if theme.parent_id != parent or not theme.terms:
            continue
        inside = (assigned == theme.theme_id)[complaints.near] & complaints.clear
        members = np.flatnonzero(inside)
        if len(np.unique(heard.feedback[members])) >= (1 if theme.pinned else MIN_MENTIONS):
            drafts.append(
                Draft(
                    theme.theme_id,
                    parent,
                    shown_name(theme),
                    theme.keywords,
                    owner_of(known.values(), theme) or _NEW_OWNER,
                    members,
                    typical[complaints.near[members]],
                    theme.found_at,
                    theme.pinned,
                )
            )
    return drafts
