"""What people decide about themes that last: names, owners, and what belongs together.

Every function takes the known themes and returns them with one decision changed, and that change
as an Edit for the history. A decision that contradicts another is refused, so that a run never
has to choose between the two. A head of the codeframe is known too once something was decided
about it: a row without centre and terms (`with_heads` adds the others, `decided` drops them).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from klankbord.errors import KlankbordError
from klankbord.records import KnownTheme
from klankbord.themes.codeframe import codeframe

LONGEST_NAME = 60  # characters
UNDO = "undo"
AUTOMATIC: Mapping[str, Any] = {  # what each decision is where nobody decided
    "name": "",
    "owner": "",
    "pinned": False,
    "forbidden": False,
    "merged_into": None,
    "divide": False,
}
_HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")  # Unicode categories nobody can see
_JOINER = "\u200d"  # builds emoji
_CLOSE = 0.6  # difflib ratio from which an id is worth suggesting
_SUGGESTED = 3

Value = str | bool | None
Known = tuple[KnownTheme, ...]


class ThemeEditError(KlankbordError):
    """A decision about a theme that cannot be taken."""


@dataclass(frozen=True)
class Edit:
    """One decision about one theme."""

    verb: str
    theme_id: str
    changes: Mapping[str, tuple[Value, Value]]  # field of KnownTheme -> (old, new)


Edited = tuple[Known, Edit]


def is_head(theme_id: str) -> bool:
    """Tell whether this is a head of the codeframe, not a theme that was found."""
    return theme_id in codeframe()


def shown_name(theme: KnownTheme) -> str:
    """Return what the theme is called: as a person named it, else as it was found."""
    return theme.name or theme.label


def owner_of(known: Iterable[KnownTheme], theme: KnownTheme) -> str:
    """Return the theme's department: its own, else that of its head; "" for one without either."""
    head = theme.parent_id or theme.theme_id
    given = next((one.owner for one in known if one.theme_id == head), "")
    code = codeframe().get(head)
    return theme.owner or given or (code.owner if code else "")


def resolve(known: Iterable[KnownTheme], theme_id: str) -> str:
    """Return the theme that takes the mentions of `theme_id`: itself, or where it was merged."""
    held = {theme.theme_id: theme for theme in known}
    passed: set[str] = set()
    while theme_id not in passed:
        passed.add(theme_id)
        theme = held.get(theme_id)
        if theme is None and not is_head(theme_id):
            raise _unknown(held.values(), theme_id)
        if theme is None or theme.merged_into is None:
            return theme_id
        theme_id = theme.merged_into
    raise ThemeEditError("these themes are merged in a circle", hint="klankbord themes undo")


def with_heads(known: Iterable[KnownTheme], day: date, language: str = "nl") -> Known:
    """Add a row for every head of the codeframe that has none, so that it can be edited.

    Heads are labelled in `language`.
    """
    held = {theme.theme_id: theme for theme in known}
    for code, entry in codeframe().items():
        blank = KnownTheme(code, None, "", (), "", (), (), day, day)
        held[code] = replace(held.get(code, blank), label=entry.label(language))
    return _ordered(held.values())


def decided(known: Iterable[KnownTheme]) -> Known:
    """Drop the rows of heads about which nothing is decided; found themes always stay."""
    return _ordered(
        theme for theme in known if not is_head(theme.theme_id) or _decisions(theme) != AUTOMATIC
    )


def kept(
    found: Iterable[KnownTheme], before: Iterable[KnownTheme], now: Iterable[KnownTheme]
) -> Known:
    """Return what to keep of `found`, as a run leaves the themes: with edits made meanwhile.

    `before` are the themes the run began with, `now` those that are kept when it ends.
    """
    old = {theme.theme_id: theme for theme in before}
    current = {theme.theme_id: theme for theme in now}
    merged = {theme.theme_id: theme for theme in found}
    for theme_id, theme in merged.items():
        was, is_now = _decisions(old.get(theme_id)), _decisions(current.get(theme_id))
        later = {name: value for name, value in is_now.items() if value != was[name]}
        merged[theme_id] = replace(theme, **later)
    return _ordered((current | merged).values())


def rename(known: Sequence[KnownTheme], theme_id: str, name: str | None) -> Edited:
    """Give a theme a name; None takes it away, so that the theme is called as it was found."""
    theme = _find(known, theme_id)
    return _change(known, theme, "rename", name="" if name is None else _clean(name))


