"""Scoring tables of feedback and segments with the bundled model."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.language import segment
from klankbord.models import load_tone_model
from klankbord.schema import FEEDBACK, SCORES, SEGMENTS, TONE_PROBABILITIES, conform
from klankbord.tone import enthusiasm_of, score, score_segments, spread_of, valence_of


@pytest.fixture(scope="module")
def model():
    return load_tone_model()


def feedback(verbatims, **columns):
    count = len(verbatims)
    values = {
        "feedback_id": [f"f{index}" for index in range(count)],
        "source": ["table"] * count,
        "channel": ["survey"] * count,
        "author_role": ["customer"] * count,
        "verbatim": verbatims,
        "attributes": ["{}"] * count,
        **columns,
    }
    return conform(pa.table(values), FEEDBACK)


def tones(verbatims, model):
    return score(feedback(verbatims), model)["tone"].to_pylist()


@pytest.mark.parametrize(
    ("verbatim", "tone"),
    [
        ("Geweldig, wat een topservice! Ik vertel het iedereen.", "enthousiast"),
        ("Jullie medewerkster Els heeft me keurig en vriendelijk geholpen.", "positief"),
        ("Ik betaal met automatische incasso.", "neutraal"),
        ("Jammer dat ik zo lang op antwoord moest wachten.", "ontevreden"),
        ("Wat een waardeloze bende, oplichters, NOOIT MEER!!!", "boos"),
        ("I absolutely love this shop, amazing people!", "enthousiast"),
        ("Unfortunately the jacket was torn and nobody answered my mail.", "ontevreden"),
        ("Das Essen war leider kalt und der Fahrer unfreundlich.", "ontevreden"),
        ("Einfach fantastisch, die besten Leute überhaupt!", "enthousiast"),
        ("Le serveur était désagréable et le repas froid.", "ontevreden"),
        ("Un accueil magnifique, tout était parfait !", "enthousiast"),
    ],
)
def test_clear_examples(model, verbatim, tone):
    assert tones([verbatim], model) == [tone]


@pytest.mark.parametrize(
    "verbatim",
    [
        "Nou, dat was lang niet slecht geregeld.",
        "Het resultaat is zeker niet verkeerd.",
        "Over de balie heb ik echt niks te klagen.",
    ],
)
def test_litotes_count_for_what_they_mean(model, verbatim):
    assert tones([verbatim], model) == ["positief"]


def test_lukewarm_is_cooler_than_praise(model):
    table = score(feedback(["prima", "geweldig, wat een topservice!"]), model)
    lukewarm, fan = table["enthusiasm"].to_pylist()
    assert lukewarm < 0.4 < 0.8 < fan
    assert table["tone"].to_pylist()[0] == "neutraal"


def test_enthusiasm_rises_with_the_warmth_of_the_words(model):
    ladder = [
        "Schandalig, nooit meer!",
        "Helaas viel het tegen.",
        "Het was goed.",
        "Het was echt heel goed, ik ben er erg blij mee!",
        "Het was fantastisch, wat een geweldige mensen!!",
    ]
    warmth = score(feedback(ladder), model)["enthusiasm"].to_pylist()
    assert warmth == sorted(warmth)
    assert warmth[-1] - warmth[2] > 0.4


PROBABILITIES = st.lists(st.floats(0.001, 1), min_size=5, max_size=5)


@given(PROBABILITIES, st.integers(0, 3), st.floats(0, 1))
def test_axes_stay_in_range_and_move_with_the_probabilities(weights, level, share):
    """Probability that moves one level up never lowers valence or enthusiasm."""
    before = np.array([weights], dtype=np.float32) / sum(weights)
    after = before.copy()
    moved = before[0, level] * share
    after[0, level] -= moved
    after[0, level + 1] += moved
    for axis, low in ((valence_of, -1), (enthusiasm_of, 0)):
        assert low <= axis(before)[0] <= 1
        assert axis(after)[0] >= axis(before)[0] - 2e-5
    assert 0 <= spread_of(before)[0] <= 2.001


def test_the_scores_follow_the_contract(model):
    table = score(
        feedback(["prima geregeld", "slecht", "nvt"], question=["Hoe was het?"] * 3), model
    )
    assert table.schema.equals(SCORES)
    sums = sum(np.array(table[name]) for name in TONE_PROBABILITIES)
    assert np.allclose(sums, 1, atol=1e-4)
    assert set(table["scored_by"].to_pylist()) == {model.fingerprint}


def test_only_worded_rows_of_customers_are_scored(model):
    table = feedback(
        ["goed", "Waarmee kan ik helpen?", "", "slecht", "ja"],
        author_role=["customer", "agent", "customer", "unknown", "bot"],
    )
    assert score(table, model)["feedback_id"].to_pylist() == ["f0", "f3"]


def test_a_non_answer_is_neutral_and_flat(model):
    row = score(feedback(["n.v.t."]), model).to_pylist()[0]
    assert row["non_answer"]
    assert row["tone"] == "neutraal"
    assert row["enthusiasm"] == 0
    assert row["valence"] == 0
    assert row["tone_sd"] > 0.8
    assert row["complaint_theme"] is None
    assert row["cues"] == []
    assert not any(row[flag] for flag in ("churn_cue", "unresolved", "mixed"))


def test_an_answer_is_read_with_its_question(model):
    worse, better = "Wat kan er beter?", "Waar bent u tevreden over?"
    table = feedback(
        ["parkeren", "parkeren", "niets", "niets", "niets", "nvt", "alles"],
        question=[worse, better, worse, better, "Heeft u nog opmerkingen?", worse, worse],
    )
    rows = score(table, model).to_pylist()
    assert [row["tone"] for row in rows] == [
        "ontevreden", "positief", "positief", "ontevreden", "neutraal", "neutraal", "ontevreden",
    ]  # fmt: skip
    assert [row["complaint_theme"] for row in rows] == [
        "comfort", None, None, "anders", None, None, "anders",
    ]  # fmt: skip
    assert [row["non_answer"] for row in rows] == [False] * 4 + [True, True, False]
    assert all(0.5 < max(row[name] for name in TONE_PROBABILITIES) < 0.9 for row in rows[:4])


def test_a_longer_answer_keeps_its_own_tone(model):
    table = feedback(
        ["De medewerker was heel vriendelijk en hielp me meteen", "Het duurde weken, erg jammer"],
        question=["Wat kan er beter?", "Wat ging er goed?"],
    )
    assert score(table, model)["tone"].to_pylist() == ["positief", "ontevreden"]


def test_cues_stand_where_their_spans_say(model):
    rows = score(feedback(["Super vriendelijk geholpen!", "n.v.t.", "écht één ramp"]), model)
    for row, text in zip(rows.to_pylist(), ["Super vriendelijk geholpen!", "", "écht één ramp"],
                         strict=True):  # fmt: skip
        spans = row["cue_spans"]
        pairs = zip(spans[::2], spans[1::2], strict=True)
        assert row["cues"] == [text[start:end] for start, end in pairs]
    assert rows["cues"][0].as_py()


def test_flags_and_theme(model):
    rows = score(
        feedback(
            [
                "Het eten was heerlijk, maar de bezorging duurde wel heel lang.",
                "Ik zeg mijn abonnement op en stap over naar een ander.",
                "Een echte aanrader, ik bestel hier zeker weer!",
                "Ik heb mijn geld nog steeds niet terug, graag een reactie.",
            ]
        ),
        model,
    ).to_pylist()
    assert rows[0]["mixed"]
    assert rows[0]["complaint_theme"] == "levertijd"
    assert rows[1]["churn_cue"]
    assert rows[2]["ambassador_cue"]
    assert rows[2]["complaint_theme"] is None
    assert rows[3]["unresolved"]
    assert not rows[2]["churn_cue"]


def test_equal_words_get_equal_scores_in_every_row(model):
    words = ["goed geholpen", "slecht", "goed geholpen", "slecht"]
    table = score(feedback(words), model).drop_columns(["feedback_id"]).to_pylist()
    assert table[0] == table[2]
    assert table[1] == table[3]


def test_scoring_is_deterministic_and_reports_progress(model):
    heard = []
    table = feedback([f"De levering van order {index} was te laat" for index in range(50)])
    one = score(table, model, lambda *told: heard.append(told))
    assert one.equals(score(table, load_tone_model()))
    assert heard[-1] == ("tone", 50, 50)


def test_segments_are_filled(model):
    texts = ["Het eten was heerlijk!", "maar veel te laat bezorgd", "Het eten was heerlijk!"]
    segments = conform(
        pa.table(
            {
                "feedback_id": ["a", "a", "b"],
                "segment": [0, 1, 0],
                "start": [0, 23, 0],
                "end": [22, 48, 22],
                "text": texts,
            }
        ),
        SEGMENTS,
    )
    filled = score_segments(segments, model)
    assert filled.schema.equals(SEGMENTS)
    assert filled["text"].to_pylist() == texts
    assert filled["tone"].to_pylist()[1] == "ontevreden"
    assert filled["complaint_theme"].to_pylist() == [None, "levertijd", None]
    assert filled["valence"][0] == filled["valence"][2]
    assert filled["valence"][0].as_py() > 0.4 > 0 > filled["valence"][1].as_py()
    assert filled["theme_id"].null_count == 3


def test_segments_are_read_with_the_question_they_need(model):
    table = feedback(
        ["communicatie", "communicatie", "niets"],
        question=["Wat kan er beter?", "Wat ging er goed?", "Wat ging er goed?"],
    )
    segments = segment(table)
    filled = score_segments(segments, model, feedback=table)
    assert filled["tone"].to_pylist() == ["ontevreden", "positief", "neutraal"]
    assert filled["complaint_theme"].to_pylist() == ["informatie", None, None]
    assert score_segments(segments, model)["tone"].to_pylist() == ["neutraal"] * 3


class Counting:
    """A tone model that keeps what it was asked to score."""

    def __init__(self, model):
        self.model, self.texts = model, []

    def __getattr__(self, name):
        return getattr(self.model, name)

    def predict(self, texts, questions):
        self.texts += texts
        return self.model.predict(texts, questions)


def test_a_segment_that_is_the_whole_answer_is_not_scored_again():
    table = feedback(
        [
            "De monteur kwam netjes op tijd",
            "De monteur kwam netjes op tijd. Maar de rekening klopte niet!",
            "n.v.t.",
            "communicatie",
            "Het duurde allemaal veel te lang en niemand belde terug",
            "Bedankt voor de hulp, ‹naam›",
        ],
        question=["", "", "", "Wat kan er beter?", "Wat ging er goed?", ""],
    )
    fast, segments = Counting(load_tone_model(tier="fast")), segment(table)
    scores = score(table, fast)
    fast.texts.clear()
    filled = score_segments(segments, fast, feedback=table, scores=scores)
    afresh = set(fast.texts)
    assert filled.equals(score_segments(segments, fast, feedback=table))
    assert "Maar de rekening klopte niet!" in afresh
    assert "n.v.t." in afresh  # the score of a non-answer is not the model's
    assert "Het duurde allemaal veel te lang en niemand belde terug" in afresh  # no question now
    assert not afresh & {"De monteur kwam netjes op tijd", "communicatie"}
    assert not any(text.startswith("Bedankt") for text in afresh)


def test_scores_of_another_model_or_a_person_are_not_taken_for_a_segment(model):
    table = feedback(["tja, had ik niet verwacht", "nou ja, het zal wel"])
    segments, fast = segment(table), Counting(model.fast)
    wanted = score_segments(segments, model, feedback=table)
    scores = score(table, model)
    labelled = score(table, fast)
    place = labelled.column_names.index("scored_by")
    labelled = labelled.set_column(place, "scored_by", pa.array(["person", "person"]))
    fast.texts.clear()
    for others in (scores, labelled):
        assert score_segments(segments, fast, feedback=table, scores=others).equals(wanted)
    assert len(fast.texts) == 4


def test_empty_tables(model):
    assert score(FEEDBACK.empty_table(), model).equals(SCORES.empty_table())
    assert score(feedback(["", "  "]), model).equals(SCORES.empty_table())
    assert score_segments(SEGMENTS.empty_table(), model).equals(SEGMENTS.empty_table())


def test_scoring_loads_no_torch():
    code = """
import sys
import pyarrow as pa
from klankbord.language import segment
from klankbord.models import load_tone_model
from klankbord.schema import FEEDBACK, conform
from klankbord.tone import score
row = dict(feedback_id=["1"], source=["t"], channel=["survey"], author_role=["customer"],
           verbatim=["goed"], attributes=["{}"])
assert score(conform(pa.table(row), FEEDBACK), load_tone_model()).num_rows == 1
sys.exit(bool({"torch", "transformers"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_a_row_gets_does_not_hang_on_the_rows_beside_it():
    generator = np.random.default_rng(5)
    rows = np.round(generator.dirichlet(np.full(5, 0.4), 4_000), 5).astype(np.float32)
    for measure in (valence_of, enthusiasm_of, spread_of):
        together = measure(rows)
        for size in (1, 7, 40):
            parts = [measure(rows[at : at + size]) for at in range(0, len(rows), size)]
            assert np.array_equal(np.concatenate(parts), together)
