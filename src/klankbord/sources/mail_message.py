"""One mail: who sent what to whom and when, and its own words.

The standard library decodes headers and contents. Its parser of whole messages is not used: it
takes time in proportion to lines times depth (7 s for 1 MB at depth 400), and `policy.default`
needs 5 s for a To of 160 kB. So headers and parts are split here, bounded, and then decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from klankbord.sources.dates import DateReader
from klankbord.sources.html_text import plain
from klankbord.sources.mail_words import is_automatic_sender, is_automatic_subject
from klankbord.sources.quoted import own_words
from klankbord.sources.text_encoding import clean

LARGEST = 8 << 20  # bytes of a mail that are read; attachments come last
_LONGEST_TEXT = 2_000_000  # characters of a part
_LONGEST_HEAD = 256 << 10
_LONGEST_HEADER = 4_000
_MOST_HEADERS = 500
_DEEPEST = 8
_MOST_PARTS = 500
_MOST_RECIPIENTS = 50
_YEARS = range(1985, 2101)
_WANTED = frozenset([
    "from", "to", "cc", "delivered-to", "x-original-to", "reply-to", "sender", "subject", "date",
    "message-id", "in-reply-to", "references", "auto-submitted", "precedence", "x-autoreply",
    "x-autorespond", "x-auto-response", "x-failed-recipients", "return-path", "received",
    "content-type", "content-transfer-encoding", "content-disposition",
])  # fmt: skip
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_FIELD = re.compile(r"([!-9;-~]{1,60})[ \t]*:")
_ADDRESS = re.compile(r"[^\s<>\[\]()\"',;:@]{1,64}@[^\s<>\[\]()\"',;:@]{1,190}")
_ANGLED = re.compile(r"[<\[](?:mailto:)?([^\s<>\[\]\"@]{1,64}@[^\s<>\[\]\"@]{1,190})[>\]]", re.I)
_QUOTED_NAME = re.compile(r"\"[^\"]*\"")
_ID = re.compile(r"<([^<>\s]{1,300})>|(\S{1,300})")
_CHARSET = re.compile(r"(?:utf|iso|windows|cp|us|ascii|latin|koi|mac|big|gb|euc|shift|ks|x-)", re.I)
_NO_HTML = re.compile(r"\bhtml\b", re.IGNORECASE)
_MARK = re.compile("^> ?", re.MULTILINE)
_ANY_BOUNDARY = re.compile(rb"(?:\A|\n)--([!-~]{1,70})[ \t]*\r?\n")


@dataclass
class Mail:
    """A mail without its history; `sender` and `to` are addresses, or names in lower case."""

    row: int
    sender: str
    to: tuple[str, ...]
    subject: str
    moment: datetime | None
    text: str
    own_id: str = ""
    parents: tuple[str, ...] = ()  # ids of what it replies to, the first of the thread first
    reply_to: str = ""
    automatic: bool = False
    attachments: int = 0


def read_mail(raw: bytes, row: int, dates: DateReader, *, body: bool = True) -> Mail:
    """Read a mail; whatever cannot be read is left empty. Without `body` only the headers."""
    head, content = _split(raw)
    fields = _fields(head)
    sender = first_party(_raw(fields, "from") or _raw(fields, "sender"))
    receivers = (parties(value) for name in ("to", "cc", "delivered-to", "x-original-to")
                 for value in fields.get_all(name, ()))  # fmt: skip
    ids = [one for name in ("references", "in-reply-to") for one in _ids(_raw(fields, name))]
    subject = clean(_decoded(_raw(fields, "subject")))
    own = _ids(_raw(fields, "message-id"))
    found = _Body()
    if body:
        found.read(fields, content, 0)
    return Mail(
        row=row,
        sender=sender,
        to=tuple(dict.fromkeys(one for some in receivers for one in some))[:_MOST_RECIPIENTS],
        subject=subject,
        moment=_moment(fields, dates),
        text=own_text(found.text),
        own_id=own[0] if own else "",
        parents=tuple(dict.fromkeys(ids)),
        reply_to=first_party(_raw(fields, "reply-to")),
        automatic=_is_automatic(fields, sender, subject),
        attachments=found.attachments,
    )


def own_text(text: str) -> str:
    """Return the own words of a mail, in which "> " marks what is quoted."""
    own = own_words(text)
    if own.startswith(">"):
        own = own_words(_MARK.sub("", own))
    return clean(own)


def parties(value: str) -> list[str]:
    """Return the addresses in a header, in lower case; a name where it has none."""
    value = clean(value[:_LONGEST_HEADER])
    if "@" not in value:
        names = re.split("[;,]", _decoded(value)) if ";" in value else [_decoded(value)]
        bare = (" ".join(name.strip("\"' \t<>").casefold().split()) for name in names)
        return [name for name in bare if name and name not in ("undisclosed-recipients:", "")]
    unnamed = _QUOTED_NAME.sub(" ", value)
    found = [match[1] for match in _ANGLED.finditer(unnamed)] or _ADDRESS.findall(unnamed)
    return [address.lower().strip(".") for address in found or _ADDRESS.findall(value)]


def first_party(value: str) -> str:
    """Return the first address or name in a header, or ""."""
    found = parties(value)
    return found[0] if found else ""


def _split(raw: bytes) -> tuple[bytes, bytes]:
    match = _BLANK_LINE.search(raw)
    if raw[:1] in b"\r\n" or match is None:
        return (b"", raw) if raw[:1] in b"\r\n" else (raw, b"")
    return raw[: match.start()], raw[match.end() :]


def _fields(head: bytes) -> Message:
    """Parse the headers that matter, each cut to a length that parses fast."""
    found: list[tuple[str, str]] = []
    wanted = False
    for line in re.split("\r\n|\n|\r", decode(head[:_LONGEST_HEAD], "")):
        if line[:1] in (" ", "\t"):
            if wanted and len(found[-1][1]) < _LONGEST_HEADER:
                found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}"[:_LONGEST_HEADER])
            continue
        match = _FIELD.match(line)
        wanted = match is not None and match[1].lower() in _WANTED
        if match and wanted and len(found) < _MOST_HEADERS:
            found.append((match[1], line[match.end() :].strip()[:_LONGEST_HEADER]))
        else:
            wanted = False
    fields = Message()
    for name, value in found:
        fields[name] = value
    return fields


def _raw(fields: Message, name: str) -> str:
    return str(fields.get(name, ""))


def _decoded(value: str) -> str:
    """Decode the encoded words of RFC 2047 in a header."""
    if "=?" in value:
        try:
            pieces = decode_header(value)
        except (MessageError, ValueError, LookupError):
            pieces = []
        decoded = [
            piece if isinstance(piece, str) else decode(piece, charset or "")
            for piece, charset in pieces
        ]
        value = "".join(decoded) or value
    return " ".join(value.split())


def decode(data: bytes, charset: str) -> str:
    """Decode bytes by the charset a mail names, UTF-8 where that fits better, else cp1252."""
    named = charset.strip("\"' ").lower()
    if named in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"):
        named = "cp1252"  # what these are taken for everywhere, and what they mostly are
    tries = ["utf-8"] if named in ("", "cp1252") else [named, "utf-8"]
    for name in tries:
        if _CHARSET.match(name):
            try:
                return data.decode(name)
            except (LookupError, ValueError):
                continue
    return data.decode("cp1252", "replace")


def _ids(value: str) -> list[str]:
    return [match[1] or match[2] for match in _ID.finditer(value)]


def _moment(fields: Message, dates: DateReader) -> datetime | None:
    received = _raw(fields, "received").rpartition(";")[2]
    for value in (_raw(fields, "date"), received):
        text = " ".join(value.split())[:100]
        if not text:
            continue
        moment: datetime | None = None
        try:
            moment = parsedate_to_datetime(text)
            if moment.tzinfo is None and text.endswith("-0000"):
                moment = moment.replace(tzinfo=UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            moment = None
        moment = dates.utc(text if moment is None else moment)
        if moment is not None and moment.year in _YEARS:
            return moment
    return None


def _is_automatic(fields: Message, sender: str, subject: str) -> bool:
    submitted = _raw(fields, "auto-submitted").strip().lower()
    precedence = _raw(fields, "precedence").strip().lower()
    marks = ("x-autoreply", "x-autorespond", "x-auto-response", "x-failed-recipients")
    return (
        submitted.startswith("auto-")
        or precedence in ("bulk", "junk", "auto_reply", "auto-reply")
        or any(_raw(fields, name).strip().lower() not in ("", "no", "false") for name in marks)
        or _raw(fields, "return-path").strip() == "<>"
        or is_automatic_sender(sender)
        or is_automatic_subject(subject)
    )


class _Body:
    """Gathers the text of a mail and counts its attachments."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self.attachments = 0
        self._parts = 0

    @property
    def text(self) -> str:
        return "\n".join(self._texts)

    def read(self, fields: Message, content: bytes, depth: int) -> None:
        """Read a part of a mail and the parts within it."""
        kind = fields.get_content_type()
        if kind.startswith("multipart/") and depth < _DEEPEST:
            children = list(_children(fields, content, self._allowed()))
            self._parts += len(children)
            if kind == "multipart/alternative" and len(children) > 1:
                self._alternative(children, depth + 1)
                return
            for child in children:
                self.read(*child, depth + 1)
            if children:
                return
        disposition = _raw(fields, "content-disposition").strip().lower()
        if not kind.startswith(("text/", "multipart/")) or disposition.startswith("attachment"):
            self.attachments += 1
        elif kind in ("text/plain", "text/html", "text/enriched") or depth == 0 or "/" not in kind:
            self._texts.append(_leaf(fields, content, kind))
        elif kind.startswith("text/"):
            self.attachments += 1
        else:
            self._texts.append(decode(content[:_LONGEST_TEXT], ""))

    def _allowed(self) -> int:
        return max(_MOST_PARTS - self._parts, 0)

    def _alternative(self, children: list[tuple[Message, bytes]], depth: int) -> None:
        """Read the plain text of a mail, or its HTML where the plain text says nothing."""
        best: _Body | None = None
        for fields, content in children:
            version = _Body()
            version._parts = self._parts
            version.read(fields, content, depth)
            self.attachments += version.attachments
            self._parts = version._parts
            if best is None or _says_nothing(best.text):
                best = version if best is None or version.text.strip() else best
        if best is not None:
            self._texts.append(best.text)


