import base64
import contextlib
import io
import mailbox
from collections.abc import Iterable
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import KlankbordError
from klankbord.sources import read
from klankbord.sources.dates import DateReader
from klankbord.sources.mail import messages
from klankbord.sources.mail_message import decode, parties, read_mail
from klankbord.sources.mail_threads import find_company
from klankbord.sources.mail_words import firm_domain, is_reply, without_prefixes

from .clock import seconds
from .helpers import Outcome, read_all, write

ENVELOPE = b"From MAILER-DAEMON Sat Nov 21 20:00:52 2026\n"
HELP, KARIN, SAM = "help@winkel.nl", "karin@gmail.com", "sam@ziggo.nl"


def mail(sender: str, to: str, subject: str, text: str = "", **more: Any) -> EmailMessage:
    message = EmailMessage(policy=policy.default)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    day = more.pop("day", 12)
    message["Date"] = f"Tue, {day} Mar 2024 09:14:05 +0100"
    if own := more.pop("own", ""):
        message["Message-ID"] = f"<{own}@x>"
    if parent := more.pop("parent", ""):
        message["In-Reply-To"] = f"<{parent}@x>"
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    if text:
        message.set_content(text)
    return message


def box(path: Path, mails: Iterable[EmailMessage | bytes]) -> Path:
    raws = [one if isinstance(one, bytes) else one.as_bytes() for one in mails]
    path.write_bytes(b"\n".join(ENVELOPE + raw.rstrip(b"\n") + b"\n" for raw in raws))
    return path


def told(got: Outcome, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in got.feedback]


def one(message: EmailMessage | bytes) -> Any:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    return read_mail(raw, 1, DateReader())


THREAD = [
    mail(f"Karin <{KARIN}>", HELP, "Klacht: geïrriteerd", "Waar blijft het?", own="a"),
    mail(HELP, KARIN, "RE: Klacht: geïrriteerd", "Wij zoeken het uit.", own="b", parent="a",
         day=13),
    mail(KARIN, HELP, "Re: Klacht: geïrriteerd",
         "Nog steeds niets!\n\nOp wo 13 mrt 2024 om 09:14 schreef Winkel <help@winkel.nl>:\n\n"
         "> Wij zoeken het uit.\n", own="c", parent="b", day=14),
    mail(f"Sam <{SAM}>", HELP, "Bedankt", "Snel geleverd.\n\nGroeten, Sam", own="d", day=14),
]  # fmt: skip


def test_a_mailbox_becomes_conversations(tmp_path: Path) -> None:
    got = read_all(box(tmp_path / "x", THREAD))
    assert told(got, "customer_id", "turn", "author_role", "verbatim") == [
        (KARIN, 1, "customer", "Klacht: geïrriteerd. Waar blijft het?"),
        (KARIN, 2, "agent", "Wij zoeken het uit."),
        (KARIN, 3, "customer", "Nog steeds niets!"),
        (SAM, 1, "customer", "Bedankt. Snel geleverd."),
    ]
    assert told(got, "feedback_id", "conversation_id")[::3] == [
        ("mbox:a@x", "a@x"), ("mbox:d@x", "d@x")
    ]  # fmt: skip
    assert {row["channel"] for row in got.feedback} == {"email"}
    assert got.feedback[0]["received_at"] == datetime(2024, 3, 12, 8, 14, 5, tzinfo=UTC)
    assert got.detection.confidence == 1.0


def test_the_order_in_the_file_does_not_matter(tmp_path: Path) -> None:
    forward = read_all(box(tmp_path / "x", THREAD))
    backward = read_all(box(tmp_path / "y", reversed(THREAD)))
    key = ("feedback_id", "conversation_id", "turn", "author_role", "verbatim", "customer_id")
    ordered = sorted(told(backward, *key))
    assert [row[:1] + row[2:] for row in sorted(told(forward, *key))] == [
        row[:1] + row[2:] for row in ordered
    ]
    assert len({row[1] for row in ordered}) == 2


