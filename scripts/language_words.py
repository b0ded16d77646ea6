"""Print the words that occur in one of the four languages only, as `language/own_words.toml`.

    python scripts/language_words.py --data /path/to/data > src/klankbord/language/own_words.toml

Counted in `corpora/tone` and in the Tatoeba sentences (CC-BY 2.0 FR) of `parallel/`.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

from translation_pairs import rows

LANGUAGES = ("nl", "en", "de", "fr")
TONE = Path(__file__).parent.parent / "corpora" / "tone"
WORD = re.compile(r"[^\W\d_]+")
MOST = 400  # words per language
SHARE = 0.98  # of a word's frequency that must be in one language
DOUBT = 2.0  # per million: what every other language may have that these texts do not show
# Names, and languages by name: they tell what is talked about.
NAMES = frozenset((
    "australia", "australië", "anglais", "deutsch", "duits", "engels", "engelse", "englisch",
    "english", "français", "frans", "french", "französisch", "französische", "german", "italien",
    "japan", "japanese", "japon", "johannes", "maria", "marias", "nederlands", "thuisbezorgd",
    "tokyo",
))  # fmt: skip
HEADER = f"""\
# Words that occur in one of these languages only, the most frequent first: at least
# {SHARE:.0%} of their frequency over the four is in that language. Counted by
# scripts/language_words.py in corpora/tone and in sentences of Tatoeba (CC-BY 2.0 FR).
"""


def counted(data: Path) -> dict[str, Counter[str]]:
    """Return in how many texts of each language a word occurs."""
    found: dict[str, Counter[str]] = {language: Counter() for language in LANGUAGES}
    for other in LANGUAGES:
        for row in rows(data / "parallel" / f"en_{other}.tsv") if other != "en" else ():
            if row["source"] == "tatoeba":
                for language in ("en", other):
                    found[language].update(words(row[language]))
    for path in sorted(TONE.glob("*.tsv")):
        for row in rows(path):
            found[row["language"]].update(words(row["text"]))
    return found


def words(text: str) -> set[str]:
    """Return the different words of a text, case folded."""
    return set(WORD.findall(text.casefold()))


def own(found: dict[str, Counter[str]]) -> dict[str, list[str]]:
    """Return the words of each language that hardly occur in the others."""
    size = {language: count.total() / 1e6 for language, count in found.items()}
    lists: dict[str, list[tuple[float, str]]] = {language: [] for language in LANGUAGES}
    for word in sorted(set().union(*found.values()) - NAMES):
        rate = {language: found[language][word] / size[language] for language in LANGUAGES}
        best = max(LANGUAGES, key=lambda language: rate[language])
        if rate[best] >= SHARE * (sum(rate.values()) + DOUBT):
            lists[best].append((-rate[best], word))
    return {language: [word for _, word in sorted(lists[language])[:MOST]] for language in lists}


def main() -> None:
    """Print the TOML."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with parallel/")
    print(HEADER, end="")
    for language, found in own(counted(parser.parse_args().data)).items():
        print(f"{language} = [")
        line = " "
        for word in found:
            if len(line) + len(word) > 94:
                print(line)
                line = " "
            line += f' "{word}",'
        print(f"{line}\n]")


if __name__ == "__main__":
    main()
