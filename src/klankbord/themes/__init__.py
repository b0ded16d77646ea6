"""What customers complain about: head themes of a codeframe, and sub-themes found under them."""

from klankbord.themes.codeframe import OVERIG, Code, codeframe
from klankbord.themes.discover import ThemeFindings, discover

__all__ = ["OVERIG", "Code", "ThemeFindings", "codeframe", "discover"]
