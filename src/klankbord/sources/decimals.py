"""Read numbers as Dutch and English exports write them: `1.234,50`, `1,234.50`, `€ 12,-`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_DRESSING = re.compile(r"[\s\u00a0\u202f'’€$£]|\b(?:eur|euro|gbp|usd)\b", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d[\d.,]{0,30}")
_GROUPED_DOT = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+")
_GROUPED_COMMA = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
_ROUND = re.compile(r"[.,]-{1,2}$")  # "12,-"
_LONGEST = 40
_OUT_OF = re.compile(
    r"([\d.,]+)\s*(?:ster(?:ren|ne?)?|stars?|étoiles?)?\s*"
    r"(?:(?:/|van|of|out of|von|sur)\s*(?:de\s+)?\d{1,3})?",
    re.IGNORECASE,
)
_DRAWN_STARS = re.compile(r"(?:[★⭐]\ufe0f?)*☆*")


def decimal_mark(values: Iterable[object], *, amounts: bool = False) -> str:
    """Return the decimal mark a column uses, "," or "."; "," where nothing tells.

    Amounts are not written in thousandths: where every separated number looks like `1.234`, or
    every one like `1,234`, the sign groups thousands and the other one is the decimal mark.
    """
    comma = point = 0
    grouped: set[str] = set()
    for value in values:
        text = _ROUND.sub("", _bare(value)) if isinstance(value, str) else ""
        if not _NUMBER.fullmatch(text) or ("," not in text and "." not in text):
            continue
        last = max(text.rfind(","), text.rfind("."))
        both = "," in text and "." in text
        if not both and (_GROUPED_DOT.fullmatch(text) or _GROUPED_COMMA.fullmatch(text)):
            grouped.add(text[last])
        if both or len(text) - last - 1 != 3 or text.lstrip("+-").startswith("0"):
            comma += text[last] == ","
            point += text[last] == "."
    if amounts and not comma and not point and len(grouped) == 1:
        return "." if "," in grouped else ","
    return "." if point > comma else ","


def parse_decimal(value: object, mark: str = ",") -> float | None:
    """Return the number in `value`, or None where it is not one.

    `mark` decides only what can be read two ways, such as `1.234`.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _finite(float(value)) if abs(value) < 1e300 else None
    text = _bare(value) if isinstance(value, str) else ""
    text = _ROUND.sub("", text)
    if not _NUMBER.fullmatch(text):
        return None
    return _from_digits(text, mark)


def parse_score(value: object, mark: str = ",") -> float | None:
    """Return a score, also as people write it: `8/10`, `4 van de 5`, `4 sterren`, `★★★★☆`."""
    text = value.strip() if isinstance(value, str) else ""
    if 0 < len(text) <= _LONGEST:
        if found := _OUT_OF.fullmatch(text):
            return parse_decimal(found.group(1), mark)
        if _DRAWN_STARS.fullmatch(text):
            return float(text.count("★") + text.count("⭐"))
    return parse_decimal(value, mark)


def _from_digits(text: str, mark: str) -> float | None:
    commas, dots = text.count(","), text.count(".")
    if commas and dots:
        decimal = "," if text.rfind(",") > text.rfind(".") else "."
        whole, _, fraction = text.rpartition(decimal)
        grouped = _GROUPED_DOT if decimal == "," else _GROUPED_COMMA
        if not grouped.fullmatch(whole):
            return None
        return _number(re.sub(r"[.,]", "", whole) + "." + fraction)
    if commas or dots:
        separator = "," if commas else "."
        grouped = _GROUPED_COMMA if commas else _GROUPED_DOT
        if grouped.fullmatch(text) and (commas + dots > 1 or separator != mark):
            return _number(text.replace(separator, ""))
        if commas + dots > 1:
            return None
        return _number(text.replace(",", "."))
    return _number(text)


def _bare(text: str) -> str:
    return _DRESSING.sub("", text) if len(text) <= _LONGEST else ""


def _number(text: str) -> float | None:
    try:
        return _finite(float(text))
    except ValueError:
        return None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
