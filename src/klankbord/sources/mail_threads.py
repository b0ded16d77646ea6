"""Mails as conversations: which belong to one thread, and who of the writers is the company.

The company is the domain that receives most first messages and answers them; a provider such as
gmail.com never is, so there the address counts. Whoever else writes is a customer.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from klankbord.schema import AuthorRole, Channel
from klankbord.sources.conversation import Conversation, Turn
from klankbord.sources.mail_message import Mail
from klankbord.sources.mail_words import firm_domain, is_mailbox, is_reply, without_prefixes

_WINDOW_MAILS = 20_000
_WINDOW_CHARS = 16_000_000
_REMEMBERED = 100_000  # message ids and subjects
_SURVEYED = 20_000  # different parties
_RECEIVES_FIRST, _IS_A_DESK, _REPLIES, _TOUCHES = 6, 4, 2, 1
_SENTENCE_ENDS = (".", "!", "?", "…", ":")
_SECOND_BRAND = 0.2  # of the first messages that the company receives most of


@dataclass(frozen=True)
class Company:
    """The domains and addresses of the organisation whose mailbox this is."""

    parties: frozenset[str]

    def holds(self, party: str) -> bool:
        """Tell whether an address or name belongs to the company."""
        return bool(party) and (party in self.parties or firm_domain(party) in self.parties)


def find_company(mails: Iterable[Mail]) -> Company:
    """Decide from some mails who is the company; none where nothing tells."""
    points: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    firsts: Counter[str] = Counter()
    sent_firsts: Counter[str] = Counter()
    for mail in mails:
        if mail.automatic:
            continue
        first = not mail.parents and not is_reply(mail.subject)
        for party in {mail.sender, *mail.to} - {""}:
            receives = party != mail.sender
            domain = firm_domain(party)
            key, counts = domain or party, points[bool(domain)]
            if key not in counts and len(counts) >= _SURVEYED:
                continue
            counts[key] += (
                _TOUCHES
                + _RECEIVES_FIRST * (first and receives)
                + _REPLIES * (not first and not receives)
                + _IS_A_DESK * is_mailbox(party)
            )
            firsts[key] += first and receives
            sent_firsts[key] += first and not receives
    for firm in (True, False):
        if points[firm]:
            best, most = max(points[firm].items(), key=lambda entry: (entry[1], entry[0]))
            if most > _TOUCHES:
                enough = max(2.0, _SECOND_BRAND * firsts[best])
                brands = {
                    key for key in points[True]
                    if firm and firsts[key] >= enough and firsts[key] > sent_firsts[key]
                }  # fmt: skip
                return Company(frozenset({best, *brands}))
    return Company(frozenset())


def conversations(mails: Iterable[Mail], company: Company) -> Iterator[Conversation]:
    """Yield the threads of mails that come in any order, holding a bounded number of them.

    A thread whose mails lie far apart is yielded in pieces with one own_id.
    """
    threads = _Threads(company)
    pending: OrderedDict[str, list[Mail]] = OrderedDict()
    count = size = 0
    for mail in mails:
        thread = threads.of(mail)
        pending.setdefault(thread, []).append(mail)
        pending.move_to_end(thread)
        count, size = count + 1, size + len(mail.text)
        while count > _WINDOW_MAILS or size > _WINDOW_CHARS:
            oldest, some = pending.popitem(last=False)
            count, size = count - len(some), size - sum(len(one.text) for one in some)
            yield _conversation(oldest, some, company)
    for thread, some in pending.items():
        yield _conversation(thread, some, company)


class _Threads:
    """Tells the thread of each mail by its references, else by its subject and its customer."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._by_id: OrderedDict[str, str] = OrderedDict()
        # topic -> its thread, and whether the mail that opens it has been seen
        self._by_subject: OrderedDict[tuple[str, str], tuple[str, bool]] = OrderedDict()

    def of(self, mail: Mail) -> str:
        """Return the id of the thread of `mail`."""
        topic = (without_prefixes(mail.subject).casefold(), _customer([mail], self._company))
        ids = [one for one in (mail.own_id, *reversed(mail.parents)) if one]
        thread = next((self._by_id[one] for one in ids if one in self._by_id), "")
        if not thread and mail.parents:
            thread = mail.parents[0]
        reply = bool(mail.parents) or is_reply(mail.subject)
        about, opened = self._by_subject.get(topic, ("", True))
        if not thread and topic[0] and (reply or not opened):
            thread = about
        thread = thread or mail.own_id or _digest(topic, mail)
        for one in ids:
            self._by_id.setdefault(one, thread)
        if topic[0]:
            self._by_subject[topic] = (thread, not reply or (thread == about and opened))
        for memory in (self._by_id, self._by_subject):
            while len(memory) > _REMEMBERED:
                memory.popitem(last=False)
        return thread


