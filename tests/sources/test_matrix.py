# ruff: noqa: DTZ001 - a moment on the clock of its source
"""Source x encoding x delimiter x date form: what was planted in a file is what is read.

Every export that is a table meets every date form here, and every pair of two settings comes
about at least once (pairwise coverage); KLANKBORD_FULL_MATRIX=1 runs the full product. An export
that is recognised but refused is an expected failure until its reader works.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from klankbord.sources.known_sources import KnownSource, find_known, known_sources, signed_sources

from .helpers import read_all

FULL = os.environ.get("KLANKBORD_FULL_MATRIX", "") not in ("", "0")
# Columns that hold lists: an export that needs one is JSON or XML, never a delimited table.
LISTS = {
    "comments", "conversations", "transcripts", "transcript", "segments", "questions",
    "reviewcontent",
}  # fmt: skip
NOT_PLANTED = {("salesforce", "salesforce_chat")}  # a cell holds a whole chat of many turns


@dataclass(frozen=True)
class Planted:
    """What stands in one row."""

    customer: str
    moment: datetime  # on the clock of the source
    score: int
    text: str


PLANTED = (
    Planted(
        "000123", datetime(2024, 3, 12, 9, 14, 5), 2,
        "Geïrriteerd: € 12,50 te veel betaald; één keer gebeld",
    ),
    Planted(
        "007", datetime(2024, 7, 5, 20, 48, 17), 1,
        'Ik wacht al drie weken.\nDit is de "laatste" keer | echt',
    ),
    Planted("0", datetime(2024, 2, 29, 0, 5), 4, "Ideeën genoeg,\tmaar de coördinatie ontbreekt"),
    Planted("000123", datetime(2023, 12, 31, 23, 59, 59), 5, "Snelle levering in België, top!"),
    Planted(
        "10200300400500600700", datetime(2024, 10, 27, 12), 3,
        "’s Avonds bellen? Hè, nee – “komt goed”…",
    ),
    Planted("00A7", datetime(2024, 1, 3, 7, 8, 9), 1, "De enquête was veel te lang"),
)  # fmt: skip
# What an old code page lacks is written as people on such a machine do.
PLAIN = str.maketrans({"€": "EUR", "’": "'", "–": "-", "“": '"', "”": '"', "…": "..."})

Written = tuple[str, datetime]  # a date as it stands in the file, and the moment it can mean


def _strftime(notation: str, keeps: str) -> Callable[[datetime, ZoneInfo], Written]:
    def write(moment: datetime, _: ZoneInfo) -> Written:
        kept = datetime.strptime(moment.strftime(keeps), keeps)  # noqa: DTZ007 - zone set later
        return moment.strftime(notation), kept

    return write


def _iso(moment: datetime, zone: ZoneInfo) -> Written:
    return moment.replace(tzinfo=zone).isoformat(timespec="milliseconds"), moment


def _dutch(moment: datetime, _: ZoneInfo) -> Written:
    written = f"{moment.day} {DUTCH_MONTHS[moment.month - 1]} {moment.year}"
    return written, moment.replace(hour=0, minute=0, second=0)


def _serial(moment: datetime, _: ZoneInfo) -> Written:
    days = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    return f"{days:.9f}".replace(".", ","), moment


DUTCH_MONTHS = (
    "jan.", "feb.", "mrt.", "apr.", "mei", "jun.", "jul.", "aug.", "sep.", "okt.", "nov.", "dec.",
)  # fmt: skip
DAY, MINUTE, SECOND = "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"
FORMS: Mapping[str, Callable[[datetime, ZoneInfo], Written]] = {
    "dd-mm-jjjj": _strftime("%d-%m-%Y", DAY),
    "dd-mm-jjjj uu:mm": _strftime("%d-%m-%Y %H:%M", MINUTE),
    "dd-mm-jj": _strftime("%d-%m-%y", DAY),
    "jjjj-mm-dd": _strftime("%Y-%m-%d", DAY),
    "iso with zone": _iso,
    "d mmm jjjj": _dutch,
    "excel serial": _serial,
    "mm-dd with AM": _strftime("%m/%d/%Y %I:%M:%S %p", SECOND),
    "dd-mm with slashes": _strftime("%d/%m/%Y", DAY),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp850", "mac_roman")
DELIMITERS = {"semicolon": ";", "comma": ",", "tab": "\t", "pipe": "|", "sep line": ";"}


@dataclass(frozen=True)
class Export:
    """The columns of an export, with how their cells are filled."""

    cells: Mapping[str, str]  # header -> cell
    source: str = ""  # the name it is to be recognised by
    heads: tuple[Mapping[str, str], ...] = ()  # further header rows: header -> cell
    zone: str = "Europe/Amsterdam"
    customers: bool = True
    scores: bool = True
    more: tuple[Mapping[str, str], ...] = ()  # further rows per answer, in a long format

    def rows(self, form: str, encoding: str) -> Iterator[list[str]]:
        """Yield the header rows and the rows of what is planted."""
        yield list(self.cells)
        for head in self.heads:
            yield [head.get(name, "") for name in self.cells]
        for number, planted in enumerate(PLANTED, start=1):
            date, _ = FORMS[form](planted.moment, ZoneInfo(self.zone))
            values = {
                "number": number,
                "date": date,
                "text": written(planted.text, encoding),
                "score": planted.score,
                "customer": planted.customer,
            }
            for cells in (self.cells, *self.more):
                yield [cells.get(name, "").format(**values) for name in self.cells]

    def known(self) -> KnownSource | None:
        """Return the entry of `known_sources.toml` that this export is."""
        signed = next(iter(signed_sources(self.cells)), None)
        return find_known(self.cells, is_json=False) or signed


def _qualtrics() -> Export:
    cells = {
        "StartDate": "{date}", "EndDate": "{date}", "Status": "IP-adres", "Progress": "100",
        "Duration (in seconds)": "61", "Finished": "True", "RecordedDate": "{date}",
        "ResponseId": "R_{number:015}", "RecipientLastName": "", "RecipientEmail": "",
        "ExternalReference": "", "DistributionChannel": "anonymous", "UserLanguage": "NL",
        "Q1": "{score}", "Q2": "{text}", "klantnummer": "{customer}",
    }  # fmt: skip
    asked = {name: name for name in cells} | {
        "Q1": "Hoe waarschijnlijk is het dat u ons aanbeveelt?",
        "Q2": "Waarom geeft u dit cijfer?",
    }
    given = {"ResponseId": "_recordId", "Q1": "QID1", "Q2": "QID2_TEXT"}
    ids = {
        name: f'{{"ImportId":"{given.get(name, name[0].lower() + name[1:])}"}}' for name in cells
    }
    return Export(cells, "qualtrics", heads=(asked, ids))


def _old_qualtrics() -> Export:
    names = (
        "ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress", "IPAddress",
        "Status", "StartDate", "EndDate", "Finished",
    )  # fmt: skip
    filled = ("R_{number:015}", "", "", "", "", "", "0", "{date}", "{date}", "1")
    cells = {f"V{at}": cell for at, cell in enumerate(filled, start=1)}
    cells |= {"Q1": "{score}", "Q2": "{text}", "klantnummer": "{customer}"}
    asked = {f"V{at}": name for at, name in enumerate(names, start=1)} | {
        "Q1": "Hoe waarschijnlijk is het dat u ons aanbeveelt?",
        "Q2": "Waarom geeft u dit cijfer?",
        "klantnummer": "klantnummer",
    }
    return Export(cells, "qualtrics", heads=(asked,))


EXPORTS: Mapping[str, Export] = {
    "generic": Export(
        {"Klantnummer": "{customer}", "Datum": "{date}", "NPS": "{score}", "Opmerking": "{text}"}
    ),
    "trustpilot": Export(
        {
            "Domain Url": "voorbeeld.nl", "Webshop Name": "Voorbeeld", "Business Unit Id": "5f",
            "Review Id": "{number:024}", "Review Created (UTC)": "{date}",
            "Review Consumer User Id": "u", "Review Username": "Naam", "Review Title": "",
            "Review Content": "{text}", "Review Stars": "{score}", "Source Of Review": "Organic",
            "Reference Id": "{customer}", "Review Language": "nl", "Company Reply": "",
        },
        source="trustpilot",
        zone="UTC",
    ),
    "typeform": Export(
        {
            "#": "{number:032x}", "Hoe waarschijnlijk beveel je ons aan?": "{score}",
            "Waarom?": "{text}", "Levering": "", "Other": "", "klantnummer": "{customer}",
            "Start Date (UTC)": "{date}", "Submit Date (UTC)": "{date}",
            "Network ID": "d356{number}",
        },
        source="typeform",
        zone="UTC",
    ),
    "google forms": Export(
        {
            "Tijdstempel": "{date}", "Gebruikersnaam": "iemand@voorbeeld.nl",
            "Klantnummer": "{customer}", "Hoe tevreden bent u? (1-5)": "{score}",
            "Waarover?": "Levering;Factuur", "Toelichting": "{text}",
        }
    ),
    "ms forms": Export(
        {
            "ID": "{number}", "Begintijd": "{date}", "Tijd van voltooien": "{date}",
            "E-mail": "anonymous", "Naam": "", "Klantnummer": "{customer}",
            "Hoe tevreden bent u?": "{score}", "Toelichting": "{text}",
        },
        source="ms-forms",
    ),
    "ms forms english": Export(
        {
            "ID": "{number}", "Start time": "{date}", "Completion time": "{date}",
            "Email": "anonymous", "Name": "", "Klantnummer": "{customer}",
            "How satisfied are you?": "{score}", "Comment": "{text}",
        },
        source="ms-forms",
    ),
    "google play": Export(
        {
            "Package Name": "nl.voorbeeld", "App Version Code": "42", "App Version Name": "1.2",
            "Reviewer Language": "nl", "Device": "a06", "Review Submit Date and Time": "{date}",
            "Review Submit Millis Since Epoch": "1710234845123",
            "Review Last Update Date and Time": "{date}",
            "Review Last Update Millis Since Epoch": "1710234845123", "Star Rating": "{score}",
            "Review Title": "", "Review Text": "{text}", "Developer Reply Date and Time": "",
            "Developer Reply Millis Since Epoch": "", "Developer Reply Text": "",
            "Review Link": "https://play.google.com/console/u/1?reviewId=gp%3A{number}",
        },
        source="google-play",
        zone="UTC",
        customers=False,
    ),
    "ai answers": Export(
        {
            "engine": "een", "prompt": "Wie is {number}?", "answer": "{text}", "date": "{date}",
            "score": "{score}", "klantnummer": "{customer}",
        },
        source="ai-answers",
    ),
    "qualtrics": _qualtrics(),
    "qualtrics of old": _old_qualtrics(),
    "surveymonkey": Export(
        {
            "Respondent ID": "1141200000{number}", "Collector ID": "400123",
            "Start Date": "{date}", "End Date": "{date}", "IP Address": "", "Email Address": "",
            "First Name": "", "Last Name": "", "Custom Data 1": "", "klantnummer": "{customer}",
            "Hoe waarschijnlijk beveelt u ons aan?": "{score}", "Waarom?": "{text}",
        },
        source="surveymonkey",
        heads=(
            {
                "Hoe waarschijnlijk beveelt u ons aan?": "Response",
                "Waarom?": "Open-Ended Response",
            },
        ),
    ),
    "salesforce case": Export(
        {
            "ID": "50000000000{number:04}AAA", "CASENUMBER": "000{number}", "SUBJECT": "",
            "DESCRIPTION": "{text}", "STATUS": "Closed", "ORIGIN": "Web",
            "CONTACTID": "{customer}",
            "ACCOUNTID": "", "CREATEDDATE": "{date}", "CLOSEDDATE": "",
        },
        source="salesforce",
        zone="UTC",
        scores=False,
    ),
    "salesforce email": Export(
        {
            "ID": "02s00000000{number:04}AAA", "PARENTID": "50000000000{number:04}AAA",
            "FROMADDRESS": "", "TOADDRESS": "", "SUBJECT": "", "TEXTBODY": "{text}",
            "HTMLBODY": "", "INCOMING": "true", "MESSAGEDATE": "{date}",
        },
        source="salesforce",
        zone="UTC",
        customers=False,
        scores=False,
    ),
    "salesforce comment": Export(
        {
            "ID": "00a00000000{number:04}AAA", "PARENTID": "50000000000{number:04}AAA",
            "ISPUBLISHED": "true", "COMMENTBODY": "{text}", "CREATEDDATE": "{date}",
        },
        source="salesforce",
        zone="UTC",
        customers=False,
        scores=False,
    ),
    "rate nl": Export(
        {
            "ResultID": "{number}", "ResultDate": "{date}", "ConfirmStatus": "1",
            "ConfirmStatusDescription": "Confirmed", "ResultIgnoredWhen": "",
            "Respondent": "anonymous", "SurveyID": "9", "QuestionCode": "OPEN",
            "Answer": "{text}",
        },
        source="rate-nl",
        customers=False,
        more=(
            {
                "ResultID": "{number}", "ResultDate": "{date}", "ConfirmStatus": "1",
                "ConfirmStatusDescription": "Confirmed", "Respondent": "anonymous",
                "SurveyID": "9", "QuestionCode": "NPS", "Answer": "{score}",
            },
        ),
    ),
}  # fmt: skip
AXES = (tuple(EXPORTS), ENCODINGS, tuple(DELIMITERS), tuple(FORMS))
Setting = tuple[str, ...]  # export, encoding, delimiter, date form


def written(text: str, encoding: str) -> str:
    """Return `text` in the characters that `encoding` has."""
    return text.translate(PLAIN) if encoding == "cp850" else text


def pairwise() -> list[Setting]:
    """Return settings in which every two values of two axes meet, taken greedily."""
    left = {
        ((one, value), (two, other))
        for one, two in combinations(range(len(AXES)), 2)
        for value, other in product(AXES[one], AXES[two])
    }
    chosen: list[Setting] = []
    for export, form in product(AXES[0], AXES[3]):
        options = [(export, *others, form) for others in product(*AXES[1:3])]
        best = max(options, key=lambda setting: len(_pairs(setting) & left))
        left -= _pairs(best)
        chosen.append(best)
    while left:
        (one, value), (two, other) = min(left)
        fixed = {one: value, two: other}
        setting = tuple(fixed.get(at, axis[0]) for at, axis in enumerate(AXES))
        left -= _pairs(setting)
        chosen.append(setting)
    return chosen


def _pairs(setting: Setting) -> set[tuple[tuple[int, str], tuple[int, str]]]:
    return set(combinations(enumerate(setting), 2))


def _settings() -> Iterator[object]:
    for setting in product(*AXES) if FULL else pairwise():
        yield pytest.param(*setting, id="-".join(setting))


def _file(path: Path, setting: Setting) -> Path:
    name, encoding, delimiter, form = setting
    text = io.StringIO(newline="")
    if delimiter == "sep line":
        text.write("sep=;\r\n")
    csv.writer(text, delimiter=DELIMITERS[delimiter]).writerows(EXPORTS[name].rows(form, encoding))
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize(("name", "encoding", "delimiter", "form"), list(_settings()))
def test_what_was_planted_is_read(
    tmp_path: Path, name: str, encoding: str, delimiter: str, form: str
) -> None:
    export = EXPORTS[name]
    got = read_all(_file(tmp_path / "export", (name, encoding, delimiter, form)))
    if export.source:
        assert got.detection.source == export.source
    assert got.rejected == []
    assert got.rows_in == len(PLANTED)
    texts = [row for row in got.feedback if row["verbatim"]]
    zone = ZoneInfo(export.zone)
    assert [row["verbatim"] for row in texts] == [written(each.text, encoding) for each in PLANTED]
    assert [row["received_at"] for row in texts] == [
        FORMS[form](each.moment, zone)[1].replace(tzinfo=zone).astimezone(UTC) for each in PLANTED
    ]
    if export.customers:
        assert [row["customer_id"] for row in texts] == [each.customer for each in PLANTED]
    scored = [row for row in got.feedback if row["score_value"] is not None]
    assert [row["score_value"] for row in scored] == [
        each.score for each in PLANTED if export.scores
    ]


def test_every_reader_of_a_table_is_in_the_matrix() -> None:
    """Exports that differ in their headers only, such as a translation, share a reader."""
    covered = {_reader(known) for export in EXPORTS.values() if (known := export.known())}
    tables = {
        _reader(known)
        for known in known_sources()
        if not known.json_only
        and not known.needs & LISTS
        and not any("." in name for name in known.needs)
        and not (known.profile and known.profile.records)
    }
    assert tables - covered == NOT_PLANTED


def _reader(known: KnownSource) -> tuple[str, str]:
    return (known.profile.name if known.profile else known.title, known.reshape)


def test_the_pairs_are_complete() -> None:
    found = set().union(*map(_pairs, pairwise()))
    for one, two in combinations(range(len(AXES)), 2):
        for value, other in product(AXES[one], AXES[two]):
            assert ((one, value), (two, other)) in found


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["03/04/2024 09:14:05 AM", "05/06/2024 01:00:00 PM"], (3, 4)),
        (["03/04/2024 09:14", "05/06/2024 13:00"], (4, 3)),
        (["03/04/2024", "05/31/2024"], (3, 4)),
        (["03-04-2024", "05-06-2024"], (4, 3)),
    ],
)
def test_a_date_that_can_be_read_two_ways_follows_its_column(
    tmp_path: Path, dates: list[str], expected: tuple[int, int]
) -> None:
    path = tmp_path / "x"
    path.write_text("datum;opmerking\n" + "".join(f"{date};prima\n" for date in dates))
    moment = read_all(path).feedback[0]["received_at"].astimezone(ZoneInfo("Europe/Amsterdam"))
    assert (moment.month, moment.day) == expected
