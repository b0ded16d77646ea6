"""Language identification limited to the languages a company expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.errors import SettingsError

MIN_WORDS = 3
MIN_PROBABILITY = 0.80
FALLBACK = "nl"


def identify(feedback: pa.Table, languages: Sequence[str]) -> pa.Table:
    """Fill `language` (ISO 639-1) where it is null, leaving what a source said itself.

    A text under three words, or one the identifier gives less than 80 %, inherits the majority
    language of the clear texts of its source in this table: "prima" alone says nothing. Handed
    over in batches, such a text follows its own batch, so that its language can depend on where
    batches are cut and, in a batch with no clear text, falls back on Dutch (else the first of
    `languages`). Raises SettingsError for a language the identifier does not know.
    """
    given = feedback.column("language").combine_chunks()
    verbatims = feedback.column("verbatim")
    unknown = pc.and_(pc.is_null(given), pc.not_equal(verbatims, ""))
    texts = pc.unique(pc.filter(verbatims, unknown)).to_pylist()
    clear = {
        text: language
        for text in texts
        if (language := _clear_language(text, tuple(languages))) is not None
    }
    sources = feedback.column("source").to_pylist()
    found = given.to_pylist()
    rows = verbatims.to_pylist()
    counts: dict[str, Counter[str]] = {}
    for row, text in enumerate(rows):
        if found[row] is None:
            found[row] = clear.get(text)
        if found[row] is not None:
            counts.setdefault(sources[row], Counter())[found[row]] += 1
    majority = {
        source: min(counter, key=lambda code: (-counter[code], code))
        for source, counter in counts.items()
    }
    default = FALLBACK if FALLBACK in languages else languages[0]
    for row, text in enumerate(rows):
        if found[row] is None and text:
            found[row] = majority.get(sources[row], default)
    position = feedback.schema.get_field_index("language")
    return feedback.set_column(position, "language", pa.array(found, pa.string()))


def _clear_language(text: str, languages: tuple[str, ...]) -> str | None:
    if len(text.split(maxsplit=MIN_WORDS)) < MIN_WORDS:
        return None
    language, probability = _identifier(languages).classify(text)
    return str(language) if probability >= MIN_PROBABILITY else None


@cache
def _identifier(languages: tuple[str, ...]) -> Any:  # noqa: ANN401 - py3langid has no types
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = sorted(label for label in identifier.labels if len(label) == 2)
    unknown = [language for language in languages if language not in known]
    if unknown:
        raise SettingsError(
            f"languages holds '{unknown[0]}', which the language identifier does not know",
            hint=f"known: {', '.join(known)}",
        )
    identifier.set_languages(list(languages))
    return identifier
