import hashlib
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import AS_OF, START, HashedEncoder, complaints_of, replaced, tables

from klankbord.errors import KlankbordError
from klankbord.resources import bundled
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, SEGMENTS
from klankbord.themes import OVERIG, ThemeFindings, codeframe, discover

NOBODY = CUSTOMERS.empty_table()
ENCODER = HashedEncoder()


def found(
    feedback: pa.Table, scores: pa.Table, segments: pa.Table, **options: object
) -> ThemeFindings:
    return discover(
        feedback, scores, segments, ENCODER, **({"customers": NOBODY, "as_of": AS_OF} | options)
    )


def planted(each: int = 80) -> tuple[list[str], list[str]]:
    texts = complaints_of("telefoon", each, 1) + complaints_of("mail", each, 2)
    return texts, ["telefoon"] * each + ["mail"] * each


def test_planted_subjects_become_sub_themes_with_their_own_words() -> None:
    texts, truth = planted()
    findings = found(*tables(texts, codes=["bereikbaarheid"] * len(texts)))
    head, *subs = findings.themes
    assert (head.theme_id, head.label, head.owner) == (
        "bereikbaarheid",
        "Slecht bereikbaar",
        "Customer Service",
    )
    assert head.mentions == len(texts)
    assert {sub.parent_id for sub in subs} == {"bereikbaarheid"}
    subject_of = {}
    for sub in subs:
        words = " ".join((sub.label, *sub.keywords))
        about = [
            name for name, word in (("telefoon", "telefoon"), ("mail", "mail")) if word in words
        ]
        assert len(about) == 1, words
        subject_of[sub.theme_id] = about[0]
        assert sub.theme_id.startswith("bereikbaarheid-")
    assert set(subject_of.values()) == {"telefoon", "mail"}
    given_ids = findings.segments.column("theme_id").to_pylist()
    right = [
        subject_of[theme_id] == subject
        for theme_id, subject in zip(given_ids, truth, strict=True)
        if theme_id in subject_of
    ]
    assert len(right) >= 0.9 * len(texts)
    assert np.mean(right) >= 0.95


def test_bundled_encoder_tells_planted_subjects_apart() -> None:
    try:
        bundled("models/encoder-static/model.safetensors")
    except KlankbordError:
        pytest.skip("the bundled encoder is not there")
    from klankbord.models import load_encoder

    texts, truth = planted()
    feedback, scores, segments = tables(texts, codes=["bereikbaarheid"] * len(texts))
    findings = discover(feedback, scores, segments, load_encoder(), customers=NOBODY, as_of=AS_OF)
    ids = np.array(findings.segments.column("theme_id").to_pylist())
    assert len(findings.themes) >= 3
    for theme in findings.themes[1:]:
        share = np.mean(np.array(truth)[ids == theme.theme_id] == "telefoon")
        assert share < 0.05 or share > 0.95


def test_row_order_changes_nothing() -> None:
    texts, _ = planted(60)
    codes = ["bereikbaarheid"] * 100 + ["prijs"] * 20
    feedback, scores, segments = tables(texts, codes=codes)
    first = found(feedback, scores, segments)
    for seed in range(3):
        orders = [np.random.default_rng((seed, part)).permutation(len(texts)) for part in range(3)]
        shuffled = [
            table.take(pa.array(order))
            for table, order in zip((feedback, scores, segments), orders, strict=True)
        ]
        again = found(*shuffled)
        assert again.themes == first.themes
        assert (again.complaining, again.unassigned) == (first.complaining, first.unassigned)
        assert again.segments.equals(first.segments.take(pa.array(orders[2])))


def test_same_input_gives_the_same_bytes() -> None:
    texts, _ = planted(60)
    data = tables(texts, codes=["bereikbaarheid"] * len(texts))
    prints = {
        hashlib.sha256(repr(findings.themes).encode()).hexdigest()
        for findings in (found(*data), found(*data))
    }
    assert len(prints) == 1


def test_only_complaints_of_customers_count() -> None:
    texts = ["Te duur"] * 7
    feedback, scores, segments = tables(
        texts,
        codes=["prijs"] * 7,
        tones=["ontevreden"] * 5 + ["positief", "ontevreden"],
        author_role=["customer", "agent", "bot", "unknown", "customer", "customer", "customer"],
        channel=["survey"] * 4 + ["ai_answer", "survey", "survey"],
    )
    scores = replaced(scores, "non_answer", [False] * 6 + [True])
    findings = found(feedback, scores, segments)
    ids = findings.segments.column("theme_id").to_pylist()
    # a wish inside happy feedback counts when the whole feedback carries the same code
    assert ids == ["prijs", None, None, "prijs", None, "prijs", None]
    assert findings.complaining == 3
    assert findings.themes[0].mentions == 3


