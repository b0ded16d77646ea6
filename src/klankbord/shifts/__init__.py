"""Tone shifts: whose tone changed, how sure that is, and who only fell silent."""

from klankbord.shifts.accounts import AccountShift, roll_up
from klankbord.shifts.find import find_shifts
from klankbord.shifts.findings import CustomerTimeline, ShiftFindings, TimelinePoint
from klankbord.shifts.timelines import learn_dynamics, timeline, timelines_of
from klankbord.shifts.trajectories import Dynamics

__all__ = [
    "AccountShift",
    "CustomerTimeline",
    "Dynamics",
    "ShiftFindings",
    "TimelinePoint",
    "find_shifts",
    "learn_dynamics",
    "roll_up",
    "timeline",
    "timelines_of",
]
