"""Small survey exports in the shape that each tool writes, made up for these tests."""

import csv
import io
import json
from collections.abc import Sequence

AWKWARD = 'Twee keer gebeld;\nniemand wist "iets"'
FORMULA = '=HYPERLINK("http://voorbeeld.test","win")'
MARKUP = "<b>Vlot</b> & netjes geholpen door de balie"
TEXTS = (AWKWARD, FORMULA, MARKUP, "", "De monteur dacht goed mee")


def csv_text(rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()


QUALTRICS_METADATA = (
    ("StartDate", "Startdatum", "startDate"),
    ("EndDate", "Einddatum", "endDate"),
    ("Status", "Antwoordtype", "status"),
    ("IPAddress", "IP-adres", "ipAddress"),
    ("Progress", "Voortgang", "progress"),
    ("Duration (in seconds)", "Duur (in seconden)", "duration"),
    ("Finished", "Voltooid", "finished"),
    ("RecordedDate", "Opgenomen datum", "recordedDate"),
    ("ResponseId", "Respons-ID", "_recordId"),
    ("RecipientLastName", "Achternaam ontvanger", "recipientLastName"),
    ("RecipientEmail", "E-mailadres ontvanger", "recipientEmail"),
    ("DistributionChannel", "Distributiekanaal", "distributionChannel"),
    ("UserLanguage", "Gebruikerstaal", "userLanguage"),
)
QUALTRICS_QUESTIONS = (
    ("Q1_NPS_GROUP", "Hoe waarschijnlijk beveelt u Bakker Bol aan? - Groep", "QID1_NPS_GROUP"),
    ("Q1", "Hoe waarschijnlijk beveelt u Bakker Bol aan?", "QID1"),
    ("Q2", "<p>Waarom geeft u\ndit cijfer?</p>", "QID2_TEXT"),
    ("Q3_1", "Tevredenheid - Levering", "QID3_1"),
    ("Q4", "Wat kan er beter?", "QID4_TEXT"),
    ("klantnummer", "klantnummer", "klantnummer"),
)


def qualtrics(
    *,
    words: bool = True,
    more: Sequence[tuple[str, str, str]] = (),
    zone: str = "America/New_York",
    statuses: Sequence[str] = ("IP-adres",) * 5,
) -> list[list[str]]:
    """Return the rows of an export with three header rows and five responses."""
    columns = (*QUALTRICS_METADATA, *QUALTRICS_QUESTIONS, *more)
    dated = ("startDate", "endDate", "recordedDate")
    ids = [
        json.dumps({"ImportId": own, **({"timeZone": zone} if own in dated else {})})
        for _, _, own in columns
    ]
    rows = [[field for field, _, _ in columns], [text for _, text, _ in columns], ids]
    labels = ("Zeer ontevreden", "Ontevreden", "Neutraal", "Tevreden", "Zeer tevreden")
    for at, (text, status) in enumerate(zip(TEXTS, statuses, strict=True)):
        rows.append([
            "2026-02-03 09:00:00", "2026-02-03 09:05:00", status, "192.0.2.7", "100", "300",
            "True" if words else "1", "2026-02-03 12:00:00", f"R_{at}", "Bol", "b@bol.test",
            "email", "NL", "Criticaster" if words else "1", str(at + 5), text,
            labels[at] if words else str(at + 1), "parkeren" if at % 2 else "", f"00{at}",
            *("Nieuw antwoord van nu" for _ in more),
        ])  # fmt: skip
    return rows


def survey_monkey(*, comment: str = "Toelichting") -> list[list[str]]:
    """Return the rows of an "all responses" export with two header rows."""
    header = [
        "Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address",
        "First Name", "Last Name", "Custom Data 1", "Hoe tevreden bent u over de winkel?",
        "Waarom?", "Waarover had u contact?", "", "", "",
        "Hoe waarschijnlijk is het dat u ons aanbeveelt?", "",
    ]  # fmt: skip
    under = [
        "", "", "", "", "", "", "", "", "", "Response", "Open-Ended Response", "Kassa", "Parkeren",
        "Retour", "Anders, namelijk", "0 - 10", comment,
    ]  # fmt: skip
    rows = [header, under]
    for at, text in enumerate(TEXTS):
        rows.append([
            f"900{at}", "77", f"04/0{at + 1}/2026 08:00:00 AM", f"04/0{at + 1}/2026 02:30:00 PM",
            "192.0.2.7", "b@bol.test", "Bram", "Bol", f"batch {at}", str(at + 1), text,
            "Kassa" if at < 3 else "", "Parkeren" if at == 2 else "", "",
            "De draaideur bij de ingang zat klem" if at == 4 else "", str(10 - at),
            "Het assortiment is te klein" if at == 0 else "",
        ])  # fmt: skip
    return rows


def rate_nl() -> list[list[str]]:
    """Return the rows of a RateNL export: one answer per row."""
    header = [
        "ResultID", "ResultDate", "ConfirmStatus", "ConfirmStatusDescription",
        "ResultIgnoredWhen", "Respondent", "SurveyID", "QuestionCode", "Answer",
    ]  # fmt: skip
    when = "2026-05-06 10:11:12"

    def row(result: int, code: str, answer: str, status: str = "0", ignored: str = "") -> list[str]:
        said = {"0": "NotConfirmed", "1": "Confirmed", "2": "Invalid"}[status]
        return [str(result), when, status, said, ignored, "b@bol.test", "12", code, answer]

    return [
        header,
        row(1, "NPS", "9"), row(1, "OPEN", AWKWARD), row(1, "BETER", "Langer open op zaterdag"),
        row(2, "NPS", "3", "1"), row(2, "OPEN", "", "1"), row(2, "BETER", "niets", "1"),
        row(3, "NPS", "10", "2"), row(3, "OPEN", "Spam", "2"),
        row(4, "NPS", "8", "0", when),
        row(5, "OPEN", MARKUP), row(5, "BETER", "Meer kassa's in de winkel"),
    ]  # fmt: skip
