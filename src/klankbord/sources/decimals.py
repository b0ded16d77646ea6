"""Read numbers as Dutch and English exports write them: `1.234,50`, `1,234.50`, `€ 12,-`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

_CURRENCY = re.compile(r"[€$£]|\b(?:eur|euro|gbp|usd)\b\.?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d[\d.,]{0,30}")
_GROUPED_DOT = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+")
_GROUPED_COMMA = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
_GROUPED_OTHER = re.compile(r"[+-]?\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d{1,10})?")  # "1 234,50"
_ROUND = re.compile(r"[.,](?:[-–—]{1,2}|=)$")  # "12,-" and "12,="
_NEGATIVE = re.compile(r"\((?P<brackets>[^()]+)\)|(?P<behind>[\d.,]*\d[.,]\d\d) ?-")
_LONGEST = 40
_OUT_OF = re.compile(
    r"([\d.,]+)\s*(?:ster(?:ren|ne?)?|stars?|étoiles?)?\s*"
    r"(?:(?:/|van|of|out of|von|sur)\s*(?:de\s+)?\d{1,3})?",
    re.IGNORECASE,
)
_DRAWN_STARS = re.compile(r"(?:[★⭐]\ufe0f?)*☆*")


@dataclass(frozen=True)
class DecimalColumn:
    """The decimal mark of one column, and on what grounds it was decided."""

    mark: str  # "," or "."
    because: str
    ambiguous: int  # values such as 1.234 that are another number with the other mark


def survey(values: Iterable[object], *, amounts: bool = False) -> DecimalColumn:
    """Decide the decimal mark of a column; "," where nothing tells.

    Amounts are not written in thousandths: where every separated number looks like `1.234`, or
    every one like `1,234`, the sign groups thousands and the other one is the decimal mark.
    """
    comma = point = ambiguous = 0
    grouped: set[str] = set()
    for value in values:
        text = _bare(value) if isinstance(value, str) else ""
        if not _NUMBER.fullmatch(text) or ("," not in text and "." not in text):
            continue
        last = max(text.rfind(","), text.rfind("."))
        both = "," in text and "." in text
        alike = _GROUPED_DOT.fullmatch(text) or _GROUPED_COMMA.fullmatch(text)
        if not both and alike:
            grouped.add(text[last])
        if not both and text.count(text[last]) > 1:  # 1.234.567 groups, so the other one marks
            comma += text[last] == "."
            point += text[last] == ","
        elif both or len(text) - last - 1 != 3 or text.lstrip("+-").startswith("0"):
            comma += text[last] == ","
            point += text[last] == "."
        else:
            ambiguous += 1
    mark = "." if point > comma else ","
    name = "a comma" if mark == "," else "a point"
    if comma and point:
        because = f"{max(comma, point)} values have {name} as decimal mark, {min(comma, point)} not"
    elif comma or point:
        because = f"{comma or point} values exist only with {name} as decimal mark"
    elif amounts and len(grouped) == 1:
        mark = "." if "," in grouped else ","
        because = f"all {ambiguous} amounts with a sign have three digits after it: thousands"
    elif ambiguous:
        because = "no value decides; a comma is the decimal mark as in Dutch exports"
    else:
        because = "no value has a decimal mark"
    return DecimalColumn(mark, because, ambiguous)


def decimal_mark(values: Iterable[object], *, amounts: bool = False) -> str:
    """Return the decimal mark a column uses, "," or "."; see `survey`."""
    return survey(values, amounts=amounts).mark


def parse_decimal(value: object, mark: str = ",") -> float | None:
    """Return the number in `value`, or None where it is not one.

    `mark` decides only what can be read two ways, such as `1.234`.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _finite(float(value)) if abs(value) < 1e300 else None
    text = _bare(value) if isinstance(value, str) else ""
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
    """Return the digits, marks and sign of a number without what stands around them."""
    if len(text) > _LONGEST:
        return ""
    if text.isdecimal():
        return text
    text = _CURRENCY.sub("", text).replace("\u00a0", " ").replace("\u202f", " ")
    text = text.replace("\u2212", "-").strip().removesuffix("%").rstrip()
    if match := _NEGATIVE.fullmatch(text):
        text = "-" + (match["brackets"] or match["behind"]).strip()
    sign, digits = (text[:1], text[1:].lstrip()) if text[:1] in ("+", "-") else ("", text)
    if _GROUPED_OTHER.fullmatch(digits):
        digits = re.sub("[ '’]", "", digits)
    return _ROUND.sub("", sign + digits)


def _number(text: str) -> float | None:
    try:
        return _finite(float(text))
    except ValueError:
        return None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
