"""Actions as the CSV that Jira's importer reads: commas, dates as yyyy-MM-dd, one label a column.

Jira reads a description as wiki markup, in which a customer's words could load a picture from
elsewhere, hide text or call a person: what opens markup gets a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from klankbord.cells import neutralise
from klankbord.excerpt import shorten
from klankbord.records import Action
from klankbord.roundtrip import entries
from klankbord.roundtrip.rows import Facts
from klankbord.roundtrip.texts import data

LABELS = 4
COLUMNS = (
    "Summary",
    "Description",
    "Issue Type",
    "Priority",
    "Due Date",
    *("Labels",) * LABELS,
    "External issue ID",
)
_MARKUP = re.compile(r"([\\{\[!|])")
_NO_LABEL = re.compile(r"[\s,;\"']+")


def row(action: Action, facts: Facts) -> tuple[str, ...]:
    """Return the cells of one issue, in the order of COLUMNS."""
    rules: Mapping[str, Any] = data()["jira"]
    labels = (rules["label"], action.owner, action.kind, action.loop)
    return (
        shorten(entries.title(action, facts), rules["longest_summary"]),
        _MARKUP.sub(r"\\\1", "\n".join(entries.lines(action, facts))),
        rules["issue_type"],
        _priority(action.priority, rules),
        action.due.isoformat(),
        *(_NO_LABEL.sub("-", neutralise(label).strip()) for label in labels),
        neutralise(action.action_id),
    )


def _priority(value: float, rules: Mapping[str, Any]) -> str:
    steps = rules["priority"]
    return str(next((step["name"] for step in steps if value >= step["from"]), steps[-1]["name"]))
