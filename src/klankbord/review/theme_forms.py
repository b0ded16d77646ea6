"""What people can do with a theme, in words: a form for each verb, and why one was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from klankbord.cells import neutralise
from klankbord.loop.routing import departments
from klankbord.outputs.theme_list import ThemeLine, ThemeListing
from klankbord.review.choices import Option
from klankbord.review.theme_list import ThemesAsked, name_of
from klankbord.review.wording import ReviewWording
from klankbord.themes import edits
from klankbord.themes.edits import Edited, Known, is_head
from klankbord.themes.names import LONGEST_NAME, alike
from klankbord.themes.refusals import ThemeEditError

OFF = "off"  # the field that a button to take back sends
_SWITCHES = {"pin": "pinned", "forbid": "forbidden", "split": "divide"}
_NOT_FOR_HEADS = ("merge", "split")
VERBS = ("rename", "assign", "merge", "pin", "forbid", "split")
_KEYS = {"rename": "n", "merge": "m"}


@dataclass(frozen=True)
class Written:
    """What somebody filled in that could not be kept, and why not."""

    verb: str = ""
    wrong: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OptionGroup:
    """Choices of a select under a heading, "" for those without."""

    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Form:
    """One thing that can be done with a theme."""

    verb: str
    title: str
    when: str  # from when it counts, and what it does
    label: str  # of the field, "" for a form without one
    value: str  # of a text field
    groups: tuple[OptionGroup, ...]  # of a select
    go: str  # on the button, "" where it can only be taken back
    back: str  # on the button that takes it back, "" where there is nothing to take back
    why: str
    wrong: str
    key: str
    address: str
    open: bool


def forms(
    line: ThemeLine,
    listing: ThemeListing,
    asked: ThemesAsked,
    written: Written,
    t: ReviewWording,
) -> tuple[Form, ...]:
    """Return what can be done with a theme as it is now; nothing with one that was not kept."""
    if line.known is None:
        return ()
    heads = is_head(line.theme_id)
    offered = [verb for verb in VERBS if not (heads and verb in _NOT_FOR_HEADS)]
    return tuple(_form(verb, line, listing, asked, written, t) for verb in offered)


def change(verb: str, theme_id: str, form: Mapping[str, str]) -> Callable[[Known], Edited] | None:
    """Return the edit that a posted form asks for; None for a verb that there is not."""
    off = bool(form.get(OFF))
    value = None if off else form.get("value", "")
    if verb == "rename":
        return partial(edits.rename, theme_id=theme_id, name=value)
    if verb == "assign":
        chosen = value or None
        return partial(edits.assign, theme_id=theme_id, owner=chosen, departments=departments())
    if verb == "merge":
        return partial(edits.merge, theme_id=theme_id, into=value)
    switch = {"pin": edits.pin, "forbid": edits.forbid, "split": edits.split}.get(verb)
    return partial(switch, theme_id=theme_id, on=not off) if switch else None


def refused_text(error: ThemeEditError, listing: ThemeListing, t: ReviewWording) -> str:
    """Say why an edit was refused and what can be done instead."""
    other = name_of(error.other, listing) if error.other else ""
    states = [t(f"theme.state.{name}") for name in error.states]
    return t(
        f"theme.refused.{error.kind.value}",
        other=other,
        states=t.listed(tuple(states)),
        most=LONGEST_NAME,
    )


def _form(
    verb: str,
    line: ThemeLine,
    listing: ThemeListing,
    asked: ThemesAsked,
    written: Written,
    t: ReviewWording,
) -> Form:
    mine = written if written.verb == verb else Written()
    typed = mine.fields.get("value")
    back = _back(verb, line, listing, t)
    one_way = back and verb not in ("rename", "assign")
    return Form(
        verb=verb,
        title=t(f"theme.form.{verb}.title"),
        when=t(f"theme.form.{verb}.when"),
        label="" if verb in _SWITCHES or one_way else t(f"theme.form.{verb}.label"),
        value=(line.label if typed is None else typed) if verb == "rename" else "",
        groups=() if one_way else _groups(verb, line, listing, typed, t),
        go="" if one_way else t(f"theme.form.{verb}.go"),
        back=back,
        why=mine.fields.get("why", ""),
        wrong=mine.wrong,
        key=_KEYS.get(verb, ""),
        address=asked.theme_address(line.theme_id, verb),
        open=bool(mine.verb) or (verb == "rename" and not written.verb),
    )


def _back(verb: str, line: ThemeLine, listing: ThemeListing, t: ReviewWording) -> str:
    """Return the button that takes back what holds now, "" where that is nothing."""
    known = line.known
    if known is None:
        return ""
    holds = {
        "rename": bool(known.name),
        "merge": known.merged_into is not None,
        **{switch: bool(getattr(known, name)) for switch, name in _SWITCHES.items()},
    }
    if not holds.get(verb):
        return ""
    other = name_of(known.merged_into or "", listing)
    return t(f"theme.form.{verb}.back", found=neutralise(known.label), other=other)


def _groups(
    verb: str, line: ThemeLine, listing: ThemeListing, typed: str | None, t: ReviewWording
) -> tuple[OptionGroup, ...]:
    if verb == "assign":
        now = (line.known.owner if line.known else "") if typed is None else typed
        none = Option("", t("theme.form.assign.none"), now == "")
        own = [Option(name, t.label("department", name), name == now) for name in departments()]
        return (OptionGroup("", (none, *own)),)
    return _targets(line, listing, typed or "", t) if verb == "merge" else ()


def _targets(
    line: ThemeLine, listing: ThemeListing, chosen: str, t: ReviewWording
) -> tuple[OptionGroup, ...]:
    """Return the themes that can take another in: those under the same head first."""
    able = [one for one in listing.rows if one.known and not one.put_away and one != line]
    head = line.parent_id
    near = [one for one in able if head and head in (one.parent_id, one.theme_id)]
    groups = {
        "": [Option("", t("theme.form.merge.choose"), not chosen)],
        t("theme.form.merge.near"): _options(near, listing, chosen, t),
        t("theme.form.merge.far"): _options(
            [one for one in able if one not in near], listing, chosen, t
        ),
    }
    return tuple(OptionGroup(label, tuple(options)) for label, options in groups.items() if options)


def _options(
    lines: Sequence[ThemeLine], listing: ThemeListing, chosen: str, t: ReviewWording
) -> list[Option]:
    """Return a choice for each theme, told apart where two are called the same."""
    seen: dict[str, int] = {}
    for one in listing.rows:
        seen[alike(one.label)] = seen.get(alike(one.label), 0) + 1
    found = []
    for one in lines:
        name = one.label
        if seen[alike(name)] > 1 and one.parent_id:
            name = t("theme.form.merge.under", theme=name, head=name_of(one.parent_id, listing))
        label = t.count("theme.form.merge.option", one.mentions, theme=name)
        found.append(Option(one.theme_id, label, one.theme_id == chosen))
    return found