def test_one_message_is_a_mailbox_of_one(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(THREAD[0].as_bytes())
    got = read_all(path)
    assert told(got, "source", "feedback_id", "author_role", "customer_id") == [
        ("eml", "eml:a@x", "customer", KARIN)
    ]
    path.write_bytes(THREAD[1].as_bytes().replace(b"\n", b"\r\n"))
    assert told(read_all(path), "author_role", "customer_id", "conversation_id") == [
        ("agent", KARIN, "a@x")
    ]


def test_a_thread_without_references_goes_by_its_subject(tmp_path: Path) -> None:
    mails = [
        mail(KARIN, HELP, "Levering", "Te laat.", own="a"),
        mail(SAM, HELP, "Levering", "Op tijd.", own="b"),
        mail(HELP, KARIN, "Antw: levering", "Excuses.", own="c", day=13),
        mail(KARIN, HELP, "RE: Antw: Levering", "Dank.", own="d", day=14),
    ]
    got = read_all(box(tmp_path / "x", mails))
    assert sorted(told(got, "conversation_id", "turn", "verbatim")) == [
        ("a@x", 1, "Levering. Te laat."), ("a@x", 2, "Excuses."), ("a@x", 3, "Dank."),
        ("b@x", 1, "Levering. Op tijd."),
    ]  # fmt: skip


def test_a_thread_in_pieces_keeps_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("klankbord.sources.mail_threads._WINDOW_MAILS", 1)
    mails = [THREAD[0], THREAD[3], THREAD[1], THREAD[2]]
    got = read_all(box(tmp_path / "x", mails), batch_rows=1)
    assert sorted(told(got, "feedback_id", "conversation_id")) == [
        ("mbox:a@x", "a@x"), ("mbox:b@x", "a@x"), ("mbox:c@x", "a@x"), ("mbox:d@x", "d@x"),
    ]  # fmt: skip
    assert {row["customer_id"] for row in got.feedback} == {KARIN, SAM}


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"},
        {"Return_Path": "<>"}, {"X_Failed_Recipients": "a@b.nl"},
    ],
)  # fmt: skip
def test_automatic_mail_is_a_bot(tmp_path: Path, header: dict[str, str]) -> None:
    answer = mail(KARIN, HELP, "RE: vraag", "Ik ben er niet.", own="z", parent="a", **header)
    got = read_all(box(tmp_path / "x", [*THREAD, answer]))
    assert dict(told(got, "feedback_id", "author_role"))["mbox:z@x"] == "bot"


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        ("MAILER-DAEMON@mail.nl", "Undelivered"), ("noreply@winkel.nl", "Uw bestelling"),
        (KARIN, "Afwezig: RE: Klacht"), (KARIN, "Automatisch antwoord: Klacht"),
        (KARIN, "Abwesenheitsnotiz"),
    ],
)  # fmt: skip
def test_senders_and_subjects_of_automatic_mail(sender: str, subject: str) -> None:
    assert one(mail(sender, HELP, subject, "x")).automatic


def test_a_person_is_no_bot() -> None:
    assert not one(mail(KARIN, HELP, "Klacht", "x", Auto_Submitted="no")).automatic


def test_a_web_form_is_from_who_gets_the_answer(tmp_path: Path) -> None:
    form = mail("website@winkel.nl", HELP, "Contactformulier", "Kapot.", Reply_To=KARIN, own="f")
    got = read_all(box(tmp_path / "x", [form, *THREAD]))
    assert dict(told(got, "feedback_id", "author_role"))["mbox:f@x"] == "customer"
    assert dict(told(got, "feedback_id", "customer_id"))["mbox:f@x"] == KARIN


def test_who_is_the_company() -> None:
    def company(*mails: EmailMessage) -> frozenset[str]:
        return find_company([one(some) for some in mails]).parties

    assert company(*THREAD) == {"winkel.nl"}
    assert company(mail("jan@bedrijf.nl", HELP, "Vraag")) == {"winkel.nl"}
    assert company(mail(HELP, "jan@bedrijf.nl", "RE: Vraag")) == {"winkel.nl"}
    assert company(mail("jan@bedrijf.nl", HELP, "RE: Vraag")) == {"winkel.nl"}
    baker = "bakker@gmail.com"
    some = [mail(KARIN, baker, "Brood"), mail(SAM, baker, "Taart"), mail(baker, SAM, "RE: Taart")]
    assert company(*some) == {baker}
    assert company() == frozenset()
    assert firm_domain("x@kpnmail.nl") == firm_domain("x@mail.ziggo.nl") == ""


def test_the_body_is_plain_text_unless_it_says_nothing() -> None:
    message = mail(KARIN, HELP, "x", "Gewone tekst")
    message.add_alternative("<p>Opgemaakte tekst</p>", subtype="html")
    assert one(message).text == "Gewone tekst"
    message = mail(KARIN, HELP, "x", "Uw programma kan geen HTML lezen.")
    message.add_alternative("<p>Opgemaakte <b>tekst</b></p>", subtype="html")
    assert one(message).text == "Opgemaakte tekst"
    message = mail(KARIN, HELP, "x")
    message.set_content("<p>Boos!</p><blockquote type=cite><p>oud</p></blockquote>", subtype="html")
    assert one(message).text == "Boos!"


