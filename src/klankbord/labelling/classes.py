"""What the words in a label column mean: classes, each standing for one or more tones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klankbord.errors import SettingsError
from klankbord.schema import TONES, Tone

_SIDES = ((Tone.BOOS, Tone.ONTEVREDEN), (Tone.NEUTRAAL,), (Tone.POSITIEF, Tone.ENTHOUSIAST))
_MINUS = re.compile(r"[\u2010-\u2015\u2212\ufe63\uff0d]")
_MOST_CLASSES = 50


@dataclass(frozen=True)
class Scheme:
    """Classes from low to high, with the tones each stands for and the words for them."""

    name: str  # "tones", "three", "stars" or "own"
    classes: tuple[str, ...]
    groups: tuple[tuple[Tone, ...], ...]
    words: Mapping[str, int]  # normal word -> class

    @property
    def allowed(self) -> str:
        """The labels as a person would write them."""
        if self.name == "stars":
            return "1, 2, 3, 4, 5"
        return ", ".join(self.classes)

    def code(self, cell: str) -> int | None:
        """Return the class a cell names, or None."""
        return self.words.get(normal_word(cell))


def normal_word(cell: str) -> str:
    """Return a label without case, outer blanks and the sign that kept it from being a formula."""
    word = _MINUS.sub("-", cell.strip().removeprefix("'")).strip().casefold()
    number = re.fullmatch(r"\+?(-?\d+)(?:[.,]0+)?", word)
    return str(int(number[1])) if number and len(word) < 10 else word


def _scheme(name: str, classes: Mapping[str, Sequence[Tone]], *words: Sequence[str]) -> Scheme:
    meanings = {word: code for group in words for code, word in enumerate(group)}
    meanings |= {normal_word(own): code for code, own in enumerate(classes)}
    return Scheme(name, tuple(classes), tuple(tuple(group) for group in classes.values()), meanings)


TONE_SCHEME = _scheme(
    "tones",
    {str(tone): (tone,) for tone in TONES},
    ("angry", "dissatisfied", "neutral", "positive", "enthusiastic"),
    ("b", "d", "n", "p", "e"),
)
THREE_SCHEME = _scheme(
    "three",
    dict(zip(("negatief", "neutraal", "positief"), _SIDES, strict=True)),
    ("negative", "neutral", "positive"),
    ("-1", "0", "1"),
)
STAR_SCHEME = Scheme(
    "stars", TONE_SCHEME.classes, TONE_SCHEME.groups, {str(code + 1): code for code in range(5)}
)
SCHEMES = (TONE_SCHEME, THREE_SCHEME, STAR_SCHEME)


def scheme_of(cells: Sequence[str]) -> Scheme:
    """Return the scheme that knows most of the filled `cells`, the first of equals."""
    return max(SCHEMES, key=lambda scheme: sum(scheme.code(cell) is not None for cell in cells))


def parse_classes(text: str) -> Scheme:
    """Read "-1=ontevreden,0=neutraal,1=positief" (or "-1=boos+ontevreden,…") into a scheme.

    A tone that is not named goes with the class of its own side: boos with ontevreden, enthousiast
    with positief. Labels for the same tones are one class. Raises SettingsError on anything else.
    """
    groups: dict[tuple[Tone, ...], list[str]] = {}
    taken: dict[Tone, tuple[Tone, ...]] = {}
    seen: set[str] = set()
    for part in text.split(",")[: _MOST_CLASSES + 1]:
        label, equals, named = part.partition("=")
        words = [word.strip().casefold() for word in named.split("+")]
        if not equals or not normal_word(label) or any(word not in set(TONES) for word in words):
            raise SettingsError(
                "classes must read label=tone, separated by commas",
                where="--classes",
                hint=f"tones: {', '.join(TONES)}; join two with +, such as -1=boos+ontevreden",
            )
        tones = tuple(sorted({Tone(word) for word in words}, key=lambda tone: tone.rank))
        if normal_word(label) in seen or any(taken.get(tone, tones) != tones for tone in tones):
            raise SettingsError("a label or a tone is given twice", where="--classes")
        seen.add(normal_word(label))
        taken |= dict.fromkeys(tones, tones)
        groups.setdefault(tones, []).append(label.strip())
    if len(groups) < 2:
        raise SettingsError("at least two classes are needed", where="--classes")
    whole = {tones: _with_own_side(tones, set(taken)) for tones in groups}
    order = sorted(groups, key=lambda tones: sum(tone.rank for tone in tones) / len(tones))
    return Scheme(
        "own",
        tuple("/".join(groups[tones]) for tones in order),
        tuple(whole[tones] for tones in order),
        {normal_word(word): code for code, tones in enumerate(order) for word in groups[tones]},
    )


def translated(scheme: Scheme, target: Scheme) -> list[int | None]:
    """Return for each class of `scheme` the class of `target` that takes all its tones in."""
    return [
        next((code for code, into in enumerate(target.groups) if set(group) <= set(into)), None)
        for group in scheme.groups
    ]


def same_side(one: Sequence[Tone], other: Sequence[Tone]) -> bool:
    """Tell whether two groups of tones are both negative, or both positive."""
    return any(set(one) | set(other) <= set(side) for side in _SIDES)


def _with_own_side(tones: tuple[Tone, ...], taken: set[Tone]) -> tuple[Tone, ...]:
    joined = {
        tone
        for side in _SIDES
        if set(side) & set(tones)
        for tone in side
        if tone in tones or tone not in taken
    }
    return tuple(sorted(joined, key=lambda tone: tone.rank))
