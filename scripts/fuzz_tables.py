"""Seeds for the fuzzer that are tables: surveys, reviews and the cases of a service desk."""

from __future__ import annotations

import json
from collections.abc import Sequence

SAID = (
    "De monteur kwam netjes op tijd",
    'Ik wacht nu al weken; "morgen" hoorde ik al drie keer',
    "Geïrriteerd: € 12,50 te veel in rekening gebracht\nen niemand die terugbelt",
    "Great service but the app keeps crashing",
    "nvt",
)


def csv_text(header: Sequence[str], rows: Sequence[Sequence[object]], mark: str = ";") -> str:
    """Return quoted cells in lines."""

    def cell(value: object) -> str:
        return '"' + str(value).replace('"', '""') + '"'

    return "\n".join(mark.join(map(cell, row)) for row in (header, *rows)) + "\n"


def plain(mark: str = ";") -> str:
    """Return answers with customer, date, score and value, between `mark`s."""
    rows = [
        (f"00{at}", f"1{at}-02-2024 09:14", said, at + 5, "1.234,50")
        for at, said in enumerate(SAID)
    ]
    return csv_text(("klantnummer", "datum", "opmerking", "nps", "waarde"), rows, mark)


def customers() -> str:
    """Return a table of customers."""
    rows = [(f"00{at}", "groot", "1.200,00", "01-01-2020", "", 4 - at) for at in range(5)]
    return csv_text(
        ("klantnummer", "segment", "waarde", "klant sinds", "opgezegd op", "orders_per_maand"), rows
    )