def assign(
    known: Sequence[KnownTheme], theme_id: str, owner: str | None, departments: Sequence[str]
) -> Edited:
    """Give a theme to one of the `departments`; None leaves it with that of its head."""
    theme = _find(known, theme_id)
    if owner is None:
        return _change(known, theme, "assign", owner="")
    wanted = owner.strip().casefold()
    for department in departments:
        if department.casefold() == wanted:
            return _change(known, theme, "assign", owner=department)
    raise ThemeEditError("there is no such department", hint=f"one of: {', '.join(departments)}")


def merge(known: Sequence[KnownTheme], theme_id: str, into: str | None) -> Edited:
    """Let `into` take the mentions of a theme over; None makes it a theme of its own again."""
    theme = _find(known, theme_id)
    if into is not None:
        _find(known, into)
    return _change(known, theme, "unmerge" if into is None else "merge", merged_into=into)


def split(known: Sequence[KnownTheme], theme_id: str, *, on: bool = True) -> Edited:
    """Ask the next run to divide a theme, or take that back."""
    return _change(known, _find(known, theme_id), "split" if on else "unsplit", divide=on)


def pin(known: Sequence[KnownTheme], theme_id: str, *, on: bool = True) -> Edited:
    """List a theme however seldom it is mentioned, or no longer."""
    return _change(known, _find(known, theme_id), "pin" if on else "unpin", pinned=on)


def forbid(known: Sequence[KnownTheme], theme_id: str, *, on: bool = True) -> Edited:
    """Never list a theme, so that its mentions stay with its head, or allow it again."""
    return _change(known, _find(known, theme_id), "forbid" if on else "allow", forbidden=on)


def undo(known: Sequence[KnownTheme], history: Iterable[Edit]) -> Edited:
    """Take back the last edit of `history` (oldest first) that was not taken back before."""
    standing: list[Edit] = []
    for edit in history:
        if edit.verb != UNDO:
            standing.append(edit)
        elif standing:
            standing.pop()
    if not standing:
        raise ThemeEditError("there is no edit to undo")
    last = standing[-1]
    theme = _find(known, last.theme_id)
    if any(getattr(theme, name) != new for name, (_, new) in last.changes.items()):
        raise ThemeEditError(
            f"the last edit ({last.verb} {last.theme_id}) was carried out by an analysis since",
            hint=f"klankbord themes show {last.theme_id}",
        )
    return _change(known, theme, UNDO, **{name: old for name, (old, _) in last.changes.items()})


def _change(
    known: Sequence[KnownTheme], theme: KnownTheme, verb: str, **decisions: Value
) -> Edited:
    """Return `known` with other decisions about `theme`; raises where that cannot be."""
    changes = {
        name: (getattr(theme, name), new)
        for name, new in decisions.items()
        if getattr(theme, name) != new
    }
    if not changes:
        raise ThemeEditError(f"{theme.theme_id} is that way already; nothing was changed")
    fresh: dict[str, Any] = {name: new for name, (_, new) in changes.items()}
    changed = replace(theme, **fresh)
    after = tuple(changed if one.theme_id == theme.theme_id else one for one in known)
    if "merged_into" in changes:
        _refuse_impossible_merge(after, changed)
    _refuse_contradiction(after, changed)
    if changed.merged_into is None and ("name" in changes or "merged_into" in changes):
        _refuse_double_name(after, changed)
    return after, Edit(verb, theme.theme_id, changes)


def _refuse_impossible_merge(known: Known, theme: KnownTheme) -> None:
    if theme.merged_into is None:
        return
    if theme.merged_into == theme.theme_id:
        raise ThemeEditError("a theme cannot be merged into itself", hint="name another theme")
    target = _find(known, theme.merged_into)
    if target.forbidden:
        raise ThemeEditError(
            f"{target.theme_id} is forbidden; nothing can be merged into it",
            hint=f"klankbord themes forbid {target.theme_id} --off",
        )
    if target.merged_into is None:
        return
    others = [one for one in known if one.theme_id != theme.theme_id]
    end = resolve([*others, replace(theme, merged_into=None)], target.theme_id)
    if end == theme.theme_id:
        raise ThemeEditError(
            f"{target.theme_id} is merged into {theme.theme_id}: that would be a circle",
            hint=f"klankbord themes merge {target.theme_id} --off",
        )
    raise ThemeEditError(
        f"{target.theme_id} is merged itself", hint=f"merge into {end}, which takes its mentions"
    )


