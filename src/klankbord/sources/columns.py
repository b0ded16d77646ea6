"""Decide which column of a table plays which role, by header first and by content with care."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.schema import Channel, ScoreMetric
from klankbord.sources.dates import day_comes_first
from klankbord.sources.decimals import decimal_mark, parse_score
from klankbord.sources.grid import SURVEYED, Cell, Grid, text_of
from klankbord.sources.personal import is_personal_name
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.scores import any_effort, effort_of_header, in_range, infer_metric

_CUSTOMER_ONLY = ("started_at", "cancelled_at")
_PROFILE_HINT = 'map the columns with a profile (--profile): [columns] verbatim = "…"'
_WORDS_WANTED = 3.0
_MOSTLY = 0.9
_DATA = re.compile(r"^[\s€]*\d[\d.,]*\s*$|\d[-/.:]\d|\d{4,}|@")


@dataclass(frozen=True)
class Plan:
    """Which column is what, and how its cells are to be read."""

    kind: str  # "feedback" or "customers"
    source: str
    roles: Mapping[str, int]  # role -> column
    rest: tuple[int, ...]  # columns that go to `attributes`
    left_out: tuple[str, ...]  # headers of those that do not: they point at a person
    profile: Profile
    channel: str
    author_role: str
    question: str | None  # of every row, where the verbatim's header is the question
    metric: str  # "" where the table has no score
    metric_because: str  # "" where its header names it
    effort: bool | None  # a high effort score is much effort; None: by each row's question
    reversed: bool  # there are effort scores to be turned round
    day_first: bool
    timezone: str
    decimals: Mapping[str, str]  # role -> decimal mark
    own_ids: bool  # the id column identifies feedback by itself
    other_text: tuple[str, ...] = ()  # headers of further columns with running text
    shown: Mapping[str, str] = field(default_factory=dict)  # role -> header


def make_plan(grid: Grid, profile: Profile | None, source: str, timezone: str) -> Plan:
    """Decide the roles of the columns of `grid`.

    Raises UnreadableInputError, naming the columns seen, where no column holds text or a score.
    """
    mapping = profile or Profile(name=source)
    rows = [
        cells
        for cells in (
            None if isinstance(record, RejectedRow) else record[1]
            for record in islice(grid.records(), SURVEYED)
        )
        if cells is not None
    ]
    columns: Sequence[Sequence[Cell]] = list(zip(*rows, strict=True)) if rows else []
    if not columns:
        columns = [() for _ in grid.header]
    roles, claimed = _from_profile(grid, mapping)
    metric = _from_headers(grid, columns, mapping, roles, claimed)
    customers = _is_customer_table(roles, mapping)
    texts: list[int] = []
    if not customers:
        for role in _CUSTOMER_ONLY:
            roles.pop(role, None)
        metric = _from_questions(grid, columns, mapping, roles, metric)
        texts = [
            at
            for at in _running_text(columns)
            if at not in roles.values() and not _withheld(grid, at)
        ]
        if "verbatim" not in roles and roles and texts and "verbatim" not in mapping.columns:
            roles["verbatim"] = texts.pop(0)
        if "verbatim" not in roles and "score" not in roles:
            raise _nothing_to_read(grid)
    because, effort = "", None
    if "score" not in roles:
        metric = ""
    else:
        effort = effort_of_header(mapping, grid.header[roles["score"]])
        if not metric:
            metric, because = infer_metric(grid, columns, roles)
    questions = columns[roles["question"]] if "question" in roles else ()
    metrics = {metric, *_named(columns, roles)}
    others = [at for at in range(len(grid.header)) if at not in set(roles.values())]
    moments = [columns[roles[role]] for role in ("received_at", *_CUSTOMER_ONLY) if role in roles]
    return Plan(
        kind="customers" if customers else "feedback",
        source=source,
        roles=roles,
        rest=tuple(at for at in others if not _withheld(grid, at)),
        left_out=tuple(grid.header[at] for at in others if _withheld(grid, at)),
        profile=mapping,
        channel=mapping.constants.get("channel") or mapping.channel or _channel(roles, metric),
        author_role=mapping.constants.get("author_role", "customer"),
        question=mapping.constants.get("question") or _question(grid, roles),
        metric=metric,
        metric_because=because,
        effort=effort,
        reversed=ScoreMetric.CES in metrics and any_effort(effort, questions),
        day_first=_day_first(mapping, moments),
        timezone=mapping.timezone or _zone(grid, roles) or timezone,
        decimals={
            role: mapping.decimal or decimal_mark(columns[roles[role]], amounts=role == "value_eur")
            for role in ("score", "value_eur", "turn")
            if role in roles
        },
        own_ids=_identifies(grid, columns, roles, mapping),
        other_text=tuple(grid.header[at] for at in texts),
        shown={role: grid.header[at] for role, at in roles.items()},
    )


def _from_profile(grid: Grid, profile: Profile) -> tuple[dict[str, int], set[int]]:
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


def _withheld(grid: Grid, at: int) -> bool:
    """Tell whether a column without a role stays out: it points at a person, or holds records."""
    return grid.header[at] in grid.nested or is_personal_name(grid.header[at])


def _named(columns: Sequence[Sequence[Cell]], roles: Mapping[str, int]) -> set[str]:
    """Return the score metrics that the rows of a table in long form name."""
    if "score_metric" not in roles:
        return set()
    cells = {normal(text_of(cell)) for cell in columns[roles["score_metric"]]}
    known = vocabulary().values["score_metric"]
    return {known[cell] for cell in cells if cell in known}


def grid_source(grid: Grid) -> str:
    """Return the name of the built-in profile a grid was recognised by, or ""."""
    return grid.known.profile.name if grid.known and grid.known.profile else ""


def _from_headers(
    grid: Grid,
    columns: Sequence[Sequence[Cell]],
    profile: Profile,
    roles: dict[str, int],
    claimed: set[int],
) -> str:
    """Fill `roles` with what the headers say; return the score metric, "" when not told."""
    words = vocabulary()
    best: dict[str, tuple[int, int]] = {}
    for at, header in enumerate(grid.header):
        if at in claimed:
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
    if profile.score_metric:
        return profile.score_metric
    if "score_metric" in profile.constants:
        return profile.constants["score_metric"]
    return words.metrics.get(normal(grid.header[roles["score"]]), "") if "score" in roles else ""


def _role_of(grid: Grid, header: str) -> tuple[str, int]:
    words = vocabulary()
    role, rank = words.headers.get(normal(header), ("", 0))
    if not role and grid.kind == "json" and "." in header:
        nested, rank = words.headers.get(normal(header.rpartition(".")[2]), ("", 0))
        role, rank = (nested, rank + 1000) if nested in words.nested and rank < 5 else ("", 0)
    return role, rank


def _content_allows(role: str, header: str, column: Sequence[Cell]) -> bool:
    """Refuse a text column of bare numbers, and an ambiguous score column of words."""
    if role == "verbatim":
        return _numeric_share(column) < _MOSTLY
    if role == "score" and normal(header) in vocabulary().ambiguous:
        return _numeric_share(column) >= 0.5
    return True


def _from_questions(
    grid: Grid,
    columns: Sequence[Sequence[Cell]],
    profile: Profile,
    roles: dict[str, int],
    metric: str,
) -> str:
    """Fill score and verbatim from headers that are survey questions; return the metric."""
    for phrase, role, found in vocabulary().questions:
        if role in roles or role in profile.columns:
            continue
        for at, header in enumerate(grid.header):
            if at in roles.values() or not re.search(phrase, header[:300].casefold()):
                continue
            if role == "score" and not _fits(columns[at], ScoreMetric(found)):
                continue
            if role == "verbatim" and _numeric_share(columns[at]) >= 0.5:
                continue
            roles[role] = at
            metric = metric or found
            break
    return metric


def _fits(column: Sequence[Cell], metric: ScoreMetric) -> bool:
    numbers = [parse_score(cell) for cell in _filled(column)]
    return bool(numbers) and in_range(numbers, metric)


def _is_customer_table(roles: Mapping[str, int], profile: Profile) -> bool:
    about = any(role in roles for role in ("value_eur", *_CUSTOMER_ONLY))
    said = any(role in roles for role in ("verbatim", "score", "question", "conversation_id"))
    return "customer_id" in roles and about and not said and not profile.channel


def _running_text(columns: Sequence[Sequence[Cell]]) -> list[int]:
    """Return the columns that hold sentences, most words first."""
    found: list[tuple[int, int]] = []
    for at, column in enumerate(columns):
        texts = [text_of(cell) for cell in _filled(column[:2_000])]
        if not texts:
            continue
        words = sum(text.count(" ") + 1 for text in texts)
        distinct = len(set(texts)) / len(texts)
        if words / len(texts) >= _WORDS_WANTED and distinct >= 0.3 and _mostly_words(texts):
            found.append((-words, at))
    return [at for _, at in sorted(found)]


def _mostly_words(texts: Sequence[str]) -> bool:
    letters = sum(sum(map(str.isalpha, text[:200])) for text in texts)
    return letters >= 0.6 * sum(len(text[:200]) for text in texts)


def _channel(roles: Mapping[str, int], metric: str) -> str:
    if "conversation_id" in roles and "author_role" in roles:
        return Channel.CHAT
    return Channel.REVIEW if metric == ScoreMetric.STARS else Channel.SURVEY


def _question(grid: Grid, roles: Mapping[str, int]) -> str | None:
    if "verbatim" not in roles or "question" in roles:
        return None
    header = grid.header[roles["verbatim"]]
    asked = header.rstrip().endswith("?") or header.count(" ") >= 3
    return header.strip() if asked and normal(header) not in vocabulary().headers else None


def _day_first(profile: Profile, columns: Sequence[Sequence[Cell]]) -> bool:
    if profile.day_first is not None:
        return profile.day_first
    return day_comes_first(cell for column in columns for cell in column)


def _zone(grid: Grid, roles: Mapping[str, int]) -> str:
    header = grid.header[roles["received_at"]] if "received_at" in roles else ""
    return "UTC" if re.search(r"\(utc\)", header, re.IGNORECASE) else ""


def _identifies(
    grid: Grid, columns: Sequence[Sequence[Cell]], roles: Mapping[str, int], profile: Profile
) -> bool:
    """Tell whether the id column is more than a row number and never stands for two things."""
    if "feedback_id" not in roles:
        return False
    at = roles["feedback_id"]
    if "feedback_id" not in profile.columns and normal(grid.header[at]) in vocabulary().weak_ids:
        return False
    others = [columns[place] for role, place in roles.items() if role != "feedback_id"]
    seen: dict[str, tuple[Cell, ...]] = {}
    for own, *row in zip(columns[at], *others, strict=True):
        if seen.setdefault(text_of(own), tuple(row)) != tuple(row) and text_of(own):
            return False
    return True


def _numeric_share(column: Sequence[Cell]) -> float:
    filled = _filled(column)
    if not filled:
        return 0.0
    return sum(parse_score(cell) is not None for cell in filled) / len(filled)


def _filled(column: Sequence[Cell]) -> list[Cell]:
    empty = vocabulary().empty
    return [cell for cell in column if text_of(cell).casefold() not in empty]


def _says(name: str) -> bool:
    """Tell whether a cell is a statement, as an answer is; a header is a label or a question."""
    return name.endswith((".", "!")) or (name.count(" ") > 5 and not name.endswith(("?", ":", ")")))


def _nothing_to_read(grid: Grid) -> UnreadableInputError:
    return UnreadableInputError(
        f"no column with text or a score was recognised; columns seen: {_seen(grid)}",
        where=str(grid.path),
        hint=_PROFILE_HINT,
    )


def _seen(grid: Grid) -> str:
    """List the headers, unless they may be data: those are not repeated in a message."""
    if any(len(name) > 120 or _DATA.search(name) or _says(name) for name in grid.header):
        return "(the first row looks like data, not like a header)"
    names = [name[:60] for name in grid.header[:20]]
    more = len(grid.header) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