def qualtrics() -> str:
    """Return a Qualtrics export with its three header rows."""
    names = ("StartDate", "Status", "RecordedDate", "ResponseId", "DistributionChannel",
             "UserLanguage", "Q1", "Q2", "Q3", "klantnummer")  # fmt: skip
    asked = ("Startdatum", "Antwoordtype", "Opgenomen", "Respons-ID", "Kanaal", "Taal",
             "Hoe waarschijnlijk is het dat u ons aanbeveelt?", "Waarom geeft u dit cijfer?",
             "Wat kan er beter?", "klantnummer")  # fmt: skip
    numbered = {"Q1": "QID1", "Q2": "QID2_TEXT", "Q3": "QID3_TEXT"}
    ids = [json.dumps({"ImportId": numbered.get(name, name)}) for name in names]
    rows = [
        ("2024-03-01 10:00:00", "IP-adres", "2024-03-01 10:05:00", f"R_{at}", "email", "NL",
         at + 4, said, "parkeren", f"00{at}")
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    return csv_text(names, [asked, ids, *rows], ",")


def surveymonkey() -> str:
    """Return a SurveyMonkey export with its two header rows."""
    header = ("Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address",
              "Email Address", "First Name", "Last Name", "Custom Data 1", "Hoe tevreden bent u?",
              "Waarom?", "Waarover ging het?", "")  # fmt: skip
    under = (*("",) * 9, "Response", "Open-Ended Response", "Levering", "Factuur")
    rows = [
        (f"1140{at}", "4", "03/01/2024 09:14:00 AM", f"03/1{at}/2024 09:16:10 PM", "", "", "", "",
         f"K{at}", 1 + at % 5, said, "Levering", "")
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    return csv_text(header, [under, *rows], ",")


def long() -> str:
    """Return RateNL results, one answer per row."""
    header = ("ResultID", "ResultDate", "ConfirmStatus", "ConfirmStatusDescription",
              "ResultIgnoredWhen", "Respondent", "SurveyID", "QuestionCode", "Answer")  # fmt: skip
    rows = []
    for at, said in enumerate(SAID):
        first = (at, f"2024-03-1{at} 09:14:05", at % 2, "x", "", "anonymous", 9)
        rows += [(*first, "NPS", at + 4), (*first, "OPEN", said)]
    return csv_text(header, rows, ",")


def forms() -> str:
    """Return Google Forms responses."""
    rows = [
        (f"2024/03/0{at + 1} 8:48:17 p.m. CET", at % 5 + 1, "Levering;Factuur", said)
        for at, said in enumerate(SAID)
    ]
    return csv_text(
        ("Tijdstempel", "Hoe tevreden bent u? (1-5)", "Waarover?", "Toelichting"), rows, ","
    )


def typeform() -> str:
    """Return Typeform responses."""
    rows = [
        (
            f"{at:032x}",
            at + 5,
            said,
            "Levering",
            "",
            "2024-03-12 09:14:05",
            "2024-03-12 09:15:40",
            "n",
        )
        for at, said in enumerate(SAID)
    ]
    header = ("#", "Hoe waarschijnlijk beveel je ons aan?", "Waarom?", "Levering", "Other",
              "Start Date (UTC)", "Submit Date (UTC)", "Network ID")  # fmt: skip
    return csv_text(header, rows, ",")


def trustpilot() -> str:
    """Return Trustpilot reviews."""
    header = ("Domain Url", "Review Id", "Review Created (UTC)", "Review Title", "Review Content",
              "Review Stars", "Reference Id", "Review Language")  # fmt: skip
    rows = [
        (
            "x.nl",
            f"{at:024x}",
            "2024-03-12T09:14:00.000Z",
            "Titel",
            said,
            at % 5 + 1,
            f"K{at}",
            "nl",
        )
        for at, said in enumerate(SAID)
    ]
    return csv_text(header, rows, ",")


def play() -> bytes:
    """Return a monthly report of Google Play."""
    header = ("Package Name", "Reviewer Language", "Review Submit Date and Time",
              "Review Last Update Date and Time", "Star Rating", "Review Title", "Review Text",
              "Review Link")  # fmt: skip
    rows = [
        ("nl.app", "nl", "2024-03-12T09:14:05Z", "2024-03-12T09:14:05Z", at % 5 + 1, "", said,
         f"https://play.google.com/x?reviewId=gp%3A{at}")
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    return csv_text(header, rows, ",").encode("utf-16")


def cases() -> str:
    """Return Salesforce cases."""
    header = ("ID", "CASENUMBER", "SUBJECT", "DESCRIPTION", "STATUS", "ORIGIN", "CONTACTID",
              "ACCOUNTID", "CREATEDDATE")  # fmt: skip
    rows = [
        (f"50000000000{at:04}AAA", f"000{at}", "Klacht", said, "Closed", "Email", f"003{at:012}",
         "", "2024-03-12T09:14:05.000+0000")
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    return csv_text(header, rows, ",")


def messages() -> str:
    """Return Salesforce mails."""
    header = ("ID", "PARENTID", "FROMADDRESS", "SUBJECT", "TEXTBODY", "HTMLBODY", "INCOMING",
              "MESSAGEDATE")  # fmt: skip
    quoted = "\n\nOp di 12 mrt. 2024 om 09:14 schreef Help <help@bedrijf.nl>:\n> oud"
    rows = [
        (f"02s{at:015}", f"50000000000{at:04}AAA", "k@x.nl", "RE: Klacht", said + quoted,
         "<p>x</p>", "true" if at % 2 else "false", "2024-03-12T09:14:05.000+0000")
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    return csv_text(header, rows, ",")


def texts() -> dict[str, str]:
    """Return name -> text of the tables that are written in UTF-8."""
    return {
        "tabel.csv": plain(),
        "tabel.tsv": plain("\t"),
        "klanten.csv": customers(),
        "sep.csv": "sep=;\n" + plain(),
        "qualtrics.csv": qualtrics(),
        "surveymonkey.csv": surveymonkey(),
        "rate-nl.csv": long(),
        "google-forms.csv": forms(),
        "typeform.csv": typeform(),
        "trustpilot.csv": trustpilot(),
        "case.csv": cases(),
        "emailmessage.csv": messages(),
    }
