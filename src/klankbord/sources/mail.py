"""Mail: one message (.eml), a mailbox (.mbox), or messages pasted into a text file.

A mailbox is split as the standard library's `mailbox` does it, which however reads the whole file
before the first message and takes any line that begins with "From " for the start of one.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import BinaryIO, Protocol

from klankbord.errors import UnreadableInputError
from klankbord.sources import conversation, transcript
from klankbord.sources.batch import Batch, Source
from klankbord.sources.dates import DateReader
from klankbord.sources.grid import recognised
from klankbord.sources.mail_message import LARGEST, Mail, first_party, own_text, parties, read_mail
from klankbord.sources.mail_threads import conversations, find_company, in_order
from klankbord.sources.mail_words import is_automatic_sender, is_automatic_subject
from klankbord.sources.quoted import has_history, header_blocks, header_fields
from klankbord.sources.sample import Sample
from klankbord.sources.text_encoding import clean, open_text

_SURVEYED = 2_000  # mails that tell who the company is
_LINE = 1 << 16
_LONGEST_PASTED = 4_000_000  # characters
_HISTORY_LINES = 400
_ENVELOPE = re.compile(
    rb"From .{0,200}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .{0,40}?"
    rb"(?:\d:\d\d.{0,40}\d{4}|\d{4}.{0,20}\d:\d\d)"
)
_ESCAPED = re.compile(rb">+From ")
_FIELD = re.compile(r"([A-Za-z][!-9;-~]{0,60})[ \t]*:")
_ENVELOPED = frozenset([
    "received", "return-path", "message-id", "mime-version", "delivered-to", "dkim-signature",
    "content-type", "content-transfer-encoding", "x-mailer", "x-originating-ip", "x-received",
    "x-spam-status", "arc-seal", "thread-topic", "thread-index", "references", "in-reply-to",
    "user-agent", "x-gm-thrid", "x-ms-has-attach",
])  # fmt: skip
_FROM_LINE = re.compile(r">*From ")
_LETTER = re.compile(r"[^\W_]")
_TABLE = re.compile(r"[^;\t]*[;\t][^;\t]*[;\t]|\"")


def recognise(sample: Sample) -> Source | None:
    """Return a reader when the file is mail, else None."""
    lines = [line for line in sample.lines if line.strip()]
    if not lines:
        return None
    if _ENVELOPE.match(lines[0].encode("utf-8", "replace")):
        return _source(sample, "mbox", 1.0, "begins with the From line of a mailbox", _mailbox)
    if _is_message(sample.lines):
        return _source(sample, "eml", 0.95, "begins with the headers of a mail", _message)
    first = lines[0]
    if recognised(re.split("[;,\t|]", first)) and len(re.split("[;,\t|]", first)) > 1:
        return None
    if _begins_with_headers(sample.lines[:_HISTORY_LINES]):
        return _source(sample, "mail", 0.9, "begins with the header lines of a mail", _Pasted())
    if _TABLE.match(first) or transcript.recognise(sample.lines) is not None:
        return None
    if has_history(sample.lines[:_HISTORY_LINES]):
        return _source(sample, "mail", 0.7, "a mail with what it replies to", _Pasted())
    return None


def _is_message(lines: list[str]) -> bool:
    names: set[str] = set()
    started = False
    for line in lines:
        if not line.strip():
            if started:
                break
            continue
        if line[0] in " \t" and started:
            continue
        match = _FIELD.match(line)
        if match is None and not started and _FROM_LINE.match(line):
            continue
        if match is None:
            break
        started = True
        names.add(match[1].lower())
    enveloped = len(names & _ENVELOPED)
    plain = names & {"from", "to", "subject", "date"}
    return "sent" not in names and (
        ("from" in names and (enveloped > 0 or len(plain) > 2)) or enveloped > 2
    )


def _begins_with_headers(lines: list[str]) -> bool:
    block = next(header_blocks(lines), None)
    if block is None:
        return False
    above = [line for line in lines[: block[0]] if _LETTER.search(line)]
    return not above or (len(above) == 1 and has_history(above))


class _Reader(Protocol):
    def __call__(self, sample: Sample, *, body: bool) -> Generator[Mail, None, None]: ...


def _source(sample: Sample, name: str, confidence: float, reason: str, reader: _Reader) -> Source:
    detection = sample.detection(name, confidence, reason)

    def batches(batch_rows: int) -> Iterator[Batch]:
        with closing(reader(sample, body=False)) as some:
            company = find_company(islice(some, _SURVEYED))
        with closing(reader(sample, body=True)) as mails:
            found = conversations(mails, company)
            yield from conversation.batches(
                sample.path, found, detection, sample.profile, batch_rows
            )

    return Source(detection, batches)


def _message(sample: Sample, *, body: bool) -> Generator[Mail, None, None]:
    with sample.path.open("rb") as stream:
        raw = stream.read(LARGEST).removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    yield read_mail(raw, 1, DateReader(sample.timezone), body=body)


def _mailbox(sample: Sample, *, body: bool) -> Generator[Mail, None, None]:
    dates = DateReader(sample.timezone)
    with sample.path.open("rb") as stream:
        for row, raw in enumerate(messages(stream), start=1):
            yield read_mail(raw, row, dates, body=body)


def messages(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the messages of a mailbox, each without its From line and cut to `LARGEST` bytes."""
    kept = bytearray()
    open_, starts, blank = False, True, True
    while chunk := stream.readline(_LINE):
        if chunk == b"\n" and starts and len(kept) < LARGEST:
            kept += chunk
            blank = True
            continue
        if starts and blank and _is_envelope(chunk):
            if open_:
                yield bytes(kept)
            kept, open_, blank = bytearray(), True, False
            starts = chunk.endswith(b"\n")
            continue
        if starts and chunk.startswith(b">") and _ESCAPED.match(chunk):
            chunk = chunk[1:]
        blank = starts and not chunk.strip(b"\r\n")
        starts = chunk.endswith(b"\n")
        if len(kept) < LARGEST:
            kept += chunk
    if open_:
        yield bytes(kept)


