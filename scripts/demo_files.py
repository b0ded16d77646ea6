"""Write the demonstration's exports in the shapes a CX team hands over, and the gold tables."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from build_demo import Composer, Customer, Piece

TONES = ("boos", "ontevreden", "neutraal", "positief", "enthousiast")
LAST_WAVE_MONTH = (3, 6, 9)
SUMMER_TIME = date(2026, 3, 29)
VTT_FROM = date(2026, 9, 15)  # from this day the telephone system exports WebVTT
Row = dict[str, str]
Cells = list[Any]


def read_tsv(path: Path) -> list[Row]:
    """Rows of a tab-separated file without quoting."""
    lines = path.read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t")
    return [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]


def csv_bytes(
    header: list[str], rows: list[Cells], sep: str = ",", encoding: str = "utf-8"
) -> bytes:
    """Return a table as Excel would save it: CRLF, quotes only where needed."""
    text = io.StringIO()
    csv.writer(text, delimiter=sep, lineterminator="\r\n").writerows([header, *rows])
    return text.getvalue().encode(encoding)


def euro(value: float) -> str:
    """Format an amount the Dutch way: 1.234,50."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def dutch_day(day: date | None) -> str:
    """Format a day as dd-mm-jjjj; nothing where there is none."""
    return f"{day:%d-%m-%Y}" if day else ""


