"""Tone shifts: whose tone changed, how sure that is, and who only fell silent."""

from klankbord.shifts.accounts import AccountShift, roll_up
from klankbord.shifts.cited import Cited, cite
from klankbord.shifts.explain import Telling
from klankbord.shifts.find import Decision, decide, find_shifts, tell
from klankbord.shifts.findings import CustomerTimeline, ShiftFindings, TimelinePoint
from klankbord.shifts.histories import Histories, gather, together
from klankbord.shifts.timelines import learn_dynamics, timeline, timelines_of
from klankbord.shifts.trajectories import Dynamics

__all__ = [
    "AccountShift",
    "Cited",
    "CustomerTimeline",
    "Decision",
    "Dynamics",
    "Histories",
    "ShiftFindings",
    "Telling",
    "TimelinePoint",
    "cite",
    "decide",
    "find_shifts",
    "gather",
    "learn_dynamics",
    "roll_up",
    "tell",
    "timeline",
    "timelines_of",
    "together",
]
