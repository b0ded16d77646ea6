"""Names, addresses, numbers and second identifiers do not travel in `attributes`."""

import json
import re
import time
from pathlib import Path

import pytest

from klankbord.sources.personal import is_personal_name, is_personal_text

from .helpers import read_all, write

PERSONAL = """\
naam|Naam|VOORNAAM|Achternaam|Name|First Name|E-mail|e_mail|Email Address|E-mailadres (optioneel)
Telefoon|telefoonnummer|Phone|Mobiel|Adres|Straat|Postcode|IBAN|BSN|Geboortedatum|IP Address
Username|User|Wat is uw naam?|Op welk e-mailadres kunnen wij u bereiken?|Klantnaam|userEmail
Review Username
Review Consumer User Id|Network ID|klant|Klantnummer|Ticketnummer|id|reviewer.displayName
customer.name|data.name|contact.phone|meta.klant|user.id|Recipient First Name|customerName
klant nummer|Contact e-mail|Naam contactpersoon|Bedrijfsnaam|Afzender
"""
KEPT = """\
regio|Product|Filiaal|winkel|product.name|store.name|productnaam|Webshop Name|meta.app|userAgent
Hoe beoordeelt u het contact per e-mail?|Tevredenheid telefoon|leeftijdsgroep|wachttijd|buttonId
Wat vond u van onze monteur?|engine|tags|campagne|abonnement|taal
"""


@pytest.mark.parametrize("name", re.split(r"[|\n]", PERSONAL.strip()))
def test_names_that_point_at_a_person(name: str) -> None:
    assert is_personal_name(name)


@pytest.mark.parametrize("name", re.split(r"[|\n]", KEPT.strip()))
def test_names_that_do_not(name: str) -> None:
    assert not is_personal_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "a.b@voorbeeld.nl", "Mail mij: k@v.example!", "0612345678", "06-12345678", "06 12 34 56 78",
        "+31 6 1234 5678", "0031612345678", "(038) 123 45 67", "038-1234567", "bel 06-12 34 56 78",
        "NL91 ABNA 0417 1643 00", "nl91abna0417164300", "BE68 5390 0754 7034",
    ],
)  # fmt: skip
def test_cells_that_point_at_a_person(text: str) -> None:
    assert is_personal_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Ede", "01-03-2026", "01-03-2026 10:15", "01-03-2026 10", "2026-03-01T10:15:00+01:00",
        "1.234,50", "0,123456789012", "12345678", "1 234 567 890", "@ de balie", "NL12", "v1.2.3",
        "glasvezel 1000 Mbit", "00123",
    ],
)  # fmt: skip
def test_cells_that_do_not(text: str) -> None:
    assert not is_personal_text(text)


def test_long_hostile_cells_take_no_time() -> None:
    begin = time.perf_counter()
    for sign in ("a", "@", "0", "06 ", "NL12 ", "a@", "+31 "):
        is_personal_text(sign * 60_000)
    assert time.perf_counter() - begin < 5


def test_personal_columns_of_feedback_are_left_out_and_named(tmp_path: Path) -> None:
    text = (
        "klantnummer;klant;Naam;E-mail;Ticket;Regio;opm2;opmerking\n"
        "1;Jan Jansen;J. Jansen;j@v.nl;T1;Noord;bel 0612345678;prima\n"
        "2;Piet;P. Puk;;T2;Zuid;liever niet;slecht\n"
    )
    got = read_all(write(tmp_path / "x", text))
    assert [json.loads(row["attributes"]) for row in got.feedback] == [
        {"Regio": "Noord"}, {"Regio": "Zuid", "opm2": "liever niet"},
    ]  # fmt: skip
    assert got.feedback[0]["customer_id"] == "1"
    assert got.detection.details["left_out"] == "klant, Naam, E-mail"


def test_personal_columns_of_customers_are_left_out_and_named(tmp_path: Path) -> None:
    text = (
        "klantnummer;klant;achternaam;telefoon;omzet;product;notitie\n"
        "1;Jan;Jansen;0612345678;12,50;Glasvezel;j@v.nl\n"
    )
    got = read_all(write(tmp_path / "x", text))
    assert got.customers[0]["attributes"] == '{"product": "Glasvezel"}'
    assert got.detection.details["left_out"] == "klant, achternaam, telefoon"


def test_a_column_of_names_or_addresses_is_no_running_text(tmp_path: Path) -> None:
    text = (
        "nps;naam;adres;Wat viel op\n"
        "9;Jan van der Berg;Lange Straat 1 Ede;Mooi\n"
        "3;Piet op den Dijk;Korte Laan 2 Ede;Te laat\n"
    )
    got = read_all(write(tmp_path / "x", text))
    assert {row["verbatim"] for row in got.feedback} == {"Mooi", "Te laat"}
    assert "Berg" not in str(got.feedback)
    assert "Straat" not in str(got.feedback)


def test_an_unknown_speaker_is_kept_as_attribute_only_without_a_name(tmp_path: Path) -> None:
    text = "gesprek;afzender;tekst\ng1;klant;hallo\ng1;Yara Smit;dag\n"
    got = read_all(write(tmp_path / "x", text))
    assert [row["author_role"] for row in got.feedback] == ["customer", "unknown"]
    assert "Yara" not in str(got.feedback)


def test_nested_json_loses_its_people(tmp_path: Path) -> None:
    record = {
        "review_id": "r1",
        "text": "Prima",
        "reviewer": {"displayName": "Jan", "id": 4},
        "contacts": [{"name": "Jan Jansen"}],
        "product": {"name": "Glasvezel"},
        "shop": "Ede",
    }
    many = {**record, "review_id": "r2", **{f"k{at}": at for at in range(500)}, "naam": "Jan"}
    got = read_all(write(tmp_path / "x", json.dumps([record, many])))
    assert json.loads(got.feedback[0]["attributes"]) == {
        "product.name": "Glasvezel", "shop": "Ede",
    }  # fmt: skip
    assert "k499" in got.feedback[1]["attributes"]
    assert "Jan" not in str(got.feedback)
    assert "contacts" in got.detection.details["left_out"]


def test_header_lines_of_a_call_lose_people(tmp_path: Path) -> None:
    text = (
        "Gesprek 12-03-2026 09:14\nNaam: Jan Jansen\nTelefoon: 0612345678\nOnderwerp: levering\n"
        "Betreft: terugbellen op 06-12345678\nKlant: hallo\nMedewerker: dag\n"
        "Adres: weet ik niet\n"
    )
    got = read_all(write(tmp_path / "x", text))
    assert (got.rows_in, len(got.rejected)) == (2, 0)
    assert {row["attributes"] for row in got.feedback} == {'{"onderwerp": "levering"}'}
    assert got.detection.details["left_out"] == "Naam, Telefoon"