def test_attachments_are_counted_and_left_out(tmp_path: Path) -> None:
    message = mail(KARIN, HELP, "Kapotte lamp", "Zie foto.", own="a")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="f.png")
    message.add_attachment("geheime tekst", filename="f.txt")
    message.add_attachment(THREAD[0])
    path = box(tmp_path / "x", [message])
    assert told(read_all(path), "verbatim") == [("Kapotte lamp. Zie foto.",)]
    assert sum((batch.ignored.get("attachments", 0) for batch in read(path)), 0) == 3


def test_a_mail_of_attachments_alone_is_rejected(tmp_path: Path) -> None:
    message = mail(KARIN, HELP, "")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="f.png")
    got = read_all(box(tmp_path / "x", [THREAD[0], message]))
    assert [(row.row, row.reason) for row in got.rejected] == [(2, "beurt zonder tekst")]
    assert got.rows_in == 2


def parts(*bodies: str, boundary: str = "grens", close: bool = True) -> bytes:
    head = f"From: {KARIN}\nTo: {HELP}\nSubject: x\nContent-Type: multipart/mixed; "
    text = "".join(f"--{boundary}\n{body}\n" for body in bodies)
    return f'{head}boundary="grens"\n\n{text}{f"--{boundary}--" if close else ""}\n'.encode()


PLAIN = "Content-Type: text/plain; charset=utf-8\n\nNiet geleverd"


@pytest.mark.parametrize(
    "raw",
    [
        parts(PLAIN), parts(PLAIN, close=False), parts(PLAIN, boundary="anders"),
        parts("\nNiet geleverd"), parts("Content-Type: multipart/mixed\n\n--b\n\nNiet geleverd"),
        b"From: a@b.nl\nContent-Type: multipart/mixed; boundary=\n\nNiet geleverd",
        b"From: a@b.nl\nContent-Type: onzin\n\nNiet geleverd",
        b"From: a@b.nl\nContent-Type: text/plain; charset=bestaat-niet\n\nNiet geleverd",
        b"From: a@b.nl\nContent-Type: text/plain; charset=punycode\n\nNiet geleverd",
        b"From: a@b.nl\nContent-Transfer-Encoding: onzin\n\nNiet geleverd",
        b"From: a@b.nl\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(b"Niet geleverd"),
        b"From: a@b.nl\nContent-Transfer-Encoding: base64\n\nTmlldCBnZWxldmVyZA",
        b"From: a@b.nl\r\nDate: gisteren\r\n\r\nNiet geleverd",
        b"From a@b.nl\nFrom: a@b.nl\ngeen header\n\nNiet geleverd",
        b"From: a@b.nl\rSubject: x\r\rNiet geleverd",
    ],
)  # fmt: skip
def test_damaged_mail_is_still_read(raw: bytes) -> None:
    assert one(raw).text == "Niet geleverd"


@pytest.mark.parametrize(
    ("encoded", "charset"),
    [
        ("één €".encode("cp1252"), "iso-8859-1"), ("één €".encode(), "us-ascii"),
        ("één €".encode(), ""), ("één €".encode("cp1252"), ""), ("één €".encode(), "iso-8859-15x"),
        ("één €".encode("iso-8859-15"), "iso-8859-15"), ("één €".encode("utf-16"), "utf-16"),
        ("één €".encode("cp1252"), '"windows-1252"'),
    ],
)  # fmt: skip
def test_the_encodings_of_mail(encoded: bytes, charset: str) -> None:
    assert decode(encoded, charset) == "één €"


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?q?Klacht_ge=C3=AFrriteerd?=", "=?utf-8?b?S2xhY2h0IGdlw69ycml0ZWVyZA==?=",
     "=?iso-8859-1?q?Klacht?= =?iso-8859-1?q?_ge=EFrriteerd?=", "Klacht geïrriteerd",
     "Klacht\n geïrriteerd"],
)  # fmt: skip
def test_the_encodings_of_headers(subject: str) -> None:
    for encoding in ("utf-8", "cp1252"):
        raw = f"From: a@b.nl\nSubject: {subject}\n\nx".encode(encoding)
        assert one(raw).subject == "Klacht geïrriteerd"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Karin <Karin@Gmail.com>", ["karin@gmail.com"]),
        ('"Boer, de <x>" <k@v.nl>, a@b.nl', ["k@v.nl"]),
        ("a@b.nl; c@d.nl", ["a@b.nl", "c@d.nl"]), ("Sam [mailto:sam@b.nl]", ["sam@b.nl"]),
        ('"karin@gmail.com via Winkel" <help@w.nl>', ["help@w.nl"]), ("", []),
        ("'Karin de Boer'", ["karin de boer"]), ("Jan; Piet", ["jan", "piet"]),
        ('"a@b.nl"', ["a@b.nl"]),
    ],
)  # fmt: skip
def test_addresses_in_headers(value: str, found: list[str]) -> None:
    assert parties(value) == found


