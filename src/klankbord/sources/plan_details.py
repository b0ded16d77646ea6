"""What a plan decided, in words for the person who imports the file."""

from __future__ import annotations

from klankbord.sources.columns import Plan, undecided
from klankbord.sources.grid import Grid
from klankbord.sources.pieces import Piece
from klankbord.sources.roles import known_header

_EFFORT = "ces is stored as 8 - x: high = easy = good"


def plan_details(plan: Plan, grid: Grid) -> dict[str, str]:
    """Return the details of a Detection: kind, columns, scores, dates, questions, what is left."""
    details = {"kind": plan.kind}
    details |= {f"column.{role}": header for role, header in sorted(plan.shown.items())}
    for number, piece in enumerate(plan.pieces, start=2):
        if piece.text is not None:
            details[f"column.verbatim {number}"] = grid.header[piece.text]
        if piece.score is not None:
            details[f"column.score {number}"] = grid.header[piece.score.at]
    if plan.metric:
        details["score_metric"] = str(plan.metric)
    if plan.metric_because:
        details["score_metric_because"] = plan.metric_because
    if plan.reversed:
        details["score_reversed"] = _EFFORT
    for role, dates in plan.dates.items():
        if dates.notation:
            details[f"date.{role}"] = f"{dates.notation}; {dates.because}"
    if ambiguous := [_ambiguous(plan, role) for role in plan.dates if undecided(plan.dates[role])]:
        details["ambiguous_dates"] = "; ".join(ambiguous)
    if plan.pieces or plan.answers:
        details["questions"] = "; ".join(dict.fromkeys(_questions(plan)))
        scales = [piece.score.scale.because for piece in plan.pieces if piece.score]
        if told := [each for each in dict.fromkeys(scales) if each]:
            details["scores_of_questions"] = "; ".join(told)
    if plan.pieces:
        most = 1 + len(plan.pieces)
        details["respondents"] = f"one per row, with up to {most} answers counted as rows"
    if plan.left_out:
        details["left_out"] = ", ".join(plan.left_out)
    if plan.other_text:
        details["text_in_attributes"] = ", ".join(plan.other_text)
    return details


def _ambiguous(plan: Plan, role: str) -> str:
    dates = plan.dates[role]
    first = "day" if dates.day_first else "month"
    name = known_header(plan.shown[role]) or role
    return f"{name}: {dates.ambiguous} dates could be either, read with the {first} first"


def _questions(plan: Plan) -> list[str]:
    main = plan.shown.get("verbatim") or plan.shown.get("score", "")
    asked = [plan.question or main] if not plan.answers else []
    return [*asked, *plan.answers, *map(described, plan.pieces)]


def described(piece: Piece) -> str:
    """Return the question of a piece, with the metric of its score."""
    if piece.score is None:
        return piece.question
    return f"{piece.question} ({piece.score.scale.metric})"
