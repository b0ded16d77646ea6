from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import HashedEncoder, complaints_of, replaced, tables

from klankbord.records import Theme
from klankbord.schema import FEEDBACK, SCORES, SEGMENTS
from klankbord.themes.praise import FEWEST, praise, praising

ENCODER = HashedEncoder()
PRAISE = {
    "monteur": (
        "de monteur kwam {0} minuten te vroeg, fantastisch",
        "wat een vriendelijke monteur, na {0} minuten klaar",
        "fantastisch hoe de monteur {0} keer meedacht",
        "de monteur legde het {0} keer prettig uit",
    ),
    "app": (
        "de app toont mijn verbruik prettig, {0} keer bekeken",
        "prettig dat de app mijn verbruik van {0} dagen laat zien",
        "met de app en het verbruik in {0} tikken, fantastisch",
        "fantastisch, verbruik van {0} weken in de app",
    ),
}
Tables = tuple[pa.Table, pa.Table, pa.Table]


def praise_of(subject: str, count: int) -> list[str]:
    forms = PRAISE[subject]
    return [
        f"{forms[number % 4].format(number + 2)} straat{chr(97 + number % 26)}"
        f" {('in huis', 'op zolder', 'buiten', 'boven', 'beneden')[number % 5]}"
        for number in range(count)
    ]


def planted(each: int = 60, unhappy: int = 40) -> tuple[Tables, list[str]]:
    """Praise about two subjects, and complaints that share a word with one of them."""
    happy = [*praise_of("monteur", each), *praise_of("app", each)]
    angry = complaints_of("telefoon", unhappy, 3)
    tones = ["enthousiast", "positief"] * each + ["boos"] * unhappy
    codes = [None] * len(happy) + ["bereikbaarheid"] * unhappy
    truth = ["monteur"] * each + ["app"] * each
    return tables([*happy, *angry], tones=tones, codes=codes), truth


@pytest.fixture(scope="module")
def found() -> tuple[Tables, tuple[Theme, ...]]:
    data, _ = planted()
    return data, praise(*data, ENCODER)


def test_planted_praise_is_grouped_by_its_subject(found: tuple[Tables, tuple[Theme, ...]]) -> None:
    data, groups = found
    assert len(groups) >= 2
    said = data[0].column("verbatim").to_pylist()
    of = dict(zip(data[0].column("feedback_id").to_pylist(), said, strict=True))
    subjects = set()
    for one in groups:
        about = {name for name in PRAISE if all(name in of[row] for row in one.evidence)}
        assert len(about) == 1, one.label
        subjects |= about
    assert subjects == set(PRAISE)
    assert sum(one.mentions for one in groups) >= 0.7 * 120
    assert (
        len({one.label for one in groups}) == len({one.theme_id for one in groups}) == len(groups)
    )
    assert [one.mentions for one in groups] == sorted((g.mentions for g in groups), reverse=True)
    assert all(one.share == pytest.approx(one.mentions / 120) for one in groups)


def test_no_judgement_names_praise(found: tuple[Tables, tuple[Theme, ...]]) -> None:
    for one in found[1]:
        words = {*one.label.replace(",", "").split(), *one.keywords}
        assert not words & {"fantastisch", "prettig"}, one.label


def test_quotes_are_of_customers_and_the_last_is_the_warmest(
    found: tuple[Tables, tuple[Theme, ...]],
) -> None:
    data, groups = found
    said = set(data[0].column("verbatim").to_pylist()[:120])
    for one in groups:
        assert len(one.quotes) == 3
        assert len({quote.feedback_id for quote in one.quotes}) == 3
        assert {quote.text for quote in one.quotes} <= said
        assert {str(quote.tone) for quote in one.quotes} <= {"positief", "enthousiast"}
        assert {quote.feedback_id for quote in one.quotes} <= set(one.evidence)
        assert (one.owner, one.value_eur, one.parent_id) == ("", None, None)
    texts = ["de monteur was er snel", "de monteur kwam op tijd", "de monteur belde vooraf"]
    data = tables(
        [text + f" nummer{chr(97 + at % 26)}" for at, text in enumerate(texts * 30)],
        tones=["positief"] * 90,
    )
    data = (*data[:2], replaced(data[2], "valence", list(np.linspace(0.1, 0.9, 90))))
    valence = dict(zip(data[2]["feedback_id"].to_pylist(), data[2]["valence"], strict=True))
    for one in praise(*data, ENCODER):
        typical, _, warmest = (valence[quote.feedback_id].as_py() for quote in one.quotes)
        assert warmest >= typical


def test_row_order_changes_nothing(found: tuple[Tables, tuple[Theme, ...]]) -> None:
    data, groups = found
    for seed in range(2):
        shuffled = [
            table.take(pa.array(np.random.default_rng((seed, at)).permutation(table.num_rows)))
            for at, table in enumerate(data)
        ]
        assert praise(*shuffled, ENCODER) == groups


def test_only_what_customers_say_themselves_is_praise() -> None:
    texts = [f"de monteur was {number} minuten te vroeg" for number in range(7)]
    feedback, scores, segments = tables(
        texts,
        tones=["positief"] * 5 + ["neutraal", "enthousiast"],
        author_role=["customer", "agent", "bot", "unknown", "customer", "customer", "customer"],
        channel=["survey"] * 4 + ["ai_answer", "survey", "survey"],
    )
    scores = replaced(scores, "non_answer", [False] * 6 + [True])
    assert praising(feedback, scores, segments) == 2  # the customer and the unknown


def test_a_complaint_in_a_happy_tone_is_no_praise() -> None:
    data = tables(
        ["Mag wel iets goedkoper", "Lekker geholpen"],
        tones=["positief"] * 2,
        codes=["prijs", None],
    )
    assert praising(*data) == 1


def test_the_same_praise_over_and_over_is_one_text() -> None:
    texts = [f"De monteur was {number} minuten te vroeg!" for number in range(200)]
    data = tables(texts, tones=["positief"] * 200)
    assert praising(*data) == 200
    assert praise(*data, ENCODER) == ()


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_little_praise_is_not_grouped(count: int) -> None:
    texts = praise_of("monteur", count)
    data = tables(texts, tones=["positief"] * count) if texts else None
    data = data or (FEEDBACK.empty_table(), SCORES.empty_table(), SEGMENTS.empty_table())
    assert praise(*data, ENCODER) == ()
    assert praising(*data) == count


def test_pieces_and_not_segments_are_counted() -> None:
    data = tables(praise_of("monteur", 2), tones=["positief"] * 2)
    segments = pa.concat_tables([data[2]] * 3)
    segments = replaced(segments, "segment", [0, 0, 1, 1, 2, 2])
    assert praising(data[0], data[1], segments) == 2


def test_progress_comes_to_its_end() -> None:
    seen: list[tuple[int, int]] = []
    data, _ = planted(30, 0)
    praise(*data, ENCODER, progress=lambda _, done, total: seen.append((done, total)))
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    assert seen == sorted(seen)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=20, max_size=60))
def test_any_text_can_be_praise(texts: Sequence[str]) -> None:
    texts = [text if text.strip() else "x" for text in texts]
    data = tables(texts, tones=["positief"] * len(texts))
    for one in praise(*data, ENCODER):
        assert one.label
        assert 10 <= one.mentions <= len(texts)
        assert not set("<>=/@") & set(one.label)
