"""What subjects and addresses of mail tell, by the lists in `mail.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from klankbord.resources import toml_beside

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LONGEST_SUBJECT = 500


@dataclass(frozen=True)
class MailWords:
    """What `mail.toml` holds."""

    prefix: re.Pattern[str]
    no_subject: frozenset[str]
    automatic_subjects: tuple[str, ...]
    automatic_senders: frozenset[str]
    mailboxes: frozenset[str]
    free_domains: frozenset[str]


@cache
def mail_words() -> MailWords:
    """Read `mail.toml`."""
    data = toml_beside(__package__, "mail.toml")
    prefixes = "|".join(map(re.escape, data["subject"]["prefixes"]))
    return MailWords(
        prefix=re.compile(rf"\s*(?:{prefixes})(?:\s?[\[(]\d{{1,3}}[\])])?\s?:", re.IGNORECASE),
        no_subject=frozenset(data["subject"]["none"]),
        automatic_subjects=tuple(data["subject"]["automatic"]),
        automatic_senders=frozenset(data["senders"]["automatic"]),
        mailboxes=frozenset(data["senders"]["mailboxes"]),
        free_domains=frozenset(data["senders"]["free"]),
    )


def without_prefixes(subject: str) -> str:
    """Return a subject without the marks of replies: "RE: Antw: klacht" -> "klacht"."""
    subject = subject[:_LONGEST_SUBJECT]
    while match := mail_words().prefix.match(subject):
        subject = subject[match.end() :]
    subject = " ".join(subject.split())
    return "" if subject.casefold() in mail_words().no_subject else subject


def is_reply(subject: str) -> bool:
    """Tell whether a subject is that of a reply or a forwarded mail."""
    return mail_words().prefix.match(subject) is not None


def is_automatic_subject(subject: str) -> bool:
    """Tell whether a subject is that of an absence or delivery notice."""
    bare = subject.strip().casefold()
    return bare.startswith(mail_words().automatic_subjects)


def is_automatic_sender(address: str) -> bool:
    """Tell whether no person reads or writes at an address."""
    return address.partition("@")[0] in mail_words().automatic_senders


def is_mailbox(party: str) -> bool:
    """Tell whether an address or name is that of a desk, such as info@ or Klantenservice."""
    local = party.partition("@")[0]
    first = _WORD.match(local)
    words = mail_words().mailboxes
    return local in words or (first is not None and first.group() in words)


def firm_domain(address: str) -> str:
    """Return the domain of an address, "" where it is that of a provider."""
    domain = address.rpartition("@")[2] if "@" in address else ""
    free = mail_words().free_domains
    return "" if domain in free or domain.partition(".")[2] in free else domain
