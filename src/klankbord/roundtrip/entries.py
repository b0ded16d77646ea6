"""An action told in a few lines, for calendars and other trackers.

Customers' words go in only where quotes are given: such files end up outside the organisation's
own machines. The draft quotes the customer, so it goes in with the quotes.
"""

from __future__ import annotations

from klankbord.cells import neutralise
from klankbord.moments import in_words
from klankbord.records import Action
from klankbord.roundtrip.rows import Facts


def title(action: Action, facts: Facts) -> str:
    """Return an action in one line: what is done, and for whom or about what."""
    what = facts.texts.name("kind", action.kind)
    what = what[:1].upper() + what[1:]
    whom = facts.customer(action) or facts.theme(action)
    line = facts.texts("entry.about", what=what, whom=whom) if whom else what
    return " ".join(neutralise(line).split())


def lines(action: Action, facts: Facts) -> list[str]:
    """Return what is to be known of an action, line by line."""
    texts, name = facts.texts, facts.texts.name
    told = [
        action.reason,
        texts("entry.owner", value=name("owner", action.owner)),
        texts("entry.due", value=in_words(action.due, facts.language)),
        texts("entry.status", value=name("status", action.status)),
    ]
    if action.outcome:
        told.append(texts("entry.outcome", value=name("outcome", action.outcome)))
    if action.value_eur is not None:
        told.append(texts("entry.value", value=f"{action.value_eur:.0f}"))
    if quotes := facts.quoted(action):
        told += [texts("entry.quote", value=quote) for quote in quotes]
        told.append(texts("entry.wel_niet_later", value=action.wel_niet_later))
        if action.draft:
            told += [texts("entry.draft"), action.draft]
    told.append(texts("entry.action_id", value=action.action_id))
    return [neutralise(line) for line in told]
