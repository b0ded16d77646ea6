"""The states an action goes through and the ways in which it may end."""

from __future__ import annotations

from enum import StrEnum


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
