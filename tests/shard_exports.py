"""Small exports in several files that meet all that crosses from one file to another."""

import csv
from pathlib import Path

ANSWERS = Path(__file__).parent.parent / "corpora" / "questions" / "answers.tsv"
HEADER = ("review_id", "klant", "datum", "sterren", "review")
SHORT = ("prima", "Top!", "geen", "Danke schön, das war wirklich sehr gut",
         "The delivery was late and nobody called me back", "merci")  # fmt: skip


def exports(folder: Path, files: int = 6, rows: int = 40) -> list[Path]:
    """Write reviews of which some are edited in a later file, and a customer table.

    Some rows repeat, some have no id, customer or date, and a few cannot be read.
    """
    with ANSWERS.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file, delimiter="\t")]
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(files):
        path = folder / f"reviews-{number}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for row in range(rows):
                at = number * rows + row
                text = SHORT[at % 6] if at % 4 == 0 else texts[at % len(texts)]
                own, customer = f"r{at}", f"{7000 + at % 23}"
                day = f"{1 + at % 28:02}-{1 + at % 6:02}-2026"
                stars = 1 + at % 5
                if at % 9 == 0 and number:  # another version of a review of the file before
                    own, text = f"r{at - rows}", f"{text} Aangepast: {texts[-at % len(texts)]}"
                if at % 11 == 0:
                    own, customer, text = "", "", "Top!"
                if at % 13 == 0:
                    text = f"Jan de Vries van 06-12345678 belde niet terug, {text}"
                writer.writerow((own, customer, day, 9 if at % 17 == 0 else stars, text))
        paths.append(path)
    table = folder / "klanten.csv"
    lines = [f"{7000 + at},{'zakelijk' if at % 2 else 'thuis'},{100 * at}" for at in range(23)]
    table.write_text("\n".join(("klantnummer,segment,waarde", *lines)) + "\n", "utf-8")
    return [*paths, table]