def _says_nothing(text: str) -> bool:
    bare = text.strip()
    return not bare or (len(bare) < 300 and _NO_HTML.search(bare) is not None)


def _children(fields: Message, content: bytes, allowed: int) -> Iterator[tuple[Message, bytes]]:
    """Yield headers and content of the parts of a multipart; none where no boundary is found."""
    for part in _parts(content, _boundary(fields, content), allowed):
        part = part.removeprefix(b"\r").removeprefix(b"\n")
        head, body = _split(part)
        if not head and body:
            body = body.lstrip(b"\r\n")
        yield _fields(head), body


def _boundary(fields: Message, content: bytes) -> bytes:
    try:
        named = fields.get_boundary("") or ""
    except (ValueError, LookupError, TypeError):
        named = ""
    boundary = named.encode("utf-8", "replace")[:200]
    if boundary and b"--" + boundary in content:
        return boundary
    match = _ANY_BOUNDARY.search(content)
    return match[1] if match else b""


def _parts(content: bytes, boundary: bytes, allowed: int) -> Iterator[bytes]:
    if not boundary:
        return
    mark = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start = -1
    for match in mark.finditer(content):
        if start >= 0:
            yield content[start : match.start()]
            allowed -= 1
        start = -1 if match[1] or allowed <= 0 else match.end()
        if start < 0:
            return
    if start >= 0:
        yield content[start:]


def _leaf(fields: Message, content: bytes, kind: str) -> str:
    charset = ""
    try:
        charset = fields.get_content_charset("") or ""
        part = Message()
        part["Content-Transfer-Encoding"] = _raw(fields, "content-transfer-encoding").strip()
        part.set_payload(content.decode("ascii", "surrogateescape"))
        decoded = part.get_payload(decode=True)
        content = decoded if isinstance(decoded, bytes) else content
    except (MessageError, ValueError, LookupError, TypeError, AssertionError):
        pass
    text = decode(content, charset)[:_LONGEST_TEXT]
    return plain(text, mark_quotes=True) if kind != "text/plain" and "<" in text else text
