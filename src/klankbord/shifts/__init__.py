"""Tone shifts: whose tone changed, how sure that is, and who only fell silent."""

from klankbord.shifts.find import find_shifts
from klankbord.shifts.findings import ShiftFindings, TimelinePoint
from klankbord.shifts.timelines import timeline

__all__ = ["ShiftFindings", "TimelinePoint", "find_shifts", "timeline"]
