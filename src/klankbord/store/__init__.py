"""The workspace that outlives a run: feedback, scores, shifts, themes and the closed loop.

This package is the only place that speaks SQL. Arrow tables go in and come out.
"""

from klankbord.store.action_lists import ActionCount, ActionFilter
from klankbord.store.action_undo import undoable
from klankbord.store.actions import NoSuchActionError
from klankbord.store.backup import Manifest, check_backup
from klankbord.store.corrections import Correction, NoSuchPieceError, ToneSaid
from klankbord.store.erasure import Subject
from klankbord.store.history import ActionEvent, ImportRecord, RunRecord
from klankbord.store.import_store import BegunImport, KeptBatch
from klankbord.store.known_themes import ThemeEdit
from klankbord.store.leftovers import Leftovers
from klankbord.store.pieces import FeedbackVersion, Stored
from klankbord.store.restoring import Restored, restore_backup
from klankbord.store.reviews import (
    ListedShift,
    Matter,
    NotListedError,
    ReviewEvent,
    ReviewVerb,
)
from klankbord.store.shift_list import ReviewState, ShiftCounts, ShiftFilter
from klankbord.store.shift_plans import name_key
from klankbord.store.theme_mentions import Mention
from klankbord.store.workspace import Workspace

__all__ = [
    "ActionCount",
    "ActionEvent",
    "ActionFilter",
    "BegunImport",
    "Correction",
    "FeedbackVersion",
    "ImportRecord",
    "KeptBatch",
    "Leftovers",
    "ListedShift",
    "Manifest",
    "Matter",
    "Mention",
    "NoSuchActionError",
    "NoSuchPieceError",
    "NotListedError",
    "Restored",
    "ReviewEvent",
    "ReviewState",
    "ReviewVerb",
    "RunRecord",
    "ShiftCounts",
    "ShiftFilter",
    "Stored",
    "Subject",
    "ThemeEdit",
    "ToneSaid",
    "Workspace",
    "check_backup",
    "name_key",
    "restore_backup",
    "undoable",
]