def test_the_date_comes_from_the_server_where_the_mail_has_none() -> None:
    raw = b"From: a@b.nl\nReceived: by x; Tue, 12 Mar 2024 09:14:05 +0100\n\nx"
    assert one(raw).moment == datetime(2024, 3, 12, 8, 14, 5, tzinfo=UTC)
    assert one(raw.replace(b"Received: by x;", b"Date:")).moment is not None
    for bad in (b"", b"Date: Tue, 99 Mar 2024", b"Date: 1 Jan 1900 00:00:00 +0000"):
        assert one(b"From: a@b.nl\n" + bad + b"\n\nx").moment is None


def test_subjects_without_the_marks_of_replies() -> None:
    assert without_prefixes("RE: Antw: FW: RE[2]: klacht  over") == "klacht over"
    assert without_prefixes("Re: (geen onderwerp)") == without_prefixes("") == ""
    assert is_reply("AW: x")
    assert is_reply("Betr: x")
    assert not is_reply("Reparatie: x")


def test_a_mailbox_is_split_as_the_standard_library_does_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    made = mailbox.mbox(path)
    texts = ["een\nFrom de buren\n", "twee\n\nFrom hier\n\n> From daar\n", "\n\ndrie\n\n\n"]
    for text in texts:
        made.add(mail(KARIN, HELP, "x", text))
    made.close()
    with path.open("rb") as stream:
        found = [read_mail(raw, 1, DateReader()).text for raw in messages(stream)]
    assert found == ["een\nFrom de buren", "twee\n\nFrom hier", "drie"]


def test_only_an_envelope_after_a_blank_line_begins_a_message() -> None:
    raw = ENVELOPE + b"From: a@b.nl\n\nFrom 9:00 tot 2024\n" + ENVELOPE + b"\nFrom hier\n"
    assert len(list(messages(io.BytesIO(raw)))) == 1
    assert len(list(messages(io.BytesIO(raw + b"\n" + ENVELOPE)))) == 2


PASTED = """Van: Karin <karin@gmail.com>
Verzonden: donderdag 14 maart 2024 09:14
Aan: Winkel <help@winkel.nl>
Onderwerp: RE: Klacht

Nog steeds niets!

Met vriendelijke groet,
Karin

-----Oorspronkelijk bericht-----
Van: Winkel <help@winkel.nl>
Verzonden: woensdag 13 maart 2024 10:00
Aan: Karin <karin@gmail.com>
Onderwerp: RE: Klacht

Wij zoeken het uit.

Van: Karin <karin@gmail.com>
Verzonden: dinsdag 12 maart 2024 09:14
Aan: Winkel <help@winkel.nl>
Onderwerp: Klacht

Waar blijft het?
"""


