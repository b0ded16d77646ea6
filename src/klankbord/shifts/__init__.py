"""Tone shifts: whose tone changed, how sure that is, and who only fell silent."""

from klankbord.shifts.accounts import AccountShift, roll_up
from klankbord.shifts.find import find_shifts
from klankbord.shifts.findings import CustomerTimeline, ShiftFindings, TimelinePoint
from klankbord.shifts.timelines import timeline

__all__ = [
    "AccountShift",
    "CustomerTimeline",
    "ShiftFindings",
    "TimelinePoint",
    "find_shifts",
    "roll_up",
    "timeline",
]
