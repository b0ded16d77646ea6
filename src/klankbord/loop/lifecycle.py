"""The states an action goes through and the ways in which it may end.

An action goes one step forward at a time; inner-loop steps need no separate announcement, so
"actieplan" may go to "uitgevoerd" at once. It may go back to "actieplan" for a better plan, with
a reason. A person closes it with an outcome: whether it worked can be told once it was carried
out, that it was a false alarm or a farewell at any time. A closed action can be reopened.
"""

from __future__ import annotations

from enum import StrEnum

from klankbord.errors import KlankbordError


class ActionState(StrEnum):
    """The six steps of the feedback loop, in order."""

    VERZAMELD = "verzameld"
    GEANALYSEERD = "geanalyseerd"
    ACTIEPLAN = "actieplan"
    GECOMMUNICEERD = "gecommuniceerd"
    UITGEVOERD = "uitgevoerd"
    GEMETEN = "gemeten"


class Outcome(StrEnum):
    """What came of an action, decided by a person; it closes the action."""

    GESLAAGD = "geslaagd"
    NIET_GESLAAGD = "niet geslaagd"
    VALS_ALARM = "vals alarm"
    BEWUST_AFSCHEID = "bewust afscheid"


class Happening(StrEnum):
    """What can happen to an action, as its history names it."""

    OPENED = "geopend"
    EVIDENCE = "nieuw bewijs"
    LEFT_OUT = "niet meer in de lijst"
    BACK_IN = "weer in de lijst"
    ESCALATED = "geëscaleerd"
    EDITED = "bijgewerkt"
    CLOSED = "gesloten"
    REOPENED = "heropend"
    MEASURED = "gemeten"
    NOTED = "notitie"
    UNDONE = "ongedaan gemaakt"


class IllegalStepError(KlankbordError):
    """A step that the life cycle of an action does not have."""


_STEPS = tuple(ActionState)
_TOLD_BY_RESULT = (Outcome.GESLAAGD, Outcome.NIET_GESLAAGD)
CARRIED_OUT = (ActionState.UITGEVOERD, ActionState.GEMETEN)
ACTED = (ActionState.GECOMMUNICEERD, *CARRIED_OUT)


def next_states(state: str, loop: str) -> tuple[ActionState, ...]:
    """Return the states that an open action may go to, the usual one first."""
    place = _STEPS.index(ActionState(state))
    found = list(_STEPS[place + 1 : place + 2])
    if state == ActionState.ACTIEPLAN and loop == "inner":
        found.append(ActionState.UITGEVOERD)
    if place > _STEPS.index(ActionState.ACTIEPLAN):
        found.append(ActionState.ACTIEPLAN)
    return tuple(found)


def outcomes(state: str) -> tuple[Outcome, ...]:
    """Return the outcomes with which an open action may be closed."""
    carried_out = ActionState(state) in CARRIED_OUT
    return tuple(end for end in Outcome if carried_out or end not in _TOLD_BY_RESULT)


def check_step(state: str, to: str, loop: str, *, closed: bool) -> None:
    """Raise IllegalStepError, naming the legal ones, where `to` cannot follow on `state`."""
    legal = () if closed else next_states(state, loop)
    if to not in legal:
        _refuse(state, f"go to '{to}'", legal, closed=closed)


def check_outcome(state: str, outcome: str, *, closed: bool) -> None:
    """Raise IllegalStepError, naming the legal ones, where it cannot end in `outcome` now."""
    legal = () if closed else outcomes(state)
    if outcome not in legal:
        _refuse(state, f"be closed as '{outcome}'", legal, closed=closed)


def _refuse(state: str, what: str, legal: tuple[StrEnum, ...], *, closed: bool) -> None:
    if closed:
        raise IllegalStepError(
            f"a closed action cannot {what}", hint="reopen it first: klankbord actions reopen"
        )
    raise IllegalStepError(
        f"an action in '{state}' cannot {what}", hint=f"it can: {', '.join(legal)}"
    )
