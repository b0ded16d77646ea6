"""What stands in a record of a service desk, whatever type it turns out to have."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from klankbord.sources.dates import DateReader
from klankbord.sources.personal import is_personal_text
from klankbord.sources.text_encoding import clean

_NO_OBJECT = "onderdeel van het gesprek is geen JSON-object"
_NO_LIST = "lijst met berichten is geen lijst"
_NO_TEXT = "tekst van het bericht is geen tekst"
_BAD_DATE = "datum is niet leesbaar of bestaat niet"
_LONGEST_ID = 100
_LONGEST_LABEL = 200
_DIGITS = re.compile(r"-?\d{9,16}(?:\.\d{1,9})?")

Object = Mapping[str, Any]


class OddRecordError(Exception):
    """A record has another shape than its source documents; the reason is Dutch."""


def section(value: object) -> Object:
    """Return an object that may be missing; raises OddRecordError where it is something else."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise OddRecordError(_NO_OBJECT)
    return value


def optional(value: object) -> Object:
    """Return `value` where it is an object, else an empty one: what it would tell can be missed."""
    return value if isinstance(value, Mapping) else {}


def listing(value: object) -> Sequence[Any]:
    """Return a list that may be missing; raises OddRecordError where it is something else."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise OddRecordError(_NO_LIST)
    return value


def objects(value: object) -> list[Object]:
    """Return the objects in `value`, none where it is no list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return words that may be missing; raises OddRecordError where they are something else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise OddRecordError(_NO_TEXT)
    words = clean(value).strip()
    return html.unescape(words).strip() if "&nbsp;" in words else words


def plain_text(value: object) -> str:
    """Return the words in HTML; raises OddRecordError where it is no text."""
    words = text(value)
    if "<" not in words and "&" not in words:
        return words
    from klankbord.sources.html_text import plain

    return plain(words).strip()


def first_text(record: Object, names: Iterable[str]) -> str:
    """Return the first of these fields that has words in it."""
    return next((words for name in names if (words := text(record.get(name)))), "")


def identifier(value: object) -> str:
    """Return an id, given as a number or as text; "" where there is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return clean(str(value)).strip()[:_LONGEST_ID]


def first_id(*values: object) -> str | None:
    """Return the first of `values` that is an id."""
    return next((found for value in values if (found := identifier(value))), None)


def label(value: object) -> str:
    """Return a short property as text, a list joined by "; "; "" for anything else."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(label, value[:50])))[:_LONGEST_LABEL]
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        return ""
    found = clean(str(value)).strip()[:_LONGEST_LABEL]
    return "" if is_personal_text(found) else found


def labels(record: Object, names: Mapping[str, str]) -> dict[str, str]:
    """Return the properties of `record` under the names that `names` gives them."""
    found = {shown: label(record.get(name)) for name, shown in names.items()}
    return {name: value for name, value in found.items() if value}


def number(value: object) -> float | None:
    """Return a number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e18 else None


def moment(value: object, dates: DateReader) -> datetime | None:
    """Return a time in UTC, given as text or as seconds, milliseconds or microseconds since 1970.

    Raises OddRecordError where there is something that is no time.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        found = dates.utc(value)
    else:
        since = number(value)
        while since is not None and abs(since) > 1e11:
            since /= 1000
        found = None if since is None else DateReader("UTC", date_format="epoch_s").utc(since)
    if found is None:
        raise OddRecordError(_BAD_DATE)
    return found
