"""Salesforce cases, the mails and comments on them, and chats: one row per message.

Every file is read by itself, as its rows come: mails stand in any order, so a message has no turn
number and its time tells its place in the conversation, which is called after the case. The cases
of the same job tell whose a mail is, and what it repeats: a mail that opened a case is stored as
the description of that case only.

Ids have 15 characters, or 18 of which the last three repeat the case of the others. Those of cases
and messages are cut to 15, so that reports and data exports agree; those of contacts and accounts
stand as they are, as they do in the table of customers they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from hashlib import blake2b

from klankbord.records import RejectedRow
from klankbord.resources import toml_beside
from klankbord.schema import AuthorRole, Channel
from klankbord.sources.companions import Case, Companions
from klankbord.sources.dates import DateReader
from klankbord.sources.grid import Asked, Cell, Grid, Record, text_of
from klankbord.sources.html_text import own_html, plain
from klankbord.sources.quoted import own_words
from klankbord.sources.roles import normal, vocabulary

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_CASE_PREFIX = "500"
_ONE_ADDRESS = re.compile(r"[^\s@;,<>]+@[^\s@;,<>]+")
_NOT_LETTERS = re.compile(r"[\W_]+")
_SAME = 400  # letters that tell a description and a mail to be the same
_CHAT_LINE = re.compile(
    r"\(\s{0,3}(?:(\d{1,3})[hu] )?(?:(\d{1,3})m )?(\d{1,5})s\s{0,3}\) ([^:\n]{1,80}):(?: (.*))?$",
)
_CHAT_AGENT = re.compile(r"(?:Agent|Medewerker) ([^:]{1,80})$")
_HEADER = (
    "Id", "CaseId", "ContactId", "AccountId", "Author", "Channel", "Text", "Moment", "NoFeedback",
)  # fmt: skip
_DELETED, _DRAFTS, _NOTES, _REPEATS = (
    "deleted records", "drafts", "internal notes", "mails that repeat the description",
)  # fmt: skip
_FOOTERS = "lines under a report"

Cells = Sequence[Cell]
_Reader = Callable[["_Row"], Iterator["_Message"]]


@dataclass(frozen=True)
class _Words:
    columns: Mapping[str, Mapping[str, Sequence[str]]]  # kind of record -> role -> normal names
    kept: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    draft: frozenset[str]
    typed: frozenset[str]
    footers: tuple[str, ...]


@cache
def _words() -> _Words:
    data = toml_beside(__package__, "salesforce.toml")
    told = data["words"]
    return _Words(
        columns={kind: data[kind] for kind in ("case", "mail", "comment", "chat")},
        kept=frozenset(data["kept"]["names"]),
        yes=frozenset(told["yes"]),
        no=frozenset(told["no"]),
        draft=frozenset(told["draft"]),
        typed=frozenset(told["typed_by_an_agent"]),
        footers=tuple(told["footers"]),
    )


@dataclass(frozen=True)
class _Message:
    own_id: str
    case: str
    customer: str | None
    account: str | None
    author: AuthorRole
    channel: str
    text: str
    moment: Cell
    no_feedback: str = ""


@dataclass(frozen=True)
class _Row:
    """A record of the export, by the roles of its columns."""

    cells: Cells
    places: Mapping[str, Sequence[int]]  # role -> its columns, the preferred one first
    companions: Companions
    repeated: set[str]  # cases of which the first mail was left out

    def cell(self, role: str) -> Cell:
        """Return the first filled cell in this role."""
        found = (self.cells[at] for at in self.places.get(role, ()))
        return next((cell for cell in found if text_of(cell)), None)

    def __getitem__(self, role: str) -> str:
        return text_of(self.cell(role))

    def says(self, role: str, words: frozenset[str]) -> bool:
        """Tell whether the cell in this role is one of `words`."""
        return self[role].casefold() in words

    @property
    def case_id(self) -> str:
        """The case this is about; its number where the export does not have its id."""
        for at in self.places.get("parent", ()):
            given = short_id(text_of(self.cells[at]))
            if given.startswith(_CASE_PREFIX) or (given and not _ID.fullmatch(given)):
                return given
        return self["number"] or short_id(self["parent"])


def short_id(text: str) -> str:
    """Return a Salesforce id with 15 characters; anything else stays as it is."""
    return text[:15] if _ID.fullmatch(text) else text


def begins_as(text: str) -> bytes:
    """Return a digest of the first letters of a text, to tell a repetition by; b"" of none."""
    letters = _NOT_LETTERS.sub("", text[: 4 * _SAME].casefold())[:_SAME]
    return blake2b(letters.encode("utf-8", "replace"), digest_size=8).digest() if letters else b""


def _places(grid: Grid, kind: str) -> tuple[list[str], dict[str, list[int]]]:
    """Return the normal names of the columns, and which of them play each role of a record."""
    names = [normal(name.rpartition(".")[2]) for name in grid.header]
    return names, {
        role: [at for alias in aliases for at, name in enumerate(names) if name == alias]
        for role, aliases in _words().columns[kind].items()
    }


def _reshaped(kind: str, read: _Reader) -> Callable[[Grid, Companions], Grid]:
    def reshape(grid: Grid, companions: Companions) -> Grid:
        words = _words()
        names, places = _places(grid, kind)
        kept = [at for at, name in enumerate(names) if name in words.kept]
        header = (*_HEADER, *(f"{grid.header[at]}" for at in kept))
        empty: list[Cell] = [None] * len(kept)

        def records() -> Iterator[Record | RejectedRow]:
            repeated: set[str] = set()
            for item in grid.records():
                if isinstance(item, RejectedRow):
                    if not item.raw.lstrip('" ').casefold().startswith(words.footers):
                        yield item
                    else:
                        yield item.row, _cells(_nothing(_FOOTERS), empty)
                    continue
                row, cells = item
                beside = [cells[at] for at in kept]
                for message in read(_Row(cells, places, companions, repeated)):
                    yield row, _cells(message, beside)

        asked = {name: Asked("data") for name in header[len(_HEADER) :]}
        return replace(
            grid,
            header=header,
            records=records,
            usual=(),
            nested=frozenset(),
            asked={**asked, _HEADER[-1]: Asked("none")},
            no_feedback=lambda cells: text_of(cells[len(_HEADER) - 1]),
        )

    return reshape


def _cells(message: _Message, beside: Cells) -> list[Cell]:
    return [
        message.own_id, message.case, message.customer, message.account, str(message.author),
        message.channel, message.text, message.moment, message.no_feedback, *beside,
    ]  # fmt: skip


def _nothing(why: str) -> _Message:
    return _Message("", "", None, None, AuthorRole.UNKNOWN, "", "", None, why)


def _address(text: str) -> str | None:
    found = text.strip().strip("<>").casefold()
    return found if _ONE_ADDRESS.fullmatch(found) else None


def _case_text(row: _Row) -> str:
    return own_words(row["text"]) if row["text"] else ""


def _whose(row: _Row) -> tuple[str, str | None]:
    """Return what a case is called, and whose it is."""
    return short_id(row["id"]) or row["number"], row["contact"] or _address(row["address"])


def _case(row: _Row) -> Iterator[_Message]:
    """Read a case: its description is the first message, else its subject."""
    if row.says("deleted", _words().yes):
        yield _nothing(_DELETED)
        return
    typed = normal(row["origin"]) in _words().typed  # so these are the words of an agent
    case, customer = _whose(row)
    yield _Message(
        case,
        case,
        customer,
        row["account"] or None,
        AuthorRole.UNKNOWN if typed else AuthorRole.CUSTOMER,
        vocabulary().values["channel"].get(normal(row["origin"]), Channel.EMAIL),
        _case_text(row) or row["subject"],
        row.cell("moment"),
    )


def _mail(row: _Row) -> Iterator[_Message]:
    words = _words()
    if row.says("deleted", words.yes):
        yield _nothing(_DELETED)
        return
    if row.says("status", words.draft):
        yield _nothing(_DRAFTS)
        return
    case_id = row.case_id
    case = row.companions.cases.get(case_id)
    text = own_words(row["text"]) if row["text"] else own_html(row["html"])
    incoming, outgoing = row.says("incoming", words.yes), row.says("incoming", words.no)
    author = (
        AuthorRole.CUSTOMER if incoming else AuthorRole.AGENT if outgoing else AuthorRole.UNKNOWN
    )
    if case and incoming and case_id not in row.repeated and case.begins == begins_as(text):
        row.repeated.add(case_id)
        yield _nothing(_REPEATS)
        return
    party = _address(row["from"] if incoming else row["to"] if outgoing else "")
    yield _Message(
        short_id(row["id"]),
        case.own_id if case else case_id,
        (case.customer_id if case else None) or party,
        case.account_id if case else None,
        author,
        Channel.EMAIL,
        text,
        row.cell("moment"),
    )


def _comment(row: _Row) -> Iterator[_Message]:
    words = _words()
    if row.says("deleted", words.yes):
        yield _nothing(_DELETED)
        return
    if row.says("published", words.no):
        yield _nothing(_NOTES)
        return
    case_id = row.case_id
    case = row.companions.cases.get(case_id)
    yield _Message(
        short_id(row["id"]),
        case.own_id if case else case_id,
        case.customer_id if case else None,
        case.account_id if case else None,
        AuthorRole.AGENT,
        Channel.EMAIL,
        row["text"],
        row.cell("moment"),
    )


def _chat(row: _Row) -> Iterator[_Message]:
    """Read a chat: `( 1m 5s ) Naam: tekst` in HTML, with the agents named above."""
    if row.says("deleted", _words().yes):
        yield _nothing(_DELETED)
        return
    own = short_id(row["id"])
    agents: list[str] = []
    turns: list[tuple[timedelta, str, list[str]]] = []
    for line in filter(None, map(str.strip, plain(row["text"]).split("\n"))):
        if match := _CHAT_LINE.match(line):
            hours, minutes, seconds, speaker, said = match.groups()
            after = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
            turns.append((after + timedelta(seconds=int(seconds)), speaker.strip(), [said or ""]))
        elif match := _CHAT_AGENT.match(line):
            agents.append(match[1].strip())
        elif turns:
            turns[-1][2].append(line)
    start = DateReader("UTC").utc(row.cell("moment"))
    case = row.companions.cases.get(row.case_id)
    for number, (after, speaker, said) in enumerate(turns, start=1):
        is_agent = any(speaker == agent or agent.startswith(f"{speaker} ") for agent in agents)
        unknown = AuthorRole.CUSTOMER if agents else AuthorRole.UNKNOWN
        yield _Message(
            f"{own}-{number}" if own else "",
            own or row.case_id,
            row["contact"] or (case.customer_id if case else None),
            row["account"] or (case.account_id if case else None),
            AuthorRole.AGENT if is_agent else unknown,
            Channel.CHAT,
            " ".join(filter(None, said)),
            None if start is None else start + after,
        )
    if not turns:
        yield _Message(
            own, own, row["contact"] or None, row["account"] or None, AuthorRole.UNKNOWN,
            Channel.CHAT, plain(row["text"]), row.cell("moment"),
        )  # fmt: skip


RESHAPES: Mapping[str, Callable[[Grid, Companions], Grid]] = {
    "salesforce_case": _reshaped("case", _case),
    "salesforce_mail": _reshaped("mail", _mail),
    "salesforce_comment": _reshaped("comment", _comment),
    "salesforce_chat": _reshaped("chat", _chat),
}


def cases(grid: Grid) -> Iterator[tuple[str, Case]]:
    """Yield the id and the number of each case in an export, with what its mails need of it."""
    _, places = _places(grid, "case")
    for item in grid.records():
        if isinstance(item, RejectedRow):
            continue
        row = _Row(item[1], places, Companions(), set())
        if row.says("deleted", _words().yes):
            continue
        own, customer = _whose(row)
        case = Case(own, customer, row["account"] or None, begins_as(_case_text(row)))
        for name in {own, row["number"]} - {""}:
            yield name, case
