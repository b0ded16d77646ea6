import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.labelling import draw, read_sheet, write_sheet
from klankbord.schema import FEEDBACK, SCORES, TONE_LABELS, TONE_PROBABILITIES, TONES, conform

CHANNELS = ("survey", "review", "chat")


def tables(rows: int, seed: int = 0, texts: list[str] | None = None) -> tuple[pa.Table, pa.Table]:
    """Feedback with random tones, channels and doubt; one text in ten is "prima"."""
    random = np.random.default_rng(seed)
    texts = texts or [f"tekst {n}" if random.random() > 0.1 else " Prima " for n in range(rows)]
    ids = [f"f{number:05}" for number in range(rows)]
    feedback = {
        "feedback_id": ids,
        "source": ["s"] * rows,
        "channel": random.choice(CHANNELS, rows, p=(0.7, 0.25, 0.05)).tolist(),
        "author_role": ["customer"] * rows,
        "verbatim": texts,
        "attributes": ["{}"] * rows,
    }
    zeros = pa.array(np.zeros(rows, dtype=np.float32))
    no = pa.array([False] * rows)
    flags = ("mixed", "churn_cue", "ambassador_cue", "unresolved")
    scores = {
        "feedback_id": ids,
        "tone": random.choice([str(tone) for tone in TONES], rows, p=(0.02, 0.08, 0.2, 0.3, 0.4)),
        **dict.fromkeys((*TONE_PROBABILITIES, "valence", "enthusiasm"), zeros),
        "tone_sd": pa.array(random.random(rows).astype(np.float32)),
        **dict.fromkeys(flags, no),
        "non_answer": pa.array((random.random(rows) < 0.05).tolist()),
        "cues": pa.array([[]] * rows, pa.list_(pa.string())),
        "scored_by": ["m"] * rows,
    }
    return conform(pa.table(feedback), FEEDBACK), conform(pa.table(scores), SCORES)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.integers(1, 120), st.integers(0, 3))
def test_a_sample_has_its_size_and_stands_for_everything(rows, size, seed):
    feedback, scores = tables(rows)
    sample = draw(feedback, scores, size=size, seed=seed)
    assert sample.rows.num_rows == min(size, sample.texts)
    words = [text.strip() for text in sample.rows["verbatim"].to_pylist()]
    assert len(set(words)) == len(words)
    weight = sample.rows["weight"].to_numpy()
    assert (weight >= 1).all()
    answers = scores.num_rows - pc.sum(scores["non_answer"]).as_py() if rows else 0
    assert sample.population == answers
    if size >= 60 and sample.texts > size:
        left = set(sample.rows["feedback_id"].to_pylist())
        silent = scores.filter(scores["non_answer"])["feedback_id"].to_pylist()
        assert not left & set(silent)


def test_the_same_seed_gives_the_same_sample_whatever_the_order_of_the_rows():
    feedback, scores = tables(500)
    turned = pa.array(np.random.default_rng(5).permutation(500))
    first = draw(feedback, scores, size=50, seed=3).rows
    assert first.equals(draw(feedback, scores, size=50, seed=3).rows)
    assert first.equals(draw(feedback.take(turned), scores.take(turned), size=50, seed=3).rows)
    assert not first.equals(draw(feedback, scores, size=50, seed=4).rows)


def test_rare_tones_and_doubt_get_more_places_and_the_weights_give_the_whole_back():
    feedback, scores = tables(4_000, texts=[f"tekst {number}" for number in range(4_000)])
    sample = draw(feedback, scores, size=400)
    tone = np.array(sample.rows["tone"].to_pylist())
    weight = sample.rows["weight"].to_numpy()
    assert (tone == "boos").sum() > 2 * 0.02 * 400
    spread = dict(
        zip(scores["feedback_id"].to_pylist(), scores["tone_sd"].to_pylist(), strict=True)
    )
    doubt = [spread[own] >= 0.8 for own in sample.rows["feedback_id"].to_pylist()]
    assert np.mean(doubt) > 0.25
    answers = scores.filter(pc.invert(scores["non_answer"]))
    for name in TONES:
        share = pc.sum(pc.equal(answers["tone"], str(name))).as_py() / answers.num_rows
        assert weight[tone == str(name)].sum() / weight.sum() == pytest.approx(share, abs=0.04)


