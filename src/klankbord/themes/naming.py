"""Themes as an analysis counted them, under what people decided about them since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from klankbord.records import KnownTheme, Theme
from klankbord.themes.codeframe import codeframe
from klankbord.themes.edits import is_head, owner_of, shown_name


def as_decided(
    themes: Iterable[Theme], known: Iterable[KnownTheme], language: str = "nl"
) -> tuple[Theme, ...]:
    """Return the themes with the names, departments and pins that hold now.

    `language` is that of the run, for a head whose name was taken away again.
    """
    held = {one.theme_id: one for one in known}
    return tuple(_as_decided(theme, held, language) for theme in themes)


def names(
    listed: Mapping[str, str], known: Mapping[str, tuple[str, str]], language: str = "nl"
) -> dict[str, str]:
    """Return what every theme is called, by id.

    `listed` are the labels that the latest run gave, `known` the names that people gave with the
    labels that themes were found under.
    """
    heads = {code: _head_label(code, listed.get(code, ""), language) for code in codeframe()}
    found = {own: label for own, (_, label) in known.items() if not is_head(own)}
    given = {own: name for own, (name, _) in known.items() if name}
    return {**listed, **found, **heads, **given}


def _as_decided(theme: Theme, known: Mapping[str, KnownTheme], language: str) -> Theme:
    one = known.get(theme.theme_id)
    if is_head(theme.theme_id):
        label, owner = (one.name, one.owner) if one else ("", "")
        return replace(
            theme,
            label=label or _head_label(theme.theme_id, theme.label, language),
            owner=owner or codeframe()[theme.theme_id].owner,
            pinned=one is not None and one.pinned,
        )
    if one is None:
        return theme
    above = [head for head in (known.get(one.parent_id or ""),) if head]
    return replace(
        theme,
        label=shown_name(one),
        owner=owner_of([*above, one], one) or theme.owner,
        found_at=one.found_at,
        pinned=one.pinned,
    )


def _head_label(code: str, counted: str, language: str) -> str:
    """Return the label of a head that nobody named; one it was counted under may be a name."""
    entry = codeframe()[code]
    return counted if counted in (entry.nl, entry.en) else entry.label(language)
