"""Themes found in the complaints that are read, and what it takes to assign any other.

Where the tone model gave one code to more than MOST different texts, themes are found in a sample
of them (`said.py`). `Fitted.place` assigns texts by what was found alone: part by part, in any
order and on any machine.

MOST was chosen on 100,000 answers with 52,000 different complaints. Complaints in the same theme
as when all are read, as adjusted mutual information: .85 with 1,000 or 1,500 texts of a code, .86
with 2,500, .92 with 5,000. Runs that get a random half of the answers agree to .87, 90 % of them
to .91, so that a sample of 2,500 changes about as much as other answers would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from klankbord.arrays import to_numpy
from klankbord.moments import UNDATED
from klankbord.records import KnownTheme, Mapped, Progress
from klankbord.themes.cluster import unit
from klankbord.themes.codeframe import OVERIG, Code
from klankbord.themes.coding import code_by_examples
from klankbord.themes.complaints import Complaints, Voices
from klankbord.themes.edits import resolve
from klankbord.themes.label import word
from klankbord.themes.prototypes import WordMatrix, word_matrix
from klankbord.themes.said import Said
from klankbord.themes.subjects import Phrases, subject_forms
from klankbord.themes.subthemes import Found, Sought, Texts, divided, recognise, seek, settle
from klankbord.themes.words import demote_general, term_matrix

MOST = 2_500  # different texts of one code that themes are found in
NO_HEAD = -1
_PUT_AWAY = -2  # head of complaints whose own is forbidden: nothing is sought in them
_STAGE = "themes"
_FUTURE = 1_000_000  # days since 1970


class Encoder(Protocol):
    """What discovery needs of a sentence encoder."""

    @property
    def fingerprint(self) -> str:
        """Short digest of the weights: vectors of another encoder mean something else."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one unit vector per text, float32 n x d."""


@dataclass(frozen=True)
class Placed:
    """Where texts belong, as aligned arrays."""

    head: np.ndarray  # place in the codeframe, or less than 0 for none
    theme: np.ndarray  # place in the known themes, or -1 for the head itself
    typical: np.ndarray  # score for the theme
    typical_of_head: np.ndarray  # cosine with the mean of the head
    recoded: np.ndarray  # bool: the code is by example, not that of the tone model


class Part(NamedTuple):
    """Some texts, and the code that the tone model gave each."""

    texts: Sequence[str]
    given: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """What assigns a text: the codeframe, and the themes under each head."""

    frame: Mapping[str, Code]
    known: tuple[KnownTheme, ...]  # of this run and those before, by id
    found: Mapping[str | None, Found]
    means: Mapping[int, np.ndarray] = field(default_factory=dict)  # per head, of its texts
    keywords: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # of each head

    def place(self, texts: Sequence[str], given: np.ndarray, encoder: Encoder) -> Placed:
        """Return where `texts` belong, to which the tone model gave the codes `given`."""
        vectors = np.asarray(encoder.encode(texts))
        code = code_by_examples(texts, given, vectors, encoder, self.frame)
        placed = self.among(vectors, word_matrix(texts), _heads(code, self.frame, self.known))
        return replace(
            placed,
            recoded=code != given,
            typical_of_head=self.typical_of_head(vectors, placed.head),
        )

    def among(self, vectors: np.ndarray, words: WordMatrix, head: np.ndarray) -> Placed:
        """Return where texts belong of which the codes are those of `head`."""
        above, theme = head.copy(), np.full(len(head), -1)
        typical = np.zeros(len(head))
        for code, found in self.found.items():
            here = np.flatnonzero(head == self._place(code))
            if found.themes and len(here):
                at, score = found.place(vectors[here], words.rows(here))
                final = np.array([self._final(one, code) for one in found.themes])
                inside = at >= 0
                rows = here[inside]
                above[rows], theme[rows] = final[at[inside]].T
                typical[rows] = score[inside]
        nothing = np.zeros(len(head))
        return Placed(above, theme, typical, nothing, nothing.astype(bool))

    def typical_of_head(self, vectors: np.ndarray, head: np.ndarray) -> np.ndarray:
        """Return how much each text is like its head as a whole."""
        typical = np.zeros(len(head))
        for place, mean in self.means.items():
            here = head == place
            typical[here] = np.round(vectors[here] @ mean, 6)
        return typical

    def _place(self, code: str | None) -> int:
        return NO_HEAD if code is None else list(self.frame).index(code)

    def _final(self, theme: KnownTheme, code: str | None) -> tuple[int, int]:
        """Return head and theme that take the texts of a theme under `code`."""
        held = {one.theme_id: at for at, one in enumerate(self.known)}
        final = resolve(self.known, theme.theme_id) if theme.merged_into else theme.theme_id
        if final in held and self.known[held[final]].forbidden:
            return self._place(code), -1
        if final in self.frame:
            return self._place(final), -1
        parent = self.known[held[final]].parent_id
        return self._place(parent if parent in self.frame else None), held[final]


