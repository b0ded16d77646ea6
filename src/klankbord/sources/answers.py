"""What kind of answers stand in a column of a survey: words, a choice, several choices, data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from klankbord.sources.decimals import parse_score
from klankbord.sources.grid import Cell, text_of
from klankbord.sources.roles import normal, vocabulary

_READ = 2_000
_WORDS_WANTED = 3.0
_DISTINCT_WANTED = 0.3
_MANY = 20  # answers from which on the same few answers show a choice, whatever was asked
_DATA = re.compile(
    r"https?://\S+|www\.\S+|[^\s@]+@[^\s@]+|[+-]?[\d.,:/ -]+%?|[0-9a-f]{8,}(-[0-9a-f]{4,})*",
    re.IGNORECASE,
)
_CHOICES = ("; ", ";", " / ", ", ", ",")
_IN_PROSE = (", ", ",")
_YES_NO = frozenset(
    ("ja", "nee", "yes", "no", "true", "false", "0", "1", "x", "y", "n", "oui", "non", "nein")
)
_NUMBERED = re.compile(r" \(\d{1,3}\)$")


def filled(column: Sequence[Cell]) -> list[Cell]:
    """Return the cells that are given."""
    empty = vocabulary().empty
    blank = {cell for cell in set(column) if text_of(cell).casefold() in empty}
    return [cell for cell in column if cell not in blank]


def numeric_share(column: Sequence[Cell]) -> float:
    """Return the share of the filled cells that are numbers; 0 where none is filled."""
    cells = filled(column)
    if not cells:
        return 0.0
    counts = Counter(cells)
    return sum(n for cell, n in counts.items() if parse_score(cell) is not None) / len(cells)


def texts_of(column: Sequence[Cell]) -> list[str]:
    """Return the filled cells among the first ones, as text."""
    return [text_of(cell) for cell in filled(column[:_READ])]


def words_in(texts: Sequence[str]) -> int:
    """Count the words in `texts`."""
    return sum(text.count(" ") + 1 for text in texts)


def is_running_text(texts: Sequence[str]) -> bool:
    """Tell whether `texts` are sentences, and not the same few ones."""
    if not texts:
        return False
    distinct = len(set(texts)) / len(texts)
    return (
        words_in(texts) / len(texts) >= _WORDS_WANTED
        and distinct >= _DISTINCT_WANTED
        and _mostly_letters(texts)
    )


def _mostly_letters(texts: Sequence[str]) -> bool:
    letters = sum(sum(map(str.isalpha, text[:200])) for text in texts)
    return letters >= 0.6 * sum(len(text[:200]) for text in texts)


def question_text(header: str) -> str:
    """Return a header as the question it asks, on one line and without "(2)" for a second one."""
    return " ".join(_NUMBERED.sub("", header).split())


def is_question(header: str) -> bool:
    """Tell whether a header asks something, and is not the name of a column."""
    asked = header.rstrip().endswith("?") or header.strip().count(" ") >= 3
    return asked and normal(header) not in vocabulary().headers


def asks_in_words(header: str) -> bool:
    """Tell whether a header is a question, or begins as one that is answered in words."""
    return is_question(header) or says("asks", header) or says("open", header)


def says(kind: str, header: str) -> bool:
    """Tell whether `header`, or what follows its last " - ", is of a kind in `[answers]`."""
    pattern = vocabulary().answers[kind]
    whole = question_text(header)[:300].casefold()
    return bool(pattern.search(whole) or pattern.search(whole.rpartition(" - ")[2]))


def answers_in_words(header: str, texts: Sequence[str]) -> bool:
    """Tell whether `texts` are the answers in words to the question in `header`.

    That is what the question asks for, unless there is data or a choice under it: numbers,
    addresses, the same few answers.
    """
    role, _ = vocabulary().headers.get(normal(header), ("verbatim", 0))
    if not texts or role != "verbatim" or says("not_answers", header) or are_data(texts):
        return False
    if says("things", header) and not asks_in_words(header):
        return False
    if says("open", header):
        return not (len(texts) >= _MANY and _same_few(texts, len(texts) // _MANY))
    if several_choices(texts):
        return False
    if is_running_text(texts):
        return True
    if says("closed", header):
        return False
    if says("asks", header):
        return not _same_few(texts, len(texts) // 4)
    if not is_question(header):
        return False
    distinct = len(set(texts)) / len(texts)
    return words_in(texts) >= 1.5 * len(texts) and distinct >= 0.5


def are_data(texts: Sequence[str]) -> bool:
    """Tell whether half of `texts` are numbers, addresses or codes."""
    return 2 * sum(bool(_DATA.fullmatch(text[:200])) for text in texts) >= len(texts)


def _same_few(texts: Sequence[str], few: int) -> bool:
    distinct = {text.casefold() for text in texts}
    if distinct <= _YES_NO:
        return True
    return len(distinct) < len(texts) and len(distinct) <= max(2, min(15, few))


def several_choices(texts: Sequence[str]) -> str:
    """Return the sign between the choices in a column where people could tick several, or ""."""
    for sign in _CHOICES:
        ends = sign == ";"
        joined = [text for text in texts if sign in text.rstrip("; ") or (ends and text[-1] == ";")]
        if len(joined) < 0.2 * len(texts) or not joined:
            continue
        parts = Counter(part for text in texts for part in chosen(text, sign))
        ended = ends and all(text[-1] == ";" for text in texts)
        if ended or _is_choice(parts, prose=sign in _IN_PROSE):
            return sign
    return ""


def _is_choice(parts: Counter[str], *, prose: bool) -> bool:
    """Tell whether these are a few short choices; a sign that prose has too asks for more."""
    words, times = (3, 3) if prose else (5, 2)
    return words_in(list(parts)) <= words * len(parts) and len(parts) * times <= parts.total()


def chosen(text: str, sign: str) -> list[str]:
    """Return the choices in one answer."""
    return [part for each in text.split(sign) if (part := each.strip(" ;"))]
