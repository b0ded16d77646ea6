"""Plan which column of a table plays which role, by header first and by content with care."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from klankbord.records import RejectedRow
from klankbord.schema import Channel, ScoreMetric
from klankbord.sources import pieces
from klankbord.sources.answers import (
    filled,
    is_question,
    numeric_share,
    question_text,
    several_choices,
    texts_of,
)
from klankbord.sources.dates import DateColumn, survey
from klankbord.sources.decimals import decimal_mark
from klankbord.sources.grid import SURVEYED, Cell, Grid, text_of
from klankbord.sources.header_roles import (
    CUSTOMER_ONLY,
    Columns,
    find_feedback,
    from_headers,
    from_profile,
    grid_source,
    is_customer_table,
    withheld,
)
from klankbord.sources.long_format import Answers, scored_questions
from klankbord.sources.pieces import Piece
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.scales import Scale, plain_scale
from klankbord.sources.score_columns import scale_of_column
from klankbord.sources.scores import any_effort, effort_of_header, infer_metric

_WHOLE = 2_000  # rows of which long texts are kept whole
_LONGEST_KEPT = 400  # characters of a cell in the others
_MOST_KEPT = 4_000_000  # cells


@dataclass(frozen=True)
class Plan:
    """Which column is what, and how its cells are to be read."""

    kind: str  # "feedback" or "customers"
    source: str
    roles: Mapping[str, int]  # role -> column
    rest: tuple[int, ...]  # columns that go to `attributes`
    choices: Mapping[int, str]  # those of `rest` with several choices in a cell -> sign between
    left_out: tuple[str, ...]  # headers of those that do not: they point at a person
    profile: Profile
    channel: str
    author_role: str
    question: str | None  # of every row, where the verbatim's header is the question
    pieces: tuple[Piece, ...]  # further answers in the same row, each feedback of its own
    answers: Answers  # of a long table: questions whose answers are scores
    metric: str  # "" where the table has no score
    metric_because: str  # "" where its header names it
    scale: Scale | None  # of the score column; None where each row names its metric
    effort: bool | None  # a high effort score is much effort; None: by each row's question
    reversed: bool  # there are effort scores to be turned round
    dates: Mapping[str, DateColumn]  # role -> how its dates are written
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
    columns = surveyed(grid)
    roles, claimed = from_profile(grid, mapping)
    metric = from_headers(grid, columns, mapping, roles, claimed)
    customers = is_customer_table(grid, roles, mapping)
    texts: list[int] = []
    if not customers:
        for role in CUSTOMER_ONLY:
            roles.pop(role, None)
        metric, texts = find_feedback(grid, columns, mapping, roles, metric)
    asked_metric, because, effort, scale = metric, "", None, None
    if "score" in roles:
        effort = effort_of_header(mapping, grid.header[roles["score"]])
        metric, because, scale = _score(grid, columns, mapping, roles, metric)
    channel = (
        mapping.constants.get("channel")
        or mapping.channel
        or _channel(roles, asked_metric or metric)
    )
    free = [
        at for at in range(len(grid.header)) if at not in roles.values() and not withheld(grid, at)
    ]
    further = () if customers else pieces.further_pieces(grid, columns, free, mapping, channel)
    read = {at for piece in further for at in piece.columns}
    rest = tuple(at for at in free if at not in read and pieces.asked_of(grid, at).kind != "none")
    answers = {} if customers else scored_questions(columns, roles, mapping)
    dated = {role: roles[role] for role in ("received_at", *CUSTOMER_ONLY) if role in roles}
    return Plan(
        kind="customers" if customers else "feedback",
        source=source,
        roles=roles,
        rest=rest,
        choices=_choices(columns, rest),
        left_out=_left_out(grid, roles),
        profile=mapping,
        channel=channel,
        author_role=mapping.constants.get("author_role", "customer"),
        question=mapping.constants.get("question") or _question(grid, roles, further),
        pieces=further,
        answers=answers,
        metric=metric,
        metric_because=because,
        scale=None if "score_metric" in roles else scale,
        effort=effort,
        reversed=_turned(columns, roles, metric, effort, scale, further),
        dates={role: _dates(grid, mapping, columns[at]) for role, at in dated.items()},
        timezone=mapping.timezone or _zone(grid, roles) or grid.timezone or timezone,
        decimals={
            role: mapping.decimal or decimal_mark(columns[roles[role]], amounts=role == "value_eur")
            for role in ("score", "value_eur", "turn")
            if role in roles
        },
        own_ids=_identifies(grid, columns, roles, mapping),
        other_text=tuple(grid.header[at] for at in texts if at in rest),
        shown={role: grid.header[at] for role, at in roles.items()},
    )


def surveyed(grid: Grid) -> Columns:
    """Return the cells of the first rows by column; of long texts mostly the beginning."""
    rows: list[Sequence[Cell]] = []
    most = max(_WHOLE, min(SURVEYED, _MOST_KEPT // len(grid.header)))
    for record in islice(grid.records(), most):
        if isinstance(record, RejectedRow) or (grid.no_feedback and grid.no_feedback(record[1])):
            continue
        rows.append(record[1] if len(rows) < _WHOLE else tuple(map(_beginning, record[1])))
    return list(zip(*rows, strict=True)) if rows else [() for _ in grid.header]


def _beginning(cell: Cell) -> Cell:
    """Return a long text as its beginning with a digest, so that different texts stay different."""
    if isinstance(cell, str) and len(cell) > _LONGEST_KEPT:
        return f"{cell[: _LONGEST_KEPT - 40]}…{hash(cell)}"
    return cell


def _score(
    grid: Grid, columns: Columns, profile: Profile, roles: Mapping[str, int], metric: str
) -> tuple[str, str, Scale]:
    """Return the metric of the score column, the grounds for it, and the scale it is read by."""
    at = roles["score"]
    header, because = grid.header[at], ""
    effort = effort_of_header(profile, header)
    given = profile.score_metric or profile.constants.get("score_metric", "")
    mark = profile.decimal or decimal_mark(columns[at])
    cells = filled(columns[at])
    if not metric and numeric_share(columns[at]) >= 0.5:
        metric, because = infer_metric(grid, columns, roles)
    scale = None
    if "score" not in profile.values:
        scale = scale_of_column(header, cells, metric, mark, effort)
    if scale is None or (given and scale.metric != given):
        metric = metric or ScoreMetric.CSAT
        return metric, because, plain_scale(metric, effort=bool(effort))
    if given and not scale.labels:
        return given, "", plain_scale(given, effort=bool(effort))
    return scale.metric, "; ".join(filter(None, (because, scale.because))), scale


def _left_out(grid: Grid, roles: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(
        name
        for at, name in enumerate(grid.header)
        if at not in roles.values() and withheld(grid, at)
    )


def _choices(columns: Columns, rest: Sequence[int]) -> dict[int, str]:
    found = {at: several_choices(texts_of(columns[at])) for at in rest}
    return {at: sign for at, sign in found.items() if sign}


def _turned(
    columns: Columns,
    roles: Mapping[str, int],
    metric: str,
    effort: bool | None,
    scale: Scale | None,
    further: Sequence[Piece],
) -> bool:
    """Tell whether some effort scores of the table are stored with their ends changed."""
    scales = [scale, *(piece.score.scale for piece in further if piece.score)]
    if "score_metric" not in roles and "question" not in roles:
        return any(each.reversed for each in scales if each is not None)
    questions = columns[roles["question"]] if "question" in roles else ()
    metrics = {metric, *_named(columns, roles)}
    return ScoreMetric.CES in metrics and any_effort(effort, questions)


def _named(columns: Columns, roles: Mapping[str, int]) -> set[str]:
    """Return the score metrics that the rows of a table in long form name."""
    if "score_metric" not in roles:
        return set()
    cells = {normal(text_of(cell)) for cell in columns[roles["score_metric"]]}
    known = vocabulary().values["score_metric"]
    return {known[cell] for cell in cells if cell in known}


def _channel(roles: Mapping[str, int], metric: str) -> str:
    if "conversation_id" in roles and "author_role" in roles:
        return Channel.CHAT
    return Channel.REVIEW if metric == ScoreMetric.STARS else Channel.SURVEY


def _question(grid: Grid, roles: Mapping[str, int], further: Sequence[Piece]) -> str | None:
    """Return the question of the main piece; a plain name of a column is one among others only."""
    if "question" in roles:
        return None
    if "verbatim" not in roles:
        return question_text(grid.header[roles["score"]]) if grid.tells_answers else None
    header = grid.header[roles["verbatim"]]
    several = grid.tells_answers or any(piece.text is not None for piece in further)
    if several and normal(header) not in vocabulary().headers:
        return question_text(header)
    return header.strip() if is_question(header) else None


def _dates(grid: Grid, profile: Profile, column: Sequence[Cell]) -> DateColumn:
    """Decide how the dates of one column are written.

    What a user's profile says goes before what the values show; what a built-in one says only
    counts where no value decides.
    """
    found = survey(column)
    if profile.day_first is None or (profile.name == grid_source(grid) and found.decided):
        return found
    order = "day" if profile.day_first else "month"
    because = f"the {order} comes first in this export"
    return replace(found, day_first=profile.day_first, because=because, ambiguous=0)


def undecided(dates: DateColumn) -> bool:
    """Tell whether no value showed which of day and month comes first, and it matters."""
    return dates.ambiguous > 0 and not dates.decided


def _zone(grid: Grid, roles: Mapping[str, int]) -> str:
    header = grid.header[roles["received_at"]] if "received_at" in roles else ""
    return "UTC" if re.search(r"\(utc\)", header, re.IGNORECASE) else ""


def _identifies(grid: Grid, columns: Columns, roles: Mapping[str, int], profile: Profile) -> bool:
    """Tell whether the id column is more than a row number and never stands for two things.

    That of a known export is the source's own: twice in a file, it is a version of the same.
    """
    if "feedback_id" not in roles:
        return False
    if "feedback_id" in profile.columns and profile.name == grid_source(grid):
        return True
    at = roles["feedback_id"]
    if "feedback_id" not in profile.columns and normal(grid.header[at]) in vocabulary().weak_ids:
        return False
    others = [columns[place] for role, place in roles.items() if role != "feedback_id"]
    seen: dict[str, tuple[Cell, ...]] = {}
    for own, *row in zip(columns[at], *others, strict=True):
        told = tuple(map(_beginning, row))
        if seen.setdefault(text_of(own), told) != told and text_of(own):
            return False
    return True
