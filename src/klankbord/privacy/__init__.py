"""What makes a table less identifying before it is stored.

Keyed pseudonyms take the place of customer, account and conversation ids, and placeholders that of
the personal data found in texts: functions from a table to a table, called between reading and
storing.
"""

from klankbord.privacy.barred import Barred
from klankbord.privacy.keyfile import default_key_path
from klankbord.privacy.personal_data import PersonalData, Span
from klankbord.privacy.pseudonyms import IDENTITIES, Pseudonymiser
from klankbord.privacy.texts import find, without_personal_data

__all__ = [
    "IDENTITIES",
    "Barred",
    "PersonalData",
    "Pseudonymiser",
    "Span",
    "default_key_path",
    "find",
    "without_personal_data",
]
