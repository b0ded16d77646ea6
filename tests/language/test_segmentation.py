import time
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.language import segment
from klankbord.language.lexicon import lexicon
from klankbord.language.segmentation import split
from klankbord.schema import SEGMENTS

# "|" marks where a verbatim must be cut, and nowhere else.
MARKED = [
    "Snelle levering, |maar niemand neemt op",
    "Alles was perfect.|Maar de wifi boven valt steeds weg.",
    "Goed geholpen door de monteur. |Helaas na een week weer storing!",
    "Ik heb alleen maar goede ervaringen",
    "Het is zeg maar een beetje duur",
    "Ik betaal ca. 80 euro p.m. voor internet en tv.",
    "Op thuis.nl stond 30.50 euro",
    "prima",
    "Top!!! |Heel blij mee :)",
    "Snel internet; |trage helpdesk",
    "Prima internet, |jammer dat de factuur niet klopt",
    "De monteur was aardig, |echter de wifi doet het nog niet",
    "Fijne klantenservice |alleen jammer dat het zo lang duurt",
    "Zij zijn duur, |daarentegen is de service daar goed",
    "Lang gewacht, |desondanks goed geholpen",
    "Goed product |toch wel jammer van die prijs",
    "Fast installation |but the invoice was wrong",
    "Nothing but praise for your team",
    "The technician was kind. |However the wifi still drops",
    "Great speed |although the price went up",
    "Nice people |unfortunately nobody calls back",
    "It all works |except that the app crashes",
    "Schnelles Internet, |aber die Rechnung stimmt nicht",
    "Der Techniker war nett, |jedoch fällt das WLAN aus",
    "Alles gut, |allerdings war die Wartezeit lang",
    "Sehr schnell |leider zu teuer geworden",
    "Lange gewartet, |trotzdem gut geholfen",
    "Installation rapide |mais la facture est fausse",
    "Bon débit, |cependant le prix augmente",
    "Gens sympas, |par contre personne ne rappelle",
    "Bon service |malheureusement trop cher",
    "Très bien, |toutefois le modem est lent",
]


@pytest.mark.parametrize("marked", MARKED)
def test_cuts_where_the_mark_stands(marked: str):
    parts = [part.strip(" ,;") for part in marked.split("|")]
    text = marked.replace("|", "")
    assert [text[start:end].strip(" ,;") for start, end in split(text)] == parts


@pytest.mark.parametrize("language", ["nl", "en", "de", "fr"])
def test_every_contrast_word_has_a_marked_sentence(language: str):
    for word in lexicon("segmentation")["contrast"][language]:
        assert any(f"|{word}" in line.casefold() for line in MARKED), word


def test_every_abbreviation_keeps_its_sentence_whole():
    for words in lexicon("segmentation")["abbreviations"].values():
        for word in words:
            text = f"Dit is {word} een zin"
            assert split(text) == [(0, len(text))], word


@given(st.text(max_size=300))
def test_spans_are_ordered_inside_the_text_and_lose_no_letter(text: str):
    spans = split(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    kept = "".join(text[start:end] for start, end in spans)
    assert sum(map(str.isalnum, kept)) == sum(map(str.isalnum, text))


def test_segments_point_into_their_verbatim():
    verbatims = ["Snel, maar niemand neemt op. Jammer!", "", "prima", "👍"]
    feedback = pa.table({"feedback_id": list("abcd"), "verbatim": verbatims})
    table = segment(feedback)
    assert table.schema == SEGMENTS
    rows = table.to_pylist()
    assert {row["feedback_id"] for row in rows} == {"a", "c", "d"}
    by_id = dict(zip("abcd", verbatims, strict=True))
    assert all(row["text"] == by_id[row["feedback_id"]][row["start"] : row["end"]] for row in rows)


def test_long_hostile_input_is_cut_in_linear_time():
    def seconds(size: int) -> float:
        text = "goed maar slecht " * size + "." * size + "(" * size
        begin = time.perf_counter()
        assert split(text)
        return time.perf_counter() - begin

    seconds(1_000)
    assert seconds(16_000) < 16 * 8 * max(seconds(1_000), 0.002)