def _refuse_contradiction(known: Known, theme: KnownTheme) -> None:
    own = theme.theme_id
    if is_head(own) and (theme.merged_into is not None or theme.divide):
        raise ThemeEditError(
            f"{own} is a head of the codeframe, which cannot be merged or split",
            hint="merge or split the themes under it; a head can be renamed, pinned and forbidden",
        )
    undoing = {
        "forbidden": theme.forbidden,
        "merged": theme.merged_into is not None,
        "pinned": theme.pinned,
        "to be split": theme.divide,
    }
    held = [name for name, holds in undoing.items() if holds]
    if len(held) > 1 and held != ["pinned", "to be split"]:
        verb = {"forbidden": "forbid", "merged": "merge", "pinned": "pin", "to be split": "split"}
        raise ThemeEditError(
            f"{own} cannot be both {held[0]} and {held[1]}",
            hint=f"take one back, such as: klankbord themes {verb[held[1]]} {own} --off",
        )
    guest = next((one.theme_id for one in known if one.merged_into == own), None)
    if theme.forbidden and guest is not None:
        raise ThemeEditError(
            f"{guest} is merged into {own}, which therefore cannot be forbidden",
            hint=f"klankbord themes merge {guest} --off",
        )


def _refuse_double_name(known: Known, theme: KnownTheme) -> None:
    for one in known:
        if (
            one.theme_id != theme.theme_id
            and one.parent_id == theme.parent_id
            and one.merged_into is None
            and _alike(shown_name(one)) == _alike(shown_name(theme))
        ):
            raise ThemeEditError(
                f"{one.theme_id} beside it has that name already",
                hint="give another name, or merge the two",
            )


def _alike(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _clean(name: str) -> str:
    """Return a name as it is kept; raises where it is no name."""
    name = unicodedata.normalize("NFC", name.strip())
    if any(unicodedata.category(sign) in _HIDDEN and sign != _JOINER for sign in name):
        raise ThemeEditError(
            "a name cannot hold control characters or line ends", hint="type the name again"
        )
    if not any(sign.isalnum() for sign in name):
        raise ThemeEditError(
            "a name needs at least one letter or digit",
            hint="--off takes a name away, so that the theme is called as it was found",
        )
    if len(name) > LONGEST_NAME:
        raise ThemeEditError(
            f"a name of {len(name)} characters is too long",
            hint=f"use at most {LONGEST_NAME} characters",
        )
    return name


def _find(known: Sequence[KnownTheme], theme_id: str) -> KnownTheme:
    for theme in known:
        if theme.theme_id == theme_id:
            return theme
    raise _unknown(known, theme_id)


def _unknown(known: Iterable[KnownTheme], theme_id: str) -> ThemeEditError:
    return no_such_theme(
        [(one.theme_id, name) for one in known for name in (one.name, one.label)], theme_id
    )


def no_such_theme(named: Iterable[tuple[str, str]], theme_id: str) -> ThemeEditError:
    """Return the error for an unknown id, with the ids near it; `named` are (id, name)."""
    pairs = list(named)
    wanted = theme_id.strip().casefold()
    ids = list(dict.fromkeys(own for own, _ in pairs))
    near = [own for own, name in pairs if name and _alike(name) == _alike(wanted)]
    near += get_close_matches(wanted, ids, _SUGGESTED, _CLOSE)
    near += [own for own in ids if len(wanted) > 2 and wanted in own]
    suggested = ", ".join(list(dict.fromkeys(near))[:_SUGGESTED])
    return ThemeEditError(
        "there is no theme with that id",
        hint=f"perhaps {suggested}" if suggested else "klankbord themes list --all shows the ids",
    )


def _decisions(theme: KnownTheme | None) -> dict[str, Any]:
    if theme is None:
        return dict(AUTOMATIC)
    return {name: getattr(theme, name) for name in AUTOMATIC}


def _ordered(known: Iterable[KnownTheme]) -> Known:
    return tuple(sorted(known, key=lambda theme: theme.theme_id))