def _digest(topic: tuple[str, str], mail: Mail) -> str:
    when = "" if is_reply(mail.subject) and topic[0] else f"{mail.moment}\x1f{mail.text}"
    said = "\x1f".join((*topic, when))
    return blake2b(said.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _conversation(thread: str, mails: list[Mail], company: Company) -> Conversation:
    mails = in_order(mails)
    customer = _customer(mails, company)
    found = Conversation(own_id=thread, channel=Channel.EMAIL)
    found.customer_id = customer if "@" in customer else None
    for place, mail in enumerate(mails):
        found.turns.append(_turn(mail, company, opens=place == 0))
        if mail.attachments:
            found.ignored["attachments"] += mail.attachments
    return found


def _turn(mail: Mail, company: Company, *, opens: bool) -> Turn:
    lines = mail.text.split("\n") if mail.text else []
    subject = without_prefixes(mail.subject)
    first = opens and not mail.parents and not is_reply(mail.subject)
    if subject and first and subject.casefold() not in mail.text.casefold():
        ended = not lines or subject.endswith(_SENTENCE_ENDS)
        lines.insert(0, subject if ended else f"{subject}.")
    author = _author(mail, company)
    return Turn(
        row=mail.row,
        speaker=author,
        lines=[line.strip() for line in lines],
        role=_role(mail, author, company),
        moment=mail.moment,
        own_id=mail.own_id or _id_of_content(mail),
    )


def _role(mail: Mail, author: str, company: Company) -> AuthorRole | None:
    if mail.automatic and author == mail.sender:
        return AuthorRole.BOT
    if not author:
        return None
    return AuthorRole.AGENT if company.holds(author) else AuthorRole.CUSTOMER


def _author(mail: Mail, company: Company) -> str:
    """Return who wrote: on a web form the customer is whom the answer goes to."""
    form = mail.reply_to and company.holds(mail.sender) and not company.holds(mail.reply_to)
    return mail.reply_to if form and any(map(company.holds, mail.to)) else mail.sender


def _customer(mails: list[Mail], company: Company) -> str:
    authors = (_author(mail, company) for mail in mails)
    others = (party for mail in mails for party in mail.to)
    for party in (*authors, *others):
        if party and not company.holds(party):
            return party
    return ""


def _id_of_content(mail: Mail) -> str:
    """Return an id for a dated mail that has none, the same in every file that quotes it."""
    if mail.moment is None or not mail.text:
        return ""
    said = f"{mail.moment.isoformat()}\x1f{' '.join(mail.text.split())}"
    return blake2b(said.encode("utf-8", "replace"), digest_size=16).hexdigest()


def in_order(mails: list[Mail]) -> list[Mail]:
    """Sort by time; a mail without one stays behind the mail before it."""
    keyed: list[tuple[bool, datetime | None, int]] = []
    last: datetime | None = None
    for place, mail in enumerate(mails):
        last = mail.moment or last
        keyed.append((last is not None, last, place))
    keyed.sort(key=lambda key: (key[0], key[1].timestamp() if key[1] else 0.0, key[2]))
    return [mails[place] for _, _, place in keyed]