def fit(
    heard: Complaints,
    said: Said,
    read: np.ndarray,
    voices: Voices,
    encoder: Encoder,
    frame: Mapping[str, Code],
    *,
    known: Sequence[KnownTheme],
    day: date,
    phrases: Phrases | None,
    mapped: Mapped,
    progress: Progress,
) -> tuple[Fitted, Placed]:
    """Find themes in the texts `read`, and return them with where those texts belong."""
    progress(_STAGE, 0, 1)
    said_here = said.texts(heard, read)
    vectors = np.asarray(encoder.encode(said_here))
    given = to_numpy(heard.code.take(pa.array(said.first[read])))
    code = code_by_examples(said_here, given, vectors, encoder, frame)
    recoded = code != given
    head = _heads(code, frame, known)
    texts = _texts(heard, said, read, voices, encoder, said_here, vectors, recoded, head, phrases)
    found = _search(head, texts, frame, known, encoder, day, mapped, progress)
    everything = {theme.theme_id: theme for theme in known}
    everything |= {one.theme_id: one for result in found.values() for one in result.themes}
    fitted = Fitted(frame, tuple(one for _, one in sorted(everything.items())), found)
    placed = fitted.among(vectors, texts.words, head)
    means, keywords = _of_heads(texts, placed.head)
    fitted = replace(fitted, means=means, keywords=keywords)
    typical = fitted.typical_of_head(vectors, placed.head)
    return fitted, replace(placed, recoded=recoded, typical_of_head=typical)


def _heads(code: np.ndarray, frame: Mapping[str, Code], known: Sequence[KnownTheme]) -> np.ndarray:
    """Return the place in the codeframe of the head that takes over each code."""
    held = {theme.theme_id: theme for theme in known}
    places = {one: place for place, one in enumerate(frame)} | {OVERIG: NO_HEAD}
    taken = {
        one: _PUT_AWAY if one in held and held[one].forbidden else place
        for one, place in places.items()
    }
    return np.fromiter((taken[one] for one in code), dtype=np.int64, count=len(code))


def _texts(
    heard: Complaints,
    said: Said,
    read: np.ndarray,
    voices: Voices,
    encoder: Encoder,
    written: Sequence[str],
    vectors: np.ndarray,
    recoded: np.ndarray,
    head: np.ndarray,
    phrases: Phrases | None,
) -> Texts:
    """Return the texts that are read, with where they are mentioned."""
    languages = voices.language.take(pa.array(heard.feedback[said.first[read]])).to_pylist()
    terms = term_matrix(written, languages)
    place = np.full(len(said.first), -1)
    place[read] = np.arange(len(read))
    near = place[said.near]
    segment = np.flatnonzero(near >= 0)
    near = near[segment]
    own = np.zeros(len(read), dtype=bool)  # a text coded by itself is a fit one to learn from
    own[near[~heard.inherited[segment] | recoded[near]]] = True
    width = len(voices.speaks)
    mention, at = np.unique(near * width + heard.feedback[segment], return_index=True)
    return Texts(
        tuple(written),
        vectors,
        demote_general(terms, head),
        word_matrix(written),
        own,
        mention // width,
        _day_heard(heard, voices)[segment[at]],
        encoder.encode,
        subject_forms(written, languages, frozenset(terms.names), phrases),
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


def _search(
    head: np.ndarray,
    texts: Texts,
    frame: Mapping[str, Code],
    known: Sequence[KnownTheme],
    encoder: Encoder,
    day: date,
    mapped: Mapped,
    progress: Progress,
) -> dict[str | None, Found]:
    """Return the themes under each head that is mentioned, and those of complaints without one."""
    found: dict[str | None, Found] = {}
    ids = {theme.theme_id for theme in known} | set(frame)
    places: list[tuple[int, str | None]] = [*enumerate(frame), (NO_HEAD, None)]
    sought: dict[str | None, Sought] = {}
    for place, code in places:
        here = np.flatnonzero(head == place)
        own = [one for one in known if one.parent_id == code and one.terms]
        examples = frame[code].examples if code is not None else ()
        if len(here):
            sought[code] = seek(code, here, own, texts, encoder.fingerprint)
        elif own and examples:
            found[code] = recognise(own, examples, encoder.encode, encoder.fingerprint)
    pools = [pool for one in sought.values() for pool in one.pools]
    groups = divided(pools, texts, mapped)
    for done, (code, one) in enumerate(sought.items()):
        progress(_STAGE, done, len(sought) + 1)
        found[code] = settle(
            one, groups, texts, taken=frozenset(ids), encoder=encoder.fingerprint, day=day
        )
        ids |= {theme.theme_id for theme in found[code].themes}
    progress(_STAGE, len(sought) + 1, len(sought) + 1)
    return found


def _of_heads(
    texts: Texts, head: np.ndarray
) -> tuple[dict[int, np.ndarray], dict[int, tuple[str, ...]]]:
    """Return the unit mean of the texts of each head, and what words set it apart."""
    means, keywords = {}, {}
    for place in np.unique(head[head >= 0]).tolist():
        here = head == place
        clear = here & texts.own
        named = word(texts.terms, clear, np.zeros_like(clear), texts.own & ~clear)
        mean = texts.vectors[clear if clear.any() else here].mean(axis=0, dtype=np.float64)
        means[place], keywords[place] = unit(mean[None, :])[0], named.keywords
    return means, keywords
