"""Replacing the personal data in what customers wrote by placeholders, before it is stored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.placeholders import PLACEHOLDER, placeholder
from klankbord.privacy import names, numbers
from klankbord.privacy.personal_data import PersonalData, Span, take_apart

_Code: TypeAlias = Callable[[PersonalData, str], str]


def find(texts: Sequence[str]) -> list[list[Span]]:
    """Return for each text the personal data in it, in order and without overlap.

    What `replace` put there before is left alone.
    """
    return [
        _outside_placeholders(text, take_apart([*numbered, *named])) if numbered or named else []
        for text, numbered, named in zip(
            texts, numbers.find_all(texts), names.find(texts), strict=True
        )
    ]


def replace(text: str, spans: Sequence[Span], code: _Code) -> str:
    """Return `text` with a placeholder for each of `spans`; `code` names what stood there."""
    parts, end = [], 0
    for span in spans:
        what = text[span.start : span.end]
        parts += [text[end : span.start], placeholder(span.kind, code(span.kind, what))]
        end = span.end
    return "".join([*parts, text[end:]])


def without_personal_data(
    feedback: pa.Table, code: _Code
) -> tuple[pa.Table, Counter[PersonalData]]:
    """Replace what is found in verbatims, and numbers in attributes; also count it by kind.

    Attributes are names of shops and choices rather than sentences, in which names of people
    would be seen where there are none; columns that hold people's names are never stored.
    """
    counts: Counter[PersonalData] = Counter()
    for column, replaced in (("verbatim", _sentences), ("attributes", _values)):
        if column not in feedback.column_names:
            continue
        encoded = pc.dictionary_encode(feedback.column(column).combine_chunks())
        known = encoded.dictionary.to_pylist()
        rows = pc.value_counts(encoded.indices)
        often = dict(
            zip(rows.field("values").to_pylist(), rows.field("counts").to_pylist(), strict=True)
        )
        written = []
        for place, (text, kinds) in enumerate(replaced(known, code)):
            written.append(text)
            for kind in kinds:
                counts[kind] += often.get(place, 0)
        if written != known:
            column_now = pa.array(written, pa.string()).take(encoded.indices)
            where = feedback.schema.get_field_index(column)
            feedback = feedback.set_column(where, feedback.schema.field(where), column_now)
    return feedback, counts


def _sentences(texts: Sequence[str], code: _Code) -> Iterator[tuple[str, list[PersonalData]]]:
    for text, spans in zip(texts, find(texts), strict=True):
        yield replace(text, spans, code) if spans else text, [span.kind for span in spans]


def _values(texts: Sequence[str], code: _Code) -> Iterator[tuple[str, list[PersonalData]]]:
    unpacked = [
        json.loads(packed) if "@" in packed or any(map(str.isdigit, packed)) else {}
        for packed in texts
    ]
    found = iter(numbers.find_all([text for values in unpacked for text in values.values()]))
    for packed, values in zip(texts, unpacked, strict=True):
        written, kinds = {}, []
        for name, text in values.items():
            spans = _outside_placeholders(text, take_apart(next(found)))
            written[name] = replace(text, spans, code)
            kinds += [span.kind for span in spans]
        yield json.dumps(written, ensure_ascii=False, sort_keys=True) if kinds else packed, kinds


def _outside_placeholders(text: str, spans: list[Span]) -> list[Span]:
    if not spans or "‹" not in text:
        return spans
    taken = [found.span() for found in PLACEHOLDER.finditer(text)]
    return [
        span
        for span in spans
        if not any(span.start < end and start < span.end for start, end in taken)
    ]
