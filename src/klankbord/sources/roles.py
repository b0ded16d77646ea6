"""The roles a column can play, and the headers and questions that announce them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from klankbord.resources import toml_beside

ROLES = (
    "feedback_id",
    "customer_id",
    "account_id",
    "author_role",
    "conversation_id",
    "turn",
    "question",
    "verbatim",
    "title",
    "language",
    "received_at",
    "score",
    "score_metric",
    "channel",
    "journey_stage",
    "segment",
    "value_eur",
    "started_at",
    "cancelled_at",
)
_NOT_WORD = re.compile(r"[\W_]+")
_LANGUAGE = re.compile(r"(?P<language>[^\W\d_]{2,20})(?:[-_][\w-]{1,20}|\s*\([^()]*\))?")
_NO_SCORE_METRIC = ""


@dataclass(frozen=True)
class Vocabulary:
    """What `columns.toml` holds, with headers and values in their normal form."""

    headers: Mapping[str, tuple[str, int]]  # normal header -> (role, rank: lower is preferred)
    metrics: Mapping[str, str]  # normal header -> score metric, "" to be inferred
    weak_ids: frozenset[str]
    ambiguous: frozenset[str]  # score headers that as often stand above words; texts, numbers
    nested: frozenset[str]  # roles recognised by the last part of a dotted JSON name
    questions: tuple[tuple[str, str, str], ...]  # (phrase, role, score metric)
    further_questions: tuple[tuple[str, str, str], ...]  # looser ones, "" for any metric
    values: Mapping[str, Mapping[str, str]]  # role -> normal value -> value of the schema
    languages: frozenset[str]  # codes of ISO 639-1
    effort: tuple[tuple[str, bool], ...]  # (phrase, whether a high score is a lot of effort)
    empty: frozenset[str]  # cells that mean "not given"
    totals: frozenset[str]  # first cells (normal form) of rows that sum a table up
    answers: Mapping[str, re.Pattern[str]]  # kind of header -> what is searched in it


def normal(name: str) -> str:
    """Return `name` without case, spaces, underscores and signs: "Ingevuld op" -> "ingevuldop"."""
    return _NOT_WORD.sub("", name[:300].casefold())


def known_header(name: str) -> str:
    """Return `name` where it is a word of `columns.toml`, else "".

    Messages name no others: in a file without a header row they are what a customer said.
    """
    return name if normal(name) in vocabulary().headers else ""


@cache
def vocabulary() -> Vocabulary:
    """Read `columns.toml`."""
    data = toml_beside(__package__, "columns.toml")
    headers: dict[str, tuple[str, int]] = {}
    metrics: dict[str, str] = {}
    for role, names in data["headers"].items():
        if role == "score":
            continue
        for rank, name in enumerate(names):
            headers.setdefault(normal(name), (role, rank))
    rank = 0
    for metric, names in data["headers"]["score"].items():
        for name in names:
            headers.setdefault(normal(name), ("score", rank))
            metrics[normal(name)] = _NO_SCORE_METRIC if metric == "inferred" else metric
            rank += 1
    return Vocabulary(
        headers=headers,
        metrics=metrics,
        weak_ids=frozenset(normal(name) for name in data["ids"]["weak"]),
        ambiguous=frozenset(normal(name) for names in data["ambiguous"].values() for name in names),
        nested=frozenset(data["nested"]["roles"]),
        questions=tuple(
            (entry["phrase"], entry["role"], entry.get("metric", "")) for entry in data["question"]
        ),
        further_questions=tuple(
            (entry["phrase"], entry["role"], entry["metric"]) for entry in data["further_question"]
        ),
        values={
            role: {normal(name): target for target, names in table.items() for name in names}
            for role, table in data["values"].items()
        },
        languages=frozenset(data["languages"]["codes"].split()),
        effort=tuple((entry["phrase"], entry["reversed"]) for entry in data["effort"]),
        empty=frozenset(data["empty"]["values"]),
        totals=frozenset(normal(name) for name in data["totals"]["values"]),
        answers={kind: re.compile(pattern) for kind, pattern in data["answers"].items()},
    )


def language_code(text: str) -> str | None:
    """Return the ISO 639-1 code of a language's name, code or tag ("Duits", "de-AT"), or None."""
    match = _LANGUAGE.fullmatch(text.strip()[:60])
    if match is None:
        return None
    words = vocabulary()
    code = match["language"].lower()
    found = words.values["language"].get(normal(code))
    return found or (code if code in words.languages else None)