def test_praise_inside_a_complaint_stays_out() -> None:
    feedback, scores, segments = tables(["Lekker maar koud", "Fijn"], codes=["kwaliteit", None])
    segments = pa.concat_tables([segments.slice(0, 1)] * 2)
    segments = replaced(segments, "segment", [0, 1])
    segments = replaced(segments, "tone", ["positief", "ontevreden"])
    segments = replaced(segments, "complaint_theme", ["prijs", "kwaliteit"])
    ids = found(feedback, scores, segments).segments.column("theme_id").to_pylist()
    assert ids == [None, "kwaliteit"]


def test_a_complaint_without_a_code_takes_that_of_its_feedback_or_overig() -> None:
    feedback, scores, segments = tables(
        ["Schandalig", "Waardeloos", "Bah"], codes=["levering", None, None]
    )
    segments = replaced(segments, "complaint_theme", [None, None, "geen code van ons"])
    findings = found(feedback, scores, segments)
    assert findings.segments.column("theme_id").to_pylist() == ["levering", OVERIG, OVERIG]
    assert findings.unassigned == 2
    assert [theme.theme_id for theme in findings.themes] == ["levering"]
    assert findings.themes[0].share == pytest.approx(1 / 3)


def test_near_duplicates_cannot_make_a_theme() -> None:
    texts = [f"De wachttijd aan de telefoon was {n} minuten!" for n in range(500)]
    findings = found(*tables(texts, codes=["bereikbaarheid"] * len(texts)))
    assert [theme.theme_id for theme in findings.themes] == ["bereikbaarheid"]
    assert findings.themes[0].mentions == 500


def test_value_counts_each_customer_once_and_the_customer_table_first() -> None:
    feedback, scores, segments = tables(
        ["Te duur", "Veel te duur", "Duur", "Duur hoor"],
        codes=["prijs"] * 4,
        customer_id=["K-A", "K-A", "K-B", None],
        value_eur=[10.0, 30.0, 5.0, 2.5],
    )
    assert found(feedback, scores, segments).themes[0].value_eur == 30 + 5 + 2.5
    customers = pa.Table.from_pylist(
        [{"customer_id": "K-B", "value_eur": 1000.0, "attributes": "{}"}], schema=CUSTOMERS
    )
    findings = found(feedback, scores, segments, customers=customers)
    assert findings.themes[0].value_eur == 30 + 1000 + 2.5
    feedback = replaced(feedback, "value_eur", [None] * 4)
    assert found(feedback, scores, segments).themes[0].value_eur is None


def test_a_week_begins_on_the_monday_of_the_time_zone() -> None:
    feedback, scores, segments = tables(["Te duur", "Veel te duur"], codes=["prijs"] * 2)
    sunday_in_utc = [datetime(2024, 6, 2, 22, 30, tzinfo=UTC), datetime(2024, 6, 2, 9, tzinfo=UTC)]
    data = replaced(feedback, "received_at", sunday_in_utc), scores, segments
    assert found(*data).themes[0].weekly == ((date(2024, 5, 27), 1, 1), (date(2024, 6, 3), 1, 1))
    assert found(*data, timezone="UTC").themes[0].weekly == ((date(2024, 5, 27), 2, 2),)


def test_feedback_after_the_moment_is_in_no_week() -> None:
    data = tables(["Te duur", "Veel te duur"], codes=["prijs"] * 2, days=[0, 10])
    for end in (START + timedelta(days=10, seconds=-1), date(2024, 1, 10)):
        assert [hits for _, hits, _ in found(*data, as_of=end).themes[0].weekly] == [1]
    assert len(found(*data, as_of=START + timedelta(days=10)).themes[0].weekly) == 2


