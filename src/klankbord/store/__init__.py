"""The workspace that outlives a run: feedback, scores, shifts, themes and the closed loop.

This package is the only place that speaks SQL. Arrow tables go in and come out.
"""

from klankbord.store.history import ActionEvent, ImportRecord, RunRecord
from klankbord.store.import_store import BegunImport, KeptBatch
from klankbord.store.known_themes import ThemeEdit
from klankbord.store.pieces import FeedbackVersion, Stored
from klankbord.store.reviews import (
    ListedShift,
    NotListedError,
    ReviewEvent,
    ReviewVerb,
    ShiftCounts,
)
from klankbord.store.workspace import Workspace

__all__ = [
    "ActionEvent",
    "BegunImport",
    "FeedbackVersion",
    "ImportRecord",
    "KeptBatch",
    "ListedShift",
    "NotListedError",
    "ReviewEvent",
    "ReviewVerb",
    "RunRecord",
    "ShiftCounts",
    "Stored",
    "ThemeEdit",
    "Workspace",
]