class Exports:
    """Collects the files and, beside each, what a reader should find in it."""

    def __init__(self, composer: Composer, customers: list[Customer], pieces: list[Piece]) -> None:
        self.composer = composer
        self.customers = customers
        self.pieces = pieces
        self.rng = composer.rng
        self.files: dict[str, bytes] = {}
        self.expected: list[Cells] = []
        self.rejected: list[Cells] = []
        self.gold: list[Cells] = []
        stages = composer.plan["stages"]
        self.stage = {subject: name for name, subjects in stages.items() for subject in subjects}

    def _table(
        self,
        name: str,
        rows: list[tuple[Piece | None, Any]],
        bad: list[tuple[Any, str]],
        repeats: int,
    ) -> list[Any]:
        """Put bad and repeated rows between the good ones and write down where they are."""
        rows = list(rows)
        worded = [at for at, (piece, _) in enumerate(rows) if piece is not None]
        again = sorted(self.rng.sample(worded[: len(worded) * 3 // 4], repeats), reverse=True)
        for at in again:
            rows.insert(at + self.rng.randint(1, 40), (None, rows[at][1]))
        for cells, reason in bad:
            at = self.rng.randrange(5, len(rows))
            rows.insert(at, (None, (cells, reason)))
        only_scores = 0
        for number, (piece, cells) in enumerate(rows, 1):
            if piece is not None:
                self._mark(piece, name, number, 0)
            elif isinstance(cells, tuple):
                self.rejected.append([name, number, cells[1]])
                rows[number - 1] = (None, cells[0])
            elif isinstance(cells, _ScoreOnly):
                only_scores += 1
        pieces = sum(piece is not None for piece, _ in rows)
        self.expected.append([name, len(rows), repeats, len(bad), only_scores, pieces])
        return [cells for _, cells in rows]

    def _mark(self, piece: Piece, name: str, row: int, turn: int) -> None:
        words = piece.verbatim
        score = "" if piece.score is None else piece.score
        moment = piece.when.date().isoformat()
        if words is not None:
            labels = [TONES[piece.level], words.complaint, words.subject, words.language, words.id]
        else:
            assert piece.script is not None  # noqa: S101 - a piece has words or a conversation
            said = piece.script.turns[turn - 1]
            theme = said["complaint_theme"].replace("-", "")
            labels = [said["tone"], theme, piece.script.subject, piece.script.language]
            labels.append(f"{piece.script.id}-{turn}")
        who = piece.customer
        self.gold.append([name, row, turn or "", who.id, moment, piece.channel, *labels, score])

    def waves(self) -> None:
        """Write three survey waves: cp1252, UTF-8 with a byte order mark, and a workbook."""
        self._wave(1, "enquete-golf-1.csv", lambda d: f"{d:%d-%m-%Y}", "31-02-2026", 14)
        self._wave(2, "enquete-golf-2.csv", lambda d: f"{d:%d-%m-%Y %H:%M}", "31-06-2026 10:15", 14)
        self._wave(3, "enquete-golf-3.xlsx", lambda d: d.date(), "31-09-2026", 11)

    def _wave(
        self, wave: int, name: str, day: Callable[[datetime], Any], no_day: str, off: int
    ) -> None:
        first, last = LAST_WAVE_MONTH[wave - 1] - 2, LAST_WAVE_MONTH[wave - 1]
        rows: list[tuple[Piece | None, Any]] = []
        for piece in self.pieces:
            if piece.verbatim is None or piece.channel != "survey":
                continue
            if not first <= piece.when.month <= last:
                continue
            rows.append((piece, self._answer(piece, wave, day(piece.when))))
            if piece.customer.kind == "stabiel" and self.rng.random() < 0.03:
                other = self._answer(piece, wave, day(piece.when + timedelta(days=1)))
                other[2], other[4] = piece.score or 7, ""
                rows.append((None, _ScoreOnly(other)))
        sample: Cells = list(rows[9][1])
        unsaid = [*sample[:2], "", sample[3], "", *sample[5:]]
        bad = [
            ([sample[0], no_day, 8, sample[3], "Op zich tevreden", *sample[5:]], "datum"),
            ([sample[0], sample[1], off, sample[3], "Gaat goed hoor", *sample[5:]], "score"),
            (unsaid, "leeg"),
        ]
        table = self._table(name, rows, bad, (4, 3, 3)[wave - 1])
        if wave == 1:
            head = "Klantnummer;Ingevuld op;NPS;Vraag;Toelichting;Fase;Segment;Waarde"
            self.files[name] = csv_bytes(head.split(";"), table, ";", "cp1252")
        elif wave == 2:
            head = "klant_id;datum;nps;vraag;opmerking;fase;segment"
            self.files[name] = csv_bytes(head.split(";"), table, ";", "utf-8-sig")
        else:
            head = "Klantnummer;Datum;NPS;Vraag;Antwoord;Fase;Segment"
            self.files[name] = workbook(head.split(";"), table)

    def _answer(self, piece: Piece, wave: int, day: object) -> Cells:
        who, words = piece.customer, piece.verbatim
        assert words is not None  # noqa: S101 - surveys only
        language = who.language if who.language != "nl" else ("nl_jij" if wave == 3 else "nl_u")
        question = self.composer.questions[piece.question][language]
        stage = self.stage.get(words.subject, "Gebruik")
        score = "" if piece.score is None else piece.score
        cells = [who.id, day, score, question, words.text, stage, who.segment]
        return [*cells, euro(who.value)] if wave == 1 else cells

    def reviews(self) -> None:
        """Write two thirds of the reviews as JSON lines, the rest as a plain CSV."""
        found = [p for p in self.pieces if p.verbatim is not None and p.channel == "review"]
        lines: list[tuple[Piece | None, Any]] = []
        rows: list[tuple[Piece | None, Any]] = []
        for number, piece in enumerate(found):
            words, who = piece.verbatim, piece.customer.id
            assert words is not None  # noqa: S101 - filtered above
            if number % 3 < 2:
                offset = 2 if piece.when.date() >= SUMMER_TIME else 1
                stamp = f"{piece.when:%Y-%m-%dT%H:%M:00}+0{offset}:00"
                fields: dict[str, Any] = {
                    "review_id": f"R{70000 + number * 7}",
                    "klant": who,
                    "date": stamp,
                }
                fields |= {"channel": "review", "stars": piece.score}
                fields |= {"title": words.title, "review": words.text}
                lines.append((piece, json.dumps(fields, ensure_ascii=False)))
            else:
                day = f"{piece.when:%Y-%m-%d}"
                rows.append((piece, [words.title, words.text, piece.score, day, who]))
        broken = '{"review_id": "R69990", "klant": "00412", "date": "2026-05-0'
        many = '{"review_id": "R69983", "klant": "%s", "date": "2026-06-02T11:30:00+02:00", '
        many += '"channel": "review", "stars": 7, "title": "Goed", "review": "Goed bedrijf hoor"}'
        bad: list[tuple[Any, str]] = [(broken, "onleesbaar"), (many % rows[4][1][4], "score")]
        name = "reviews-website.jsonl"
        table = self._table(name, lines, bad, 2)
        self.files[name] = "".join(f"{line}\n" for line in table).encode()
        name = "reviews-vergelijker.csv"
        wrong = [["Prima", "Werkt goed hier", 4, "2026-04-31", rows[7][1][4]]]
        table = self._table(name, rows, [(cells, "datum") for cells in wrong], 2)
        head = ["title", "review", "stars", "date", "klant"]
        self.files[name] = csv_bytes(head, table)

    def conversations(self) -> None:
        """Write calls as plain text per month and, later, as WebVTT; chats as one table."""
        calls = [p for p in self.pieces if p.script is not None and p.script.medium == "call"]
        by_file: dict[str, list[Piece]] = {}
        for piece in calls:
            name = f"gesprekken/telefoon-{piece.when:%Y-%m}.txt"
            if piece.when.date() >= VTT_FROM:
                name = f"gesprekken/{piece.when:%Y-%m-%d-%H%M}.vtt"
            by_file.setdefault(name, []).append(piece)
        for name, found in by_file.items():
            write = subtitles if name.endswith(".vtt") else transcript
            self.files[name] = "\n".join(map(write, found)).encode()
            self._conversed(name, found)
        chats = [p for p in self.pieces if p.script is not None and p.script.medium == "chat"]
        rows: list[Cells] = []
        for number, piece in enumerate(chats, 1):
            assert piece.script is not None  # noqa: S101 - filtered above
            for turn, said in enumerate(piece.script.turns):
                moment = f"{piece.when + timedelta(minutes=turn):%d-%m-%Y %H:%M}"
                who = [f"C-{number:04d}", piece.customer.id, moment, "chat"]
                rows.append([*who, said["role"], said["text"]])
        name = "gesprekken/chats.csv"
        head = ["gesprek", "klant", "datum", "kanaal", "rol", "tekst"]
        self.files[name] = csv_bytes(head, rows, ";")
        self._conversed(name, chats)

    def _conversed(self, name: str, found: list[Piece]) -> None:
        turns, spoken = 0, 0
        for number, piece in enumerate(found, 1):
            assert piece.script is not None  # noqa: S101 - conversations only
            turns += len(piece.script.turns)
            piece.channel = "chat" if piece.script.medium == "chat" else "transcript"
            for turn, said in enumerate(piece.script.turns, 1):
                if said["role"] == "klant":
                    self._mark(piece, name, number, turn)
                    spoken += 1
        self.expected.append([name, turns, 0, 0, 0, spoken])

    def customer_table(self) -> None:
        """List every customer with value and dates."""
        rows = [
            [p.id, p.segment, p.region, euro(p.value), *map(dutch_day, (p.started, p.cancelled))]
            for p in self.customers
        ]
        head = ["klantnummer", "segment", "regio", "waarde", "startdatum", "opzegdatum"]
        self.files["klanten.csv"] = csv_bytes(head, rows, ";")
        self.expected.append(["klanten.csv", len(rows), 0, 0, 0, 0])

    def ai_answers(self, folder: Path) -> None:
        """Write what AI assistants answered about the company; it belongs to no customer."""
        rows = read_tsv(folder / "ai-antwoorden.tsv")
        keys = ("engine", "prompt", "answer", "date")
        lines = [{k: row[k] for k in keys} | {"channel": "ai_answer"} for row in rows]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        self.files["ai-antwoorden.jsonl"] = text.encode()
        self.expected.append(["ai-antwoorden.jsonl", len(rows), 0, 0, 0, 0])


class _ScoreOnly(list[Any]):
    """A survey row with a score and no words."""


def transcript(piece: Piece) -> str:
    """Write a call as the contact centre's plain text."""
    assert piece.script is not None  # noqa: S101 - conversations only
    lines = [f"Gesprek {piece.when:%d-%m-%Y %H:%M}", f"Klantnummer: {piece.customer.id}", ""]
    lines += [f"{said['role'].capitalize()}: {said['text']}" for said in piece.script.turns]
    return "\n".join(lines) + "\n"


def subtitles(piece: Piece) -> str:
    """Write a call as WebVTT with the customer number in a NOTE."""
    assert piece.script is not None  # noqa: S101 - conversations only
    note = f"NOTE\nGesprek {piece.when:%d-%m-%Y %H:%M}\nKlantnummer: {piece.customer.id}\n"
    cues, second = ["WEBVTT\n", note], 2
    for number, said in enumerate(piece.script.turns, 1):
        end = second + 2 + len(said["text"]) // 15
        span = f"{stamp(second)}.000 --> {stamp(end)}.000"
        cues.append(f"{number}\n{span}\n<v {said['role'].capitalize()}>{said['text']}</v>\n")
        second = end + 1
    return "\n".join(cues)


def stamp(seconds: int) -> str:
    """Seconds as uu:mm:ss."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def workbook(header: list[str], rows: list[Cells]) -> bytes:
    """Return an XLSX with real dates and numbers; customer numbers stay text."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": datetime(2026, 10, 1)})  # noqa: DTZ001 - no zone in XLSX
        sheet = book.add_worksheet("Resultaten")
        days = book.add_format({"num_format": "dd-mm-yyyy"})
        sheet.write_row(0, 0, header)
        for at, cells in enumerate(rows, 1):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, datetime(*cell.timetuple()[:3]), days)  # noqa: DTZ001
                elif isinstance(cell, int):
                    sheet.write_number(at, column, cell)
                elif cell:
                    sheet.write_string(at, column, cell)
    return buffer.getvalue()


