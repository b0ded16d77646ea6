"""What customers complain about: head themes of a codeframe, and sub-themes found under them."""

from klankbord.themes.breakdown import Breakdown, break_down
from klankbord.themes.codeframe import OVERIG, Code, codeframe
from klankbord.themes.discover import Placer, ThemeFindings, discover
from klankbord.themes.edits import decided, kept
from klankbord.themes.fitting import Fitted, Part, Placed

__all__ = [
    "OVERIG",
    "Breakdown",
    "Code",
    "Fitted",
    "Part",
    "Placed",
    "Placer",
    "ThemeFindings",
    "break_down",
    "codeframe",
    "decided",
    "discover",
    "kept",
]