def test_one_endless_complaint_takes_no_more_memory_than_it_is_long() -> None:
    texts = [f"Te duur {number}" for number in range(2_000)] + ["te duur " + "é" * 40_000]
    data = tables(texts, codes=["prijs"] * len(texts))
    tracemalloc.start()
    try:
        found(*data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60_000_000


def test_heads_go_by_mentions_with_their_sub_themes_behind() -> None:
    texts, _ = planted()
    texts += ["Te duur voor wat het is"] * 200
    codes = ["bereikbaarheid"] * 160 + ["prijs"] * 200
    themes = found(*tables(texts, codes=codes)).themes
    assert [theme.theme_id for theme in themes if theme.parent_id is None] == [
        "prijs",
        "bereikbaarheid",
    ]
    subs = [theme for theme in themes if theme.parent_id]
    assert themes == (themes[0], themes[1], *subs)
    assert [sub.mentions for sub in subs] == sorted((s.mentions for s in subs), reverse=True)


def test_head_labels_come_in_english_too() -> None:
    data = tables(["Te duur"], codes=["prijs"])
    assert found(*data, language="en").themes[0].label == "Price and costs"


def test_few_complaints_stay_undivided_and_untrended() -> None:
    texts, _ = planted(10)
    themes = found(*tables(texts[:19], codes=["bereikbaarheid"] * 19)).themes
    assert [(theme.theme_id, theme.trend) for theme in themes] == [
        ("bereikbaarheid", "te weinig gegevens")
    ]


def test_empty_tables_and_feedback_without_complaints_have_no_themes() -> None:
    empty = found(FEEDBACK.empty_table(), SCORES.empty_table(), SEGMENTS.empty_table())
    assert (empty.themes, empty.complaining, empty.segments.num_rows) == ((), 0, 0)
    happy = found(*tables(["Prima geregeld"], tones=["positief"]))
    assert (happy.themes, happy.complaining) == ((), 0)
    assert happy.segments.schema == SEGMENTS


def test_hostile_text_passes_through() -> None:
    texts = [
        "<script>alert(1)</script>",
        "=HYPERLINK('x')",
        "😡😡😡",
        "\u202eomgekeerd",
        "a" * 9000,
    ]
    texts = [f"{text}" for text in texts * 20]
    findings = found(*tables(texts, codes=["website"] * len(texts)))
    assert findings.themes[0].mentions == 100
    assert all("<" not in theme.label and "=" not in theme.label for theme in findings.themes)
    assert {"website"} <= set(findings.segments.column("theme_id").to_pylist())


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=80))
def test_every_complaint_gets_a_theme_that_exists(texts: Sequence[str]) -> None:
    texts = [text for text in texts if text.strip()] or ["x"]
    codes = [list(codeframe())[number % 3] for number in range(len(texts))]
    findings = found(*tables(texts, codes=codes))
    known = {theme.theme_id for theme in findings.themes} | {OVERIG}
    assert set(findings.segments.column("theme_id").to_pylist()) <= known
    assert len({theme.theme_id for theme in findings.themes}) == len(findings.themes)


def test_quotes_are_the_customers_words_from_different_feedback() -> None:
    texts, _ = planted()
    data = tables(texts, codes=["bereikbaarheid"] * len(texts))
    said = dict(zip(data[0].column("feedback_id").to_pylist(), texts, strict=True))
    for theme in found(*data).themes:
        assert len(theme.quotes) == 3
        assert len({quote.feedback_id for quote in theme.quotes}) == 3
        assert all(quote.text == said[quote.feedback_id] for quote in theme.quotes)
        assert {quote.feedback_id for quote in theme.quotes} <= set(theme.evidence)
        dates = [quote.received_at for quote in theme.quotes if quote.received_at]
        assert dates[1] == max(dates[1:])


def test_complaints_in_other_languages_land_in_the_same_themes() -> None:
    try:
        bundled("models/encoder-static/model.safetensors")
    except KlankbordError:
        pytest.skip("the bundled encoder is not there")
    from klankbord.models import load_encoder

    months = ("januari", "maart", "april", "juni", "juli", "augustus", "oktober", "december")
    bill = (
        "de factuur van {} klopt niet",
        "weer een verkeerde factuur over {}",
        "mijn factuur van {} is veel te hoog",
        "op de factuur van {} staat een fout",
        "ik snap niets van de factuur over {}",
    )
    back = (
        "ik wacht al weken op mijn geld terug voor {}",
        "geld terug voor {} nog niet gehad",
        "terugbetaling van {} duurt veel te lang",
        "wanneer komt de terugbetaling voor {}",
        "de terugbetaling van {} is niet gestort",
    )
    dutch = [form.format(month) for form in (*bill, *back) for month in months]
    foreign = {
        "Schon wieder eine falsche Rechnung": "factuur",
        "Auf der Rechnung steht ein falscher Betrag": "factuur",
        "The invoice is far too high": "factuur",
        "La facture de mai est fausse": "factuur",
        "Die Rückerstattung dauert viel zu lange": "terug",
        "I have been waiting for my refund for weeks": "terug",
    }
    texts = [*dutch, *foreign]
    language = ["nl"] * len(dutch) + ["de", "de", "en", "fr", "de", "en"]
    data = tables(texts, codes=["betaling"] * len(texts), language=language)
    findings = discover(*data, load_encoder(), customers=NOBODY, as_of=AS_OF)
    given = findings.segments.column("theme_id").to_pylist()[len(dutch) :]
    for text, theme_id, subject in zip(foreign, given, foreign.values(), strict=True):
        assert subject in theme_id, text