def gold_tables(exports: Exports) -> dict[str, bytes]:
    """Return what was planted, as plain CSV."""
    shifts, controls = [], []
    by_customer: dict[str, list[Piece]] = {}
    for piece in exports.pieces:
        by_customer.setdefault(piece.customer.id, []).append(piece)
    for person in exports.customers:
        found = by_customer[person.id]
        if person.kind in {"stabiel", "weinig"}:
            level = TONES[person.levels[0]] if person.kind == "stabiel" else ""
            controls.append([person.id, person.kind, level, len(found)])
            continue
        before, after = TONES[person.levels[0]], TONES[person.levels[-1]]
        turned = found[-1] if person.kind == "stilte" else found[person.turn or 0]
        if person.kind == "gesprek" and turned.script is not None:
            said = [row["tone"] for row in turned.script.turns if row["role"] == "klant"]
            before, after = said[0], said[-1]
        elif person.kind in {"paradox", "stilte"}:
            after = "" if person.kind == "stilte" else before
            turned = found[-1] if person.kind == "stilte" else found[0]
        elif person.turn is not None:
            common = Counter(person.levels[person.turn :]).most_common(1)
            after = TONES[common[0][0]]
        row = [person.id, person.kind, before, after, turned.when.date().isoformat()]
        shifts.append([*row, len(found), person.cancelled or ""])
    months: dict[str, list[int]] = {}
    for row in exports.gold:
        if row[7]:
            months.setdefault(row[8], [0] * 9)[int(row[4][5:7]) - 1] += 1
    planted = exports.composer.plan["themes"]
    themes = [
        [s, planted[s]["pattern"] if s in planted else "stabiel", sum(n), *n]
        for s, n in sorted(months.items())
    ]
    piece_head = "file,row,turn,customer_id,date,channel,tone,complaint_theme,subject,language"
    tables: dict[str, tuple[str, list[Cells]]] = {
        "toonverschuivingen": (
            "customer_id,kind,before_tone,after_tone,turn_date,pieces,cancelled",
            shifts,
        ),
        "stabiel": ("customer_id,kind,tone,pieces", controls),
        "themas": (
            "theme,pattern,mentions," + ",".join(f"2026-{m:02d}" for m in range(1, 10)),
            themes,
        ),
        "bestanden": ("file,rows_in,duplicates,rejected,score_only,pieces", exports.expected),
        "afgekeurd": ("file,row,reason", exports.rejected),
        "stukken": (piece_head + ",verbatim_id,score", exports.gold),
    }
    return {
        f"{name}.csv": csv_bytes(head.split(","), rows).replace(b"\r\n", b"\n")
        for name, (head, rows) in tables.items()
    }


