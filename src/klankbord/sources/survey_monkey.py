"""SurveyMonkey "all responses": a question above the first of its columns, options in row two."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from klankbord.sources.grid import Asked, Cell, Grid, first_records, text_of
from klankbord.sources.options import Column, with_columns
from klankbord.sources.personal import is_personal_name
from klankbord.sources.roles import normal

_METADATA = {
    "Respondent ID": "respondentid respondentnummer befragtenid teilnehmerid iddurépondant",
    "Collector ID": "collectorid verzamelaarid collectornummer kollektorid",
    "Start Date": "startdate startdatum begindatum anfangsdatum",
    "End Date": "enddate einddatum enddatum",
    "Date Created": "datecreated aangemaaktop datumgemaakt erstelltam",
    "Date Modified": "datemodified gewijzigdop datumgewijzigd geändertam",
}
_NAMES = {name: canonical for canonical, names in _METADATA.items() for name in names.split()}
_NOT_KEPT = ("Collector ID", "Start Date", "Date Modified")
_CUSTOM = re.compile(
    r"custom ?data ?\d*|aangepaste gegevens ?\d*|benutzerdefinierte daten ?\d*", re.I
)
_ANSWER = frozenset(
    map(normal, ("Response", "Antwoord", "Respons", "Reactie", "Antwort", "Réponse"))
)
_OPEN = re.compile(
    r"open.?ended|open antwoord|open respons|offene|réponse libre|antwoord met open einde", re.I
)
_COMMENT = re.compile(
    r"^(?:toelichting|opmerking(?:en)?|comments?|commentaar|kommentar|remarks?|waarom\b.*)\W*$",
    re.I,
)
_OTHER = re.compile(r"^(?:anders|overig|other|sonstige|andere|autre)\b", re.I)
_ENDS = re.compile(r"\d{1,2} ?[-–] ?\d{1,2}")


def survey_monkey(grid: Grid) -> Grid:
    """Return the responses, each column named by its question and the options joined.

    A condensed export has no second row where its first response already has an id.
    """
    first = first_records(grid, 1)
    own = next(
        (at for at, name in enumerate(grid.header) if _canonical(name) == "Respondent ID"), 0
    )
    under = first[0] if first and not text_of(first[0][own]) else ()
    columns = list(_columns(grid.header, [text_of(cell) for cell in under]))
    return with_columns(grid, columns, 1 if under else 0)


def _canonical(name: str) -> str:
    return _NAMES.get(normal(name), "")


def _columns(header: Sequence[str], under: Sequence[Cell]) -> Iterator[Column]:
    question = ""
    for at, name in enumerate(header):
        option = str(under[at]) if under else ""
        if not _is_unnamed(name, at):
            question = ""
            if known := _canonical(name):
                yield Column(known, asked=Asked("none" if known in _NOT_KEPT else "data"))
                continue
            if not option and under and (is_personal_name(name) or _CUSTOM.fullmatch(name)):
                yield Column(name, asked=Asked("data"))
                continue
            question = " ".join(name.split())
        yield _answer(question or name, option)


def _answer(question: str, option: str) -> Column:
    if not option:
        return Column(question)
    if _OPEN.search(option):
        return Column(question, asked=Asked("open"))
    if normal(option) in _ANSWER or _ENDS.fullmatch(option):
        return Column(question, asked=Asked("closed"))
    if is_personal_name(option):
        return Column(option, asked=Asked("data"))
    if _OTHER.match(option):
        return Column(question, option, Asked("other"))
    if _COMMENT.match(option):
        return Column(question, option, Asked("open"))
    return Column(question, option, Asked("closed"))


def _is_unnamed(name: str, at: int) -> bool:
    """Tell whether a header cell was empty, so that it belongs to the question before it."""
    return name == f"kolom {at + 1}"
