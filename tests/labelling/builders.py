"""Feedback to label, written for these tests."""

import csv
from pathlib import Path

SAYINGS = {
    "boos": [
        "Schandalig, al drie weken wachten en niemand belt terug!",
        "Wat een oplichters, ik eis mijn geld terug!!",
        "Belachelijk hoe jullie met klanten omgaan!",
        "NOOIT MEER bij dit waardeloze bedrijf!",
        "Stelletje prutsers, alweer de verkeerde fiets geleverd!",
        "Ongehoord, uitgelachen worden aan de balie!",
        "Diep triest en brutaal, ik ben woest!",
    ],
    "ontevreden": [
        "Helaas was de band na twee dagen al lek.",
        "Jammer dat het slot niet past.",
        "Het duurde langer dan beloofd en dat viel tegen.",
        "De zadelpen roest nu al, dat had ik niet verwacht.",
        "Ik had meer van de beurt verwacht voor dit geld.",
        "Tegenvallend dat er geen reservefiets was.",
        "De lamp doet het weer niet.",
    ],
    "neutraal": [
        "Hoe laat gaat de winkel in Delft open?",
        "De fiets is dinsdag opgehaald.",
        "Gaat wel, niets bijzonders.",
        "Ik wil graag weten welke maat dit frame heeft.",
        "Voldoet aan de omschrijving.",
        "Kan de afspraak naar donderdag?",
        "De rekening staat op naam van mijn man.",
    ],
    "positief": [
        "Netjes gerepareerd en op tijd klaar.",
        "Ik ben tevreden over de uitleg.",
        "Goede service en een eerlijke prijs.",
        "De fiets rijdt fijn.",
        "Snel geholpen door de monteur.",
        "Keurig afgesteld, dank.",
        "Prima geregeld via de telefoon.",
    ],
    "enthousiast": [
        "Geweldig, wat een topzaak, een echte aanrader!",
        "Fantastisch geholpen, ik ben er superblij mee!!",
        "De allerbeste fietsenmaker van de stad!",
        "Wauw, wat rijdt deze fiets heerlijk! 😍",
        "Perfect, ik vertel het iedereen!",
        "Super service, jullie zijn kanjers!",
        "Wat een feest om hier klant te zijn!",
    ],
}
TEXTS = [(text, tone) for tone, texts in SAYINGS.items() for text in texts]


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def labelled(path: Path, texts: list[tuple[str, str]] = TEXTS) -> Path:
    return write_csv(path, ["tekst", "toon"], [[text, tone] for text, tone in texts])


def survey(path: Path) -> Path:
    """An export that `analyse` reads."""
    rows = [
        [f"K{number}", f"2026-03-{number % 28 + 1:02}", text]
        for number, (text, _) in enumerate(TEXTS)
    ]
    return write_csv(path, ["klantnummer", "datum", "opmerking"], rows)