def write_demo(
    composer: Composer,
    customers: list[Customer],
    pieces: list[Piece],
    verbatims: Path,
    out: Path,
) -> dict[str, Any]:
    """Write `exports/` and `gold/` under `out`; return the sizes."""
    exports = Exports(composer, customers, pieces)
    exports.waves()
    exports.reviews()
    exports.conversations()
    exports.customer_table()
    exports.ai_answers(verbatims)
    gold = gold_tables(exports)
    for folder, files in (("exports", exports.files), ("gold", gold)):
        for stale in (out / folder).glob("**/*.*"):
            if stale.relative_to(out / folder).as_posix() not in files:
                stale.unlink()
        for name, content in files.items():
            path = out / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    rows = exports.gold
    used = Counter(row[10] for row in rows)
    return {
        "customers": len(customers),
        "pieces": len(rows),
        "distinct_verbatims": len(used),
        "kinds": dict(sorted(Counter(p.kind for p in customers).items())),
        "channels": dict(sorted(Counter(row[5] for row in rows).items())),
        "tones": {tone: sum(row[6] == tone for row in rows) for tone in TONES},
        "languages": dict(sorted(Counter(row[9] for row in rows).items())),
        "files": {row[0]: row[5] for row in exports.expected},
        "bytes": sum(map(len, exports.files.values())) + sum(map(len, gold.values())),
    }