def test_over_many_seeds_the_weighted_mean_is_right():
    """Horvitz-Thompson: the mean over draws of the weighted count is the count."""
    feedback, scores = tables(600)
    counts = [
        draw(feedback, scores, size=80, seed=seed).rows["weight"].to_numpy().sum()
        for seed in range(60)
    ]
    assert np.mean(counts) == pytest.approx(draw(feedback, scores).population, rel=0.03)


def test_what_carries_a_label_is_left_out_with_every_text_equal_to_it():
    texts = ["Goed", "goed", "Goed ", "Slecht", "Traag"]
    feedback, scores = tables(5, seed=2, texts=texts)
    scores = scores.set_column(
        scores.column_names.index("non_answer"), "non_answer", pa.array([False] * 5)
    )
    labels = pa.table(
        {
            "feedback_id": ["f00000"],
            "tone": ["positief"],
            "labelled_by": [""],
            "labelled_at": pa.array([0], pa.timestamp("us", tz="UTC")),
        }
    )
    found = draw(feedback, scores, conform(labels, TONE_LABELS)).rows["verbatim"].to_pylist()
    assert sorted(found) == ["Slecht", "Traag", "goed"]


HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "@SUM(A1)",
    "+31",
    "-2",
    "http://x.nl",
    "\tx",
    "a\x00\u202eb",
]


def hostile():
    feedback, scores = tables(len(HOSTILE), texts=HOSTILE)
    plain = pa.array([False] * len(HOSTILE))
    return feedback, scores.set_column(scores.column_names.index("non_answer"), "non_answer", plain)


def test_the_workbook_is_blind_has_a_guide_and_runs_nothing(tmp_path):
    path = tmp_path / "etiketten.xlsx"
    write_sheet(draw(*hostile()), path)
    book = openpyxl.load_workbook(path)
    page = book["etiketten"]
    assert [cell.value for cell in page[1]] == [
        "feedback_id", "kanaal", "vraag", "tekst", "toon", "gemengd", "klachtthema",
        "kenmerken", "gewicht",
    ]  # fmt: skip
    assert page.freeze_panes == "A2"
    cells = [cell for row in page.iter_rows(min_row=2) for cell in row]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    assert '=HYPERLINK("http://x","y")' in {cell.value for cell in cells}
    lists = {str(check.sqref)[0]: check.formula1 for check in page.data_validations.dataValidation}
    assert lists["E"] == '"boos,ontevreden,neutraal,positief,enthousiast"'
    assert lists["F"] == '"ja,nee"'
    assert "levertijd" in lists["G"]
    assert len(lists["G"]) <= 255
    assert "boos: " in " ".join(str(row[0].value) for row in book["uitleg"].iter_rows())


def test_the_csv_starts_no_formula_and_comes_back_as_it_was(tmp_path):
    path = tmp_path / "etiketten.csv"
    sample = draw(*hostile())
    write_sheet(sample, path, with_prediction=True)
    content = path.read_text("utf-8")
    assert "voorspelling" in content
    for line in content.splitlines()[1:]:
        assert not any(cell.lstrip('"').startswith(("=", "@", "+")) for cell in line.split(","))
    filled = content.replace(",,,,", ",neutraal,,,")
    path.write_text(filled, "utf-8")
    texts = set(read_sheet(path).texts)
    assert {'=HYPERLINK("http://x","y")', "@SUM(A1)", "+31", "-2"} <= texts


def test_the_same_sample_gives_the_same_bytes(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_sheet(draw(*tables(100), size=20), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_an_empty_sample_and_another_kind_of_file(tmp_path):
    sample = draw(*tables(0))
    write_sheet(sample, tmp_path / "leeg.xlsx")
    assert read_sheet(tmp_path / "leeg.xlsx").texts == ()
    with pytest.raises(UnreadableInputError, match="xlsx"):
        write_sheet(sample, tmp_path / "blad.ods")
