"""Actions that leave as a file, and come back edited."""

from klankbord.roundtrip.checking import Change
from klankbord.roundtrip.compare import Comparison, Refusal, compare, waiting_edits
from klankbord.roundtrip.quotes import quotes_of
from klankbord.roundtrip.read import EditedRow, EditedSheet, read
from klankbord.roundtrip.write import Form, form_of, write

__all__ = [
    "Change",
    "Comparison",
    "EditedRow",
    "EditedSheet",
    "Form",
    "Refusal",
    "compare",
    "form_of",
    "quotes_of",
    "read",
    "waiting_edits",
    "write",
]
