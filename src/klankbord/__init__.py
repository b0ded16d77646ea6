"""Klankbord reads what customers write and says who is cooling off, what hurts and what to do."""

__version__ = "0.1.0"
