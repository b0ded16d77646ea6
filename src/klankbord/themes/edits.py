"""What people decide about themes that last: names, owners, and what belongs together.

Every function takes the known themes and returns them with one decision changed, and that change
as an Edit for the history. A decision that contradicts another is refused, so that a run never
has to choose between the two. A head of the codeframe is known too once something was decided
about it: a row without centre and terms (`with_heads` adds the others, `decided` drops them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from klankbord.records import KnownTheme
from klankbord.themes.codeframe import codeframe
from klankbord.themes.names import alike, clean, no_such_theme
from klankbord.themes.refusals import Refusal, ThemeEditError

UNDO = "undo"
AUTOMATIC: Mapping[str, Any] = {  # what each decision is where nobody decided
    "name": "",
    "owner": "",
    "pinned": False,
    "forbidden": False,
    "merged_into": None,
    "divide": False,
}

_STATES = {  # decisions that rule each other out -> what they are called, and the verb
    "forbidden": ("forbidden", "forbid"),
    "merged_into": ("merged", "merge"),
    "pinned": ("pinned", "pin"),
    "divide": ("to be split", "split"),
}

Value = str | bool | None
Known = tuple[KnownTheme, ...]


@dataclass(frozen=True)
class Edit:
    """One decision about one theme."""

    verb: str
    theme_id: str
    changes: Mapping[str, tuple[Value, Value]]  # field of KnownTheme -> (old, new)


Edited = tuple[Known, Edit]
SomeEdit = TypeVar("SomeEdit", bound=Edit)


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
    raise ThemeEditError(
        "these themes are merged in a circle", Refusal.CIRCLE, hint="klankbord themes undo"
    )


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
    return _change(known, theme, "rename", name="" if name is None else clean(name))


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
    raise ThemeEditError(
        "there is no such department",
        Refusal.DEPARTMENT,
        hint=f"one of: {', '.join(departments)}",
    )


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


def undo(
    known: Sequence[KnownTheme], history: Iterable[Edit], theme_id: str | None = None
) -> Edited:
    """Take back the last edit of `history` (oldest first), or of one theme, that still stands."""
    held = [edit for edit in standing(history) if theme_id in (None, edit.theme_id)]
    if not held:
        raise ThemeEditError("there is no edit to undo", Refusal.NOTHING_TO_UNDO)
    last = held[-1]
    theme = _find(known, last.theme_id)
    if any(getattr(theme, name) != new for name, (_, new) in last.changes.items()):
        raise ThemeEditError(
            f"the last edit ({last.verb} {last.theme_id}) was carried out by an analysis since",
            Refusal.CARRIED_OUT,
            hint=f"klankbord themes show {last.theme_id}",
        )
    return _change(known, theme, UNDO, **{name: old for name, (old, _) in last.changes.items()})


def standing(history: Iterable[SomeEdit]) -> list[SomeEdit]:
    """Return the edits of `history` (oldest first) that were not taken back."""
    held: list[SomeEdit] = []
    for edit in history:
        if edit.verb != UNDO:
            held.append(edit)
            continue
        for at in reversed(range(len(held))):
            if held[at].theme_id == edit.theme_id:
                del held[at]
                break
    return held


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
        raise ThemeEditError(
            f"{theme.theme_id} is that way already; nothing was changed", Refusal.UNCHANGED
        )
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
        raise ThemeEditError(
            "a theme cannot be merged into itself", Refusal.ITSELF, hint="name another theme"
        )
    target = _find(known, theme.merged_into)
    if target.forbidden:
        raise ThemeEditError(
            f"{target.theme_id} is forbidden; nothing can be merged into it",
            Refusal.INTO_FORBIDDEN,
            hint=f"klankbord themes forbid {target.theme_id} --off",
            other=target.theme_id,
        )
    if target.merged_into is None:
        return
    others = [one for one in known if one.theme_id != theme.theme_id]
    end = resolve([*others, replace(theme, merged_into=None)], target.theme_id)
    if end == theme.theme_id:
        raise ThemeEditError(
            f"{target.theme_id} is merged into {theme.theme_id}: that would be a circle",
            Refusal.CIRCLE,
            hint=f"klankbord themes merge {target.theme_id} --off",
            other=target.theme_id,
        )
    raise ThemeEditError(
        f"{target.theme_id} is merged itself",
        Refusal.INTO_MERGED,
        hint=f"merge into {end}, which takes its mentions",
        other=end,
    )


def _refuse_contradiction(known: Known, theme: KnownTheme) -> None:
    own = theme.theme_id
    if is_head(own) and (theme.merged_into is not None or theme.divide):
        raise ThemeEditError(
            f"{own} is a head of the codeframe, which cannot be merged or split",
            Refusal.HEAD,
            hint="merge or split the themes under it; a head can be renamed, pinned and forbidden",
        )
    held = [name for name in _STATES if getattr(theme, name)]
    if len(held) > 1 and held != ["pinned", "divide"]:
        (first, _), (second, verb) = (_STATES[name] for name in held[:2])
        raise ThemeEditError(
            f"{own} cannot be both {first} and {second}",
            Refusal.CONTRADICTION,
            hint=f"take one back, such as: klankbord themes {verb} {own} --off",
            states=tuple(held),
        )
    guest = next((one.theme_id for one in known if one.merged_into == own), None)
    if theme.forbidden and guest is not None:
        raise ThemeEditError(
            f"{guest} is merged into {own}, which therefore cannot be forbidden",
            Refusal.HOLDS_ANOTHER,
            hint=f"klankbord themes merge {guest} --off",
            other=guest,
        )


def _refuse_double_name(known: Known, theme: KnownTheme) -> None:
    for one in known:
        if (
            one.theme_id != theme.theme_id
            and one.parent_id == theme.parent_id
            and one.merged_into is None
            and alike(shown_name(one)) == alike(shown_name(theme))
        ):
            raise ThemeEditError(
                f"{one.theme_id} beside it has that name already",
                Refusal.DOUBLE_NAME,
                hint="give another name, or merge the two",
                other=one.theme_id,
            )


def _find(known: Sequence[KnownTheme], theme_id: str) -> KnownTheme:
    for theme in known:
        if theme.theme_id == theme_id:
            return theme
    raise _unknown(known, theme_id)


def _unknown(known: Iterable[KnownTheme], theme_id: str) -> ThemeEditError:
    return no_such_theme(
        [(one.theme_id, name) for one in known for name in (one.name, one.label)], theme_id
    )


def _decisions(theme: KnownTheme | None) -> dict[str, Any]:
    if theme is None:
        return dict(AUTOMATIC)
    return {name: getattr(theme, name) for name in AUTOMATIC}


def _ordered(known: Iterable[KnownTheme]) -> Known:
    return tuple(sorted(known, key=lambda theme: theme.theme_id))
