"""Measure short answers that only mean something with their question, before and after.

    python scripts/evaluate_questions.py [--data /path/to/data]

"Before" is what the tone model alone makes of question and answer, and a non-answer wherever the
words stand in the list of non-answers. The weight and shares of `klankbord/models/answered.py`
were chosen on `answers.tsv`; only `answers_unseen.tsv` is a fair measure. With `--data` it also
prints which short real texts are taken for non-answers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.stats import binomtest

from klankbord.language import non_answers
from klankbord.language.questions import answer_kind, asked_for
from klankbord.models import ToneModel, load_tone_model
from klankbord.models.loading import TIERS
from klankbord.schema import FEEDBACK, TONE_PROBABILITIES, TONES, conform
from klankbord.tone import score, tone_levels
from translation_pairs import rows

OURS = Path(__file__).parent.parent / "corpora" / "questions"
FILES = {"answers": "chosen on", "answers_unseen": "looked at since", "answers_fresh": "unseen"}
SHORT = 3
NEUTRAL, NONE = "neutraal", "-"
NAMES = [str(tone) for tone in TONES]


def before(table: list[dict[str, str]], model: ToneModel) -> tuple[np.ndarray, np.ndarray]:
    """Return tone and complaint code by the model alone."""
    texts = [row["text"] for row in table]
    scores = model.predict(texts, [row["question"] for row in table])
    levels = tone_levels(scores.probabilities)
    theme = np.where((scores.theme == 0) & (levels <= 1), scores.complaint, scores.theme)
    said = ~non_answers(pa.array(texts))
    tones = np.where(said, np.array(NAMES)[levels], NEUTRAL)
    codes = np.where(said, np.array(model.themes)[theme], NONE)
    return tones, codes


def after(
    table: list[dict[str, str]], model: ToneModel
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return tone, complaint code, non-answer and the chance of the right tone by a run."""
    scored = score(as_table(table), model)
    chances = np.stack([scored[name].to_numpy() for name in TONE_PROBABILITIES], axis=1)
    gold = [NAMES.index(row["tone"]) for row in table]
    codes = [code or NONE for code in scored["complaint_theme"].to_pylist()]
    return (
        np.array(scored["tone"].to_pylist()),
        np.array(codes),
        np.array(scored["non_answer"].to_pylist()),
        chances[np.arange(len(table)), gold],
    )


def as_table(table: list[dict[str, str]]) -> pa.Table:
    """Return the answers as feedback."""
    columns = {
        "feedback_id": [row["id"] for row in table],
        "source": ["table"] * len(table),
        "channel": [row["channel"] for row in table],
        "author_role": ["customer"] * len(table),
        "verbatim": [row["text"] for row in table],
        "question": [row["question"] for row in table],
        "attributes": ["{}"] * len(table),
    }
    return conform(pa.table(columns), FEEDBACK)


def groups(table: list[dict[str, str]]) -> dict[str, np.ndarray]:
    """Return which rows belong to which kind of question and answer, and to which language."""
    kinds = [f"{asked_for(row['question'])}, {answer_kind(row['text'])}" for row in table]
    languages = [row["language"] for row in table]
    found = {name: np.array([kind == name for kind in kinds]) for name in sorted(set(kinds))}
    found |= {name: np.array([own == name for own in languages]) for name in sorted(set(languages))}
    return found | {"all": np.ones(len(table), dtype=bool)}


def share(right: np.ndarray) -> str:
    """Return the share with its 95 % interval."""
    interval = binomtest(int(right.sum()), len(right)).proportion_ci(0.95, method="wilson")
    return f"{right.mean():.1%} [{interval.low:.0%}, {interval.high:.0%}]"


def report(name: str, table: list[dict[str, str]], model: ToneModel) -> None:
    """Print the figures of one file."""
    gold = np.array([row["tone"] for row in table])
    coded = np.array([row["complaint_theme"] for row in table])
    was, was_coded = before(table, model)
    now, now_coded, silent, chance = after(table, model)
    print(f"\n{name}.tsv ({FILES[name]}): {len(table)} answers\n")
    print("| Asked for, answered | Answers | Tone before | Tone after |\n|---|---|---|---|")
    for group, which in groups(table).items():
        both = share((was == gold)[which]), share((now == gold)[which])
        print(f"| {group} | {which.sum()} | {both[0]} | {both[1]} |")
    complains = coded != NONE
    print(f"\ncode of a complaint: {share((was_coded == coded)[complains])} before,"
          f" {share((now_coded == coded)[complains])} after")  # fmt: skip
    print(f"code without a complaint: {share((was_coded != NONE)[~complains])} before,"
          f" {share((now_coded != NONE)[~complains])} after")  # fmt: skip
    print(f"log loss after: {-np.log(np.maximum(chance, 1e-6)).mean():.3f}; mean chance of the"
          f" right tone {chance.mean():.2f}; marked as non-answers: {silent.sum()}")  # fmt: skip


def print_non_answers(data: Path) -> None:
    """Print what is marked among the texts of at most three words of reviews and labelled texts."""
    paths = [*sorted((data / "reviews").glob("*.tsv")), *sorted((data / "tone").glob("*.tsv"))]
    found = {row["text"].strip(): row.get("tone", "") for path in paths for row in rows(path)}
    short = [text for text in found if text and len(text.split()) <= SHORT]
    marked = [text for text, non in zip(short, non_answers(pa.array(short)), strict=True) if non]
    labelled = [text for text in marked if found[text]]
    toned = [text for text in labelled if found[text] != NEUTRAL]
    print(f"\nreal texts of at most {SHORT} words: {len(short):,}, marked {len(marked)};"
          f" of {len(labelled)} with a label, {len(toned)} are not neutral: {toned}")  # fmt: skip
    print("marked:", ", ".join(marked))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tier", choices=TIERS, default="cascade")
    parser.add_argument("--errors", action="store_true", help="also print our own wrong answers")
    parser.add_argument("--data", type=Path, help="folder with reviews/ and tone/")
    options = parser.parse_args()
    model = load_tone_model(tier=options.tier)
    for name in FILES:
        table = list(rows(OURS / f"{name}.tsv"))
        report(name, table, model)
        if options.errors:
            for row, found, code in zip(table, *after(table, model)[:2], strict=True):
                if found != row["tone"] or code != row["complaint_theme"]:
                    wanted = f"{row['tone']} {row['complaint_theme']}"
                    print(f"{row['question']} - {row['text']}: {wanted}, found {found} {code}")
    if options.data:
        print_non_answers(options.data)


if __name__ == "__main__":
    main()
