"""`klankbord import --map`: ask which column is what, and save the answers as a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.cli.output import ask, note, table
from klankbord.errors import UnreadableInputError
from klankbord.excerpt import shorten
from klankbord.location import Location
from klankbord.schema import Channel, ScoreMetric

if TYPE_CHECKING:
    from klankbord.sources.seen import SeenColumns

# What is asked for every file, in this order; the rest only when more is wanted.
_ASKED = (
    ("verbatim", "Which column holds what customers wrote?"),
    ("score", "Which column holds a score?"),
    ("received_at", "Which column holds the date?"),
    ("customer_id", "Which column tells customers apart (a customer number)?"),
)
_MORE = (
    ("question", "Which column holds the question that was answered?"),
    ("title", "Which column holds a title above the text?"),
    ("account_id", "Which column names the organisation the customer belongs to?"),
    ("segment", "Which column holds the customer segment?"),
    ("value_eur", "Which column holds the value of the customer in euros?"),
    ("journey_stage", "Which column holds the stage of the customer journey?"),
    ("conversation_id", "Which column tells conversations apart?"),
    ("author_role", "Which column says who speaks (customer or agent)?"),
    ("feedback_id", "Which column identifies a response by itself?"),
    ("language", "Which column holds the language?"),
)
_NONE = "-"
_EXAMPLES = 3
_LONGEST = 28


def map_columns(paths: Sequence[Path], *, workspace: Location, timezone: str) -> Path:
    """Ask what the columns of one file are and return the profile that was saved.

    Raises UnreadableInputError where there is more than one file, or a file without columns.
    """
    from klankbord.sources import seen_columns
    from klankbord.sources.profile import Profile
    from klankbord.sources.saved_profiles import profile_folder, profile_name, save_profile

    if len(paths) != 1 or paths[0].is_dir():
        raise UnreadableInputError(
            "--map asks about one file at a time", hint="name one of the files that are alike"
        )
    path = paths[0]
    seen = seen_columns(path, timezone)
    _show(seen)
    note(f"Answer with a number, Enter for what stands in brackets, or {_NONE} for none.")
    columns = {role: _column(seen, role, asked) for role, asked in _ASKED}
    while not columns["verbatim"] and not columns["score"]:
        note("A file without text and without a score holds no feedback.")
        columns |= {role: _column(seen, role, asked) for role, asked in _ASKED[:2]}
    profile = Profile(name="", shape=seen.shape)
    if columns["score"]:
        known = seen.metric or str(ScoreMetric.NPS)
        metric = _choice("What does the score measure?", [str(each) for each in ScoreMetric], known)
        profile = replace(profile, score_metric=metric)
    channel = _choice("Where did it come in?", [str(each) for each in Channel], seen.channel)
    if columns["received_at"] and seen.is_ambiguous(columns["received_at"]):
        first = _choice("In 03-04-2025, what is 03?", ["day", "month"], "day")
        profile = replace(profile, day_first=first == "day")
    if _choice("Name more columns (segment, value, question …)?", ["y", "n"], "n") == "y":
        columns |= {role: _column(seen, role, asked) for role, asked in _MORE}
    name = profile_name(ask("Save this mapping under which name?", profile_name(path.stem)))
    asked = {*columns}
    kept = {role: header for role, header in columns.items() if header or role in seen.roles}
    kept |= {role: header for role, header in seen.roles.items() if role not in asked}
    saved = profile_folder(workspace) / f"{name}.toml"
    save_profile(replace(profile, name=name, channel=channel, columns=kept), saved)
    note(f"saved; files with these columns are now read this way (or: --profile {name})")
    return saved


def _show(seen: SeenColumns) -> None:
    roles = {header: role for role, header in seen.roles.items()}
    rows = []
    for number, (header, cells) in enumerate(zip(seen.header, seen.examples, strict=True), start=1):
        examples = " | ".join(shorten(cell, _LONGEST) for cell in cells[:_EXAMPLES])
        rows.append((str(number), shorten(header, _LONGEST), examples, roles.get(header, "")))
    table("Columns", ("nr", "column", "examples", "read as"), rows)


def _column(seen: SeenColumns, role: str, asked: str) -> str:
    """Return the header a person chose for `role`, "" for none."""
    known = seen.roles.get(role, "")
    default = str(seen.header.index(known) + 1) if known else _NONE
    while True:
        answer = ask(asked, default)
        if answer == _NONE:
            return ""
        if answer.isdigit() and 1 <= int(answer) <= len(seen.header):
            return seen.header[int(answer) - 1]
        if answer in seen.header:
            return answer
        note(f"a number from 1 to {len(seen.header)}, the name of a column, or {_NONE}")


def _choice(asked: str, allowed: Sequence[str], default: str) -> str:
    while True:
        answer = ask(f"{asked} ({', '.join(allowed)})", default).casefold()
        if answer in allowed:
            return answer
        note(f"one of: {', '.join(allowed)}")
