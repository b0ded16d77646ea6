"""Kinds of personal data, and where in a text they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby


class PersonalData(StrEnum):
    """What a stretch of text tells about a person; the order is that of precedence."""

    EMAIL = "email"
    URL = "url"
    IBAN = "iban"
    BSN = "bsn"
    BIRTH_DATE = "geboortedatum"
    PHONE = "telefoon"
    POSTCODE = "postcode"
    ADDRESS = "adres"
    LICENCE_PLATE = "kenteken"
    CUSTOMER_NUMBER = "klantnummer"
    ORDER_NUMBER = "ordernummer"
    NAME = "naam"


_RANK = {kind: rank for rank, kind in enumerate(PersonalData)}


@dataclass(frozen=True)
class Span:
    """Characters `start` up to `end` of a text, and what they tell."""

    start: int
    end: int
    kind: PersonalData


def take_apart(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order without overlap, every character still covered.

    Of two that overlap the kind named first in PersonalData stays whole, at one kind the longer;
    the other keeps what sticks out.
    """
    weakest_first = sorted(spans, key=lambda span: (-_RANK[span.kind], span.end - span.start))
    owners: list[Span | None] = [None] * max((span.end for span in weakest_first), default=0)
    for span in weakest_first:
        owners[span.start : span.end] = [span] * (span.end - span.start)
    apart, start = [], 0
    for owner, characters in groupby(owners):
        end = start + sum(1 for _ in characters)
        if owner is not None:
            apart.append(Span(start, end, owner.kind))
        start = end
    return apart
