"""spaCy's stop words, read from its files: importing spaCy would load torch."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from klankbord.errors import MissingExtraError

LANGUAGES = ("nl", "en", "de", "fr")


@cache
def stop_words() -> frozenset[str]:
    """Return the case-folded stop words of the four languages together."""
    return frozenset().union(*(_of(language) for language in LANGUAGES))


def _of(language: str) -> set[str]:
    spacy = importlib.util.find_spec("spacy")
    origin = "" if spacy is None else spacy.origin or ""
    path = Path(origin).parent / "lang" / language / "stop_words.py"
    spec = importlib.util.spec_from_file_location(f"_klankbord_stop_words_{language}", path)
    if not origin or not path.is_file() or spec is None or spec.loader is None:
        raise MissingExtraError(
            f"spaCy's stop words for '{language}' are not there",
            hint="install spaCy again: pip install --force-reinstall spacy",
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {str(word).casefold().replace("’", "'") for word in module.STOP_WORDS}