def test_pasted_mail_is_split_at_its_header_lines(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", PASTED))
    assert told(got, "source", "turn", "author_role", "verbatim") == [
        ("mail", 1, "customer", "Klacht. Waar blijft het?"),
        ("mail", 2, "agent", "Wij zoeken het uit."),
        ("mail", 3, "customer", "Nog steeds niets!"),
    ]
    assert got.feedback[2]["received_at"] == datetime(2024, 3, 14, 8, 14, tzinfo=UTC)
    assert {row["customer_id"] for row in got.feedback} == {KARIN}
    quoted = read_all(write(tmp_path / "y", PASTED.partition("-----\n")[2]))
    ids = {row["feedback_id"] for row in got.feedback}
    assert {row["feedback_id"] for row in quoted.feedback} < ids


def test_pasted_mail_of_names_alone(tmp_path: Path) -> None:
    text = "\n".join(
        line.partition(" <")[0] if line.startswith(("Van", "Aan")) else line
        for line in PASTED.split("\n")
    ).replace("Verzonden:", "Datum:")
    got = read_all(write(tmp_path / "x", text, "cp1252"))
    assert told(got, "author_role", "customer_id") == [
        ("customer", None), ("agent", None), ("customer", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "history",
    ["> Op 12 mrt. 2024 om 09:14 heeft Winkel <h@w.nl> het volgende geschreven:\n> oud\n",
     "-----Oorspronkelijk bericht-----\nVan: Sam\n\noud\n",
     "Van: Sam\nVerzonden: dinsdag\nAan: Karin\n\noud\n"],
)  # fmt: skip
def test_a_body_above_its_history_is_one_mail(tmp_path: Path, history: str) -> None:
    got = read_all(write(tmp_path / "x", "Van: x\nDit klopt niet.\n\n" + history))
    assert told(got, "source", "author_role", "channel", "verbatim") == [
        ("mail", "unknown", "email", "Van: x Dit klopt niet.")
    ]


@pytest.mark.parametrize(
    "text",
    ["datum;van;tekst\n1-2-2024;Jan;-----Oorspronkelijk bericht-----\n",
     "Klant: hallo\nMedewerker: dag\nKlant: ik kreeg dit:\nVan: Jan\nVerzonden: nu\nAan: x\n"],
)  # fmt: skip
def test_tables_and_transcripts_that_quote_mail_are_no_mail(tmp_path: Path, text: str) -> None:
    assert read_all(write(tmp_path / "x", text)).detection.source != "mail"


def test_a_text_that_is_too_long_is_rejected(tmp_path: Path) -> None:
    long = mail(KARIN, HELP, "x", "woord " * 20_000 + "\n")
    got = read_all(box(tmp_path / "x", [THREAD[0], long]))
    assert [row.reason for row in got.rejected] == ["tekst is langer dan 100.000 tekens"]


HEAD = b"From: a@b.nl\nMIME-Version: 1.0\n"
HOSTILE = {
    "newlines": b"\n", "boundaries": b"--b\n", "to": b"To: " + b"a@b.nl, " * 125_000,
    "from": b"From: " + b'"<' * 500_000, "subject": b"Subject: " + b"=?utf-8?q?a?= " * 70_000,
    "comments": b"To: " + b"(" * 1_000_000, "headers": b"To: x\n" * 160_000,
    "references": b"References: " + b"<a@b> " * 160_000,
    "parameters": b"Content-Type: " + b";" * 1_000_000,
    "re": b"Subject: " + b"Re: " * 250_000, "quotes": b"\n" + b"> x\n" * 250_000,
    "parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 140_000,
    "nested": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(15_000)
    ),
    "html": b"Content-Type: text/html\n\n" + b"<div>" * 200_000,
    "date": b"Date: " + b"1 " * 500_000,
    "base64": b"Content-Transfer-Encoding: base64\n\n" + b"=" * 1_000_000,
    "envelopes": b"\n" + b"From x\n\n" * 120_000, "lines": b"x" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_takes_less_than_a_second(tmp_path: Path, name: str) -> None:
    piece = HOSTILE[name]
    raw = HEAD + piece * max(1, 1_000_000 // len(piece))
    assert seconds(lambda: one(raw)) < 5
    assert seconds(lambda: list(messages(io.BytesIO(ENVELOPE + raw)))) < 5


def test_messages_are_read_in_linear_time(tmp_path: Path) -> None:
    small = [mail(KARIN, HELP, "x", "tekst", own=str(at)) for at in range(500)]
    path = box(tmp_path / "x", small)
    assert seconds(lambda: read_all(path)) < 5


@pytest.mark.parametrize("piece", ["Van: \n", "Van: a\nVerzonden: b\n", "Aan: \n", "Datum: \n"])
def test_header_lines_are_read_in_linear_time(tmp_path: Path, piece: str) -> None:
    path = write(tmp_path / "x", PASTED + piece * (250_000 // len(piece)))
    assert seconds(lambda: read_all(path)) < 5


_PIECES = st.sampled_from(
    [b"From: a@b.nl\n", b"To: ", b"Subject: ", b"=?utf-8?q?=C3?=", b"\n", b"\n\n", b"--b\n",
     b"--b--",
     b"Content-Type: multipart/alternative; boundary=b\n", b"Content-Type: text/html\n", b"<p>x",
     b"Content-Transfer-Encoding: base64\n", b"quoted-printable\n", b"charset=", b"\xff\xfe", b"> ",
     b"Date: ", b"Tue, 12 Mar 2024 09:14:05 +0100\n", b"References: <a@b> <", b"\r\n", b"\r",
     ENVELOPE,
     b"Van: x\nVerzonden: y\n", b"message/rfc822\n"]
)  # fmt: skip


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_PIECES | st.binary(max_size=6), max_size=30).map(b"".join))
def test_anything_is_read_or_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x"
    for start in (b"", HEAD, ENVELOPE):
        path.write_bytes(start + raw)
        with contextlib.suppress(KlankbordError):
            read_all(path)