def _is_envelope(line: bytes) -> bool:
    bare = line.removeprefix(b"\xef\xbb\xbf")
    return bare.startswith(b"From ") and _ENVELOPE.match(bare) is not None


class _Pasted:
    """Reads a text once: the messages under header lines, or the one above its history."""

    def __init__(self) -> None:
        self._found: list[Mail] | None = None

    def __call__(self, sample: Sample, *, body: bool) -> Generator[Mail, None, None]:
        if self._found is None:
            self._found = _pasted(sample)
        yield from self._found
        if body:
            self._found = None


def _pasted(sample: Sample) -> list[Mail]:
    with open_text(sample.path, sample.encoding) as stream:
        text = stream.read(_LONGEST_PASTED + 1)
    if len(text) > _LONGEST_PASTED:
        raise UnreadableInputError(
            "too much pasted mail to read at once",
            where=str(sample.path),
            hint="export the mailbox as .mbox or .eml files",
        )
    lines = re.split("\r\n|\n|\r", clean(text.lstrip("\ufeff")))
    if not _begins_with_headers(lines[:_HISTORY_LINES]):
        return [Mail(1, "", (), "", None, own_text("\n".join(lines)))]
    dates = DateReader(sample.timezone)
    blocks = list(header_blocks(lines))
    ends = [start for start, _ in blocks[1:]] + [len(lines)]
    found = [
        _pasted_mail(lines, start, stop, end, dates)
        for (start, stop), end in zip(blocks, ends, strict=True)
    ]
    found.reverse()  # the newest mail is mostly on top
    return in_order(found)


def _pasted_mail(lines: list[str], start: int, stop: int, end: int, dates: DateReader) -> Mail:
    fields = header_fields(lines[start:stop])
    sender, subject = first_party(fields.get("from", "")), clean(fields.get("subject", ""))
    to = tuple(dict.fromkeys(parties(fields.get("to", "")) + parties(fields.get("cc", ""))))
    return Mail(
        row=start + 1,
        sender=sender,
        to=to,
        subject=subject,
        moment=dates.utc(fields.get("sent") or fields.get("date", "")),
        text=own_text("\n".join(lines[stop:end])),
        automatic=is_automatic_sender(sender) or is_automatic_subject(subject),
    )
