"""Keyed pseudonyms for customers, accounts and conversations; verbatims pass through unchanged.

Everything that makes a table less identifying before it is stored lives here, as functions from
a feedback table to a feedback table, called by the pipeline between reading and storing.
"""

from klankbord.privacy.keyfile import default_key_path
from klankbord.privacy.pseudonyms import IDENTITIES, Pseudonymiser

__all__ = ["IDENTITIES", "Pseudonymiser", "default_key_path"]
