"""Find the roles of columns by a profile, by their headers, and by survey questions as headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from klankbord.errors import UnreadableInputError
from klankbord.sources import pieces
from klankbord.sources.answers import (
    asks_in_words,
    filled,
    is_running_text,
    numeric_share,
    texts_of,
    words_in,
)
from klankbord.sources.grid import Cell, Grid
from klankbord.sources.personal import is_personal_name
from klankbord.sources.profile import Profile
from klankbord.sources.roles import known_header, normal, vocabulary
from klankbord.sources.scales import labels_of

CUSTOMER_ONLY = ("started_at", "cancelled_at")  # roles that only a customer table has

_PROFILE_HINT = "say which column is what: klankbord import FILE --map, or a file with --profile"
_MOSTLY = 0.9

Columns: TypeAlias = Sequence[Sequence[Cell]]


def find_feedback(
    grid: Grid, columns: Columns, profile: Profile, roles: dict[str, int], metric: str
) -> tuple[str, list[int]]:
    """Fill score and verbatim by question and content; return metric and other running text."""
    metric = _from_questions(grid, columns, profile, roles, metric)
    _drop_empty_text(grid, columns, profile, roles)
    texts = _running_text(grid, columns, roles)
    if "verbatim" not in roles and "verbatim" not in profile.columns:
        words = texts or _words(grid, columns, roles)
        if words and (roles or grid.tells_answers):
            roles["verbatim"] = words[0]
            texts = [at for at in texts if at != words[0]]
    if "verbatim" not in profile.columns:
        _pair(grid, columns, roles)
    if "verbatim" not in roles and "score" not in roles:
        raise _nothing_to_read(grid)
    return metric, texts


def _drop_empty_text(grid: Grid, columns: Columns, profile: Profile, roles: dict[str, int]) -> None:
    """Take the text role from a column in which nothing stands, where another one has words."""
    at = roles.get("verbatim")
    if at is None or "verbatim" in profile.columns or filled(columns[at]):
        return
    if _running_text(grid, columns, roles) or _words(grid, columns, roles):
        del roles["verbatim"]


def _pair(grid: Grid, columns: Columns, roles: dict[str, int]) -> None:
    """Put the score with the words that explain it, unless a header says which words count.

    Where the export tells what its columns are, words that explain another score are not kept.
    """
    score, words = roles.get("score"), roles.get("verbatim")
    if score is None or (words is not None and _role_of(grid, grid.header[words])[0]):
        return

    def is_text(at: int) -> bool:
        free = at == words or (at not in roles.values() and not withheld(grid, at))
        return free and pieces.holds_words(grid, at, texts_of(columns[at]))

    text = pieces.explaining(grid, columns, score, is_text)
    if text is not None:
        roles["verbatim"] = text
    elif (
        words is not None
        and grid.tells_answers
        and pieces.explains_another(grid, columns, words, score)
    ):
        del roles["verbatim"]


def from_profile(grid: Grid, profile: Profile) -> tuple[dict[str, int], set[int]]:
    """Return role -> column as the profile says, and those columns.

    Raises UnreadableInputError where a column that a user's profile names is not there.
    """
    places = {name.strip().casefold(): at for at, name in reversed(list(enumerate(grid.header)))}
    roles: dict[str, int] = {}
    for role, name in profile.columns.items():
        if not name:
            continue
        at = places.get(name.strip().casefold())
        if at is None:
            if profile.name == grid_source(grid):  # our own mapping: an optional column
                continue
            raise UnreadableInputError(
                f"the profile's column '{name}' for {role} is not in this file",
                where=str(grid.path),
                hint=f"columns seen: {_seen(grid)}",
            )
        roles[role] = at
    return roles, set(roles.values())


def withheld(grid: Grid, at: int) -> bool:
    """Tell whether a column without a role stays out: it points at a person, or holds records."""
    return grid.header[at] in grid.nested or is_personal_name(grid.header[at])


def grid_source(grid: Grid) -> str:
    """Return the name of the built-in profile a grid was recognised by, or ""."""
    return grid.known.profile.name if grid.known else ""


def from_headers(
    grid: Grid, columns: Columns, profile: Profile, roles: dict[str, int], claimed: set[int]
) -> str:
    """Fill `roles` with what the headers say; return the score metric, "" when not told."""
    words = vocabulary()
    best: dict[str, tuple[int, int]] = {}
    for at, header in enumerate(grid.header):
        if at in claimed or pieces.asked_of(grid, at).kind == "none":
            continue
        role, rank = _role_of(grid, header)
        if not role or role in profile.columns or role in profile.constants:
            continue
        if not _content_allows(role, header, columns[at]):
            continue
        if role not in best or rank < best[role][0]:
            best[role] = (rank, at)
    for role, (_, at) in best.items():
        roles[role] = at
    if "question" in roles and "verbatim" not in roles and "verbatim" not in profile.columns:
        _long_answers(grid, roles)
    if profile.score_metric:
        return profile.score_metric
    if "score_metric" in profile.constants:
        return profile.constants["score_metric"]
    return words.metrics.get(normal(grid.header[roles["score"]]), "") if "score" in roles else ""


def _long_answers(grid: Grid, roles: dict[str, int]) -> None:
    """Take the answers in a long table for its text, though nearly all may be numbers."""
    if "score" in roles:
        return
    for at, header in enumerate(grid.header):
        if at not in roles.values() and _role_of(grid, header)[0] == "verbatim":
            roles["verbatim"] = at
            return


def _role_of(grid: Grid, header: str) -> tuple[str, int]:
    words = vocabulary()
    role, rank = words.headers.get(normal(header), ("", 0))
    if not role and grid.kind == "json" and "." in header:
        nested, rank = words.headers.get(normal(header.rpartition(".")[2]), ("", 0))
        role, rank = (nested, rank + 1000) if nested in words.nested and rank < 5 else ("", 0)
    return role, rank


def _content_allows(role: str, header: str, column: Sequence[Cell]) -> bool:
    """Refuse numbers under an ambiguous header of text, and words under one of scores."""
    unsure = normal(header) in vocabulary().ambiguous
    if role == "verbatim" and unsure:
        return numeric_share(column) < _MOSTLY
    if role == "score" and unsure:
        return numeric_share(column) >= 0.5 or labels_of(filled(column)) is not None
    return True


def _from_questions(
    grid: Grid, columns: Columns, profile: Profile, roles: dict[str, int], metric: str
) -> str:
    """Fill score and verbatim from headers that are survey questions; return the metric."""
    words = vocabulary()
    for phrase, role, found in (*words.questions, *words.further_questions):
        if role in roles or role in profile.columns:
            continue
        for at, header in enumerate(grid.header):
            if at in roles.values() or not re.search(phrase, header[:300].casefold()):
                continue
            if not _answers(grid, columns, at, role, found):
                continue
            roles[role] = at
            metric = metric or (found if role == "score" else "")
            break
    return metric


def _answers(grid: Grid, columns: Columns, at: int, role: str, metric: str) -> bool:
    if not pieces.is_answer(grid, at):
        return False
    if role == "verbatim":
        return numeric_share(columns[at]) < 0.5
    return pieces.score_column(grid, columns, at, metric) is not None


def is_customer_table(grid: Grid, roles: Mapping[str, int], profile: Profile) -> bool:
    """Tell whether the rows are customers, and nothing they said."""
    about = any(role in roles for role in ("value_eur", *CUSTOMER_ONLY))
    said = any(role in roles for role in ("verbatim", "score", "question", "conversation_id"))
    asked = any(header.rstrip().endswith("?") for header in grid.header)
    return "customer_id" in roles and about and not (said or asked) and not profile.channel


def _running_text(grid: Grid, columns: Columns, roles: Mapping[str, int]) -> list[int]:
    """Return the columns without a role that hold sentences, most words first."""
    found: list[tuple[int, int]] = []
    for at, column in enumerate(columns):
        if at in roles.values() or withheld(grid, at) or not pieces.is_answer(grid, at):
            continue
        texts = texts_of(column)
        if is_running_text(texts):
            found.append((-words_in(texts), at))
    return [at for _, at in sorted(found)]


def _words(grid: Grid, columns: Columns, roles: Mapping[str, int]) -> list[int]:
    """Return the columns without a role whose header is an open question, answered shortly."""
    return [
        at
        for at, column in enumerate(columns)
        if at not in roles.values()
        and not withheld(grid, at)
        and asks_in_words(grid.header[at])
        and pieces.holds_words(grid, at, texts_of(column))
    ]


def _nothing_to_read(grid: Grid) -> UnreadableInputError:
    return UnreadableInputError(
        f"no column with text or a score was recognised; columns seen: {_seen(grid)}",
        where=str(grid.path),
        hint=_PROFILE_HINT,
    )


def _seen(grid: Grid) -> str:
    names = [name[:60] for name in grid.header if known_header(name)][:20]
    others = f"{len(grid.header) - len(names)} with another name"
    return ", ".join([*names, others])
