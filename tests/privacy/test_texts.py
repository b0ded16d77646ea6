import itertools
import json
import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.placeholders import PLACEHOLDER
from klankbord.privacy import Pseudonymiser, find, without_personal_data
from klankbord.privacy.texts import replace

KEY = Pseudonymiser(bytes(range(32)))
MAIL = (
    "Mijn naam is Sanne de Wit, bel 06-12345678 of mail s.dewit@voorbeeld.nl, BSN 111222333,"
    " klantnummer 10023884."
)


def table(*verbatims, attributes="{}"):
    return pa.table({"verbatim": verbatims, "attributes": [attributes] * len(verbatims)})


def replaced(*verbatims):
    return without_personal_data(table(*verbatims), KEY.code)[0].column("verbatim").to_pylist()


def test_what_points_at_a_person_gives_way_to_what_it_was():
    (text,) = replaced(MAIL)
    assert PLACEHOLDER.sub(lambda found: found[0].split("-")[0] + "›", text) == (
        "Mijn naam is ‹naam›, bel ‹telefoon› of mail ‹email›, BSN ‹bsn›, klantnummer ‹klantnummer›."
    )


def test_the_same_person_and_number_keep_their_code_however_they_are_written():
    texts = replaced(
        "Ik sprak met Sanne de Wit.",
        "Groetjes, Sanne de Wit",
        "Bel 06-12345678",
        "Bel 06 12 34 56 78",
    )
    codes = [PLACEHOLDER.search(text)[0] for text in texts]
    assert codes[0] == codes[1]
    assert codes[2] == codes[3]
    assert codes[0] != codes[2]


def test_another_key_gives_other_codes():
    other = Pseudonymiser(bytes(32))
    assert other.code("naam", "Sanne") != KEY.code("naam", "Sanne")
    assert KEY.code("naam", "Sanne") != KEY.code("email", "Sanne")
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}", KEY.code("naam", "Sanne"))


def test_counts_are_those_of_rows():
    _, counts = without_personal_data(table("Bel 06-12345678", "Bel 06-12345678", "Top"), KEY.code)
    assert counts == {"telefoon": 2}


def test_numbers_in_attributes_go_and_names_of_shops_stay():
    attributes = json.dumps({"winkel": "Jan van Dalen Fietsen", "bel": "06-12345678"})
    found, _ = without_personal_data(table("Top", attributes=attributes), KEY.code)
    values = json.loads(found.column("attributes")[0].as_py())
    assert values["winkel"] == "Jan van Dalen Fietsen"
    assert PLACEHOLDER.fullmatch(values["bel"])


def test_a_table_without_texts_stays():
    customers = pa.table({"customer_id": ["K-1"], "attributes": ["{}"]})
    assert without_personal_data(customers, KEY.code)[0].equals(customers)


@pytest.mark.parametrize(
    "text",
    [
        "Top geholpen, snel geleverd en netjes verpakt.",
        "Op 3 januari besteld, op 5 januari in huis, voor 49,95 euro.",
        "De app is traag sinds de update.",
        "Bij Albert Heijn is het goedkoper.",
        "Nooit meer bij bol.",
        "",
        " ",
        "?!",
    ],
)
def test_plain_feedback_stays(text):
    assert replaced(text) == [text]


def test_what_was_replaced_before_is_left_alone():
    once = replaced(MAIL)
    assert replaced(*once) == once


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_can_be_read(texts):
    for text, spans in zip(texts, find(texts), strict=True):
        assert all(0 <= span.start < span.end <= len(text) for span in spans)
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
        assert replace(text, [], KEY.code) == text


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=60))
def test_a_mail_address_never_stays(text):
    assert "jan.jansen" not in replaced(f"{text} jan.jansen@voorbeeld.nl {text}")[0]
