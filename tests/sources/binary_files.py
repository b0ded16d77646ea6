"""Workbooks in formats that nothing here writes: .xls, .xlsb and .ods, as small as they can be."""

import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

Rows = Sequence[Sequence[object]]
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SECTOR, _END, _FREE, _FAT = 512, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def xls(path: Path, rows: Rows) -> Path:
    """Write an .xls: BIFF8 records in the stream "Workbook" of a compound file."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    begin = struct.pack("<HHHHLL", 0x0600, 0x0005, 0, 0, 0, 0)
    name = b"Blad1"
    head = record(0x809, begin) + record(0x42, struct.pack("<H", 1200))
    bound = struct.pack("<LBBBB", 0, 0, 0, len(name), 0) + name
    at = len(head) + 4 + len(bound) + 4
    bound = struct.pack("<L", at) + bound[4:]
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, int | float):
                cells += record(0x203, place + struct.pack("<d", value))
            else:
                text = str(value).encode("utf-16-le")
                cells += record(0x204, place + struct.pack("<HB", len(text) // 2, 1) + text)
    sheet = record(0x809, struct.pack("<HHHHLL", 0x0600, 0x0010, 0, 0, 0, 0))
    stream = head + record(0x85, bound) + record(0xA, b"") + sheet + cells + record(0xA, b"")
    path.write_bytes(compound({"Workbook": stream}))
    return path


def compound(streams: dict[str, bytes]) -> bytes:
    """Return a compound file (CFB) with these streams, each of which is made 4 kB at least."""
    padded = {name: body.ljust(max(4096, -(-len(body) // _SECTOR) * _SECTOR), b"\0")
              for name, body in streams.items()}  # fmt: skip
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    table, first, body = [], 2, b""  # sector 0 is the table itself, 1 the directory
    for number, (name, data) in enumerate(padded.items(), 1):
        sectors = len(data) // _SECTOR
        entries.append(_entry(name, 2, first, len(data), right=number + 1 if number < len(padded)
                              else _FREE))  # fmt: skip
        table += [*range(first + 1, first + sectors), _END]
        first += sectors
        body += data
    chain = [_FAT, _END, *table]
    assert len(chain) <= 128
    assert len(entries) <= 4
    header = OLD + bytes(16) + struct.pack("<HHHHHHLLLLLLLLLL", 62, 3, 0xFFFE, 9, 6, 0, 0, 0, 1, 1,
                                           0, 4096, _END, 0, _END, 0)  # fmt: skip
    header += struct.pack("<L", 0) + struct.pack("<L", _FREE) * 108
    fat = struct.pack("<128L", *(chain + [_FREE] * (128 - len(chain))))
    return header + fat + b"".join(entries).ljust(_SECTOR, b"\0") + body


def _entry(name: str, kind: int, start: int, size: int, *, child: int = _FREE,
           right: int = _FREE) -> bytes:  # fmt: skip
    text = name.encode("utf-16-le")
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBLLL", len(text) + 2, kind, 1, _FREE, right, child)
        + bytes(36)
        + struct.pack("<LQ", start, size)
    )


def xlsb(path: Path, rows: Rows) -> Path:
    """Write an .xlsb: binary records in the parts of an .xlsx."""

    def record(kind: int, body: bytes = b"") -> bytes:
        number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size = len(body)
        low = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
        return number + low + body

    def wide(text: str) -> bytes:
        return struct.pack("<L", len(text)) + text.encode("utf-16-le")

    sheet = record(129) + record(148, struct.pack("<LLLL", 0, len(rows) - 1, 0, 9)) + record(145)
    for row, values in enumerate(rows):
        sheet += record(0, struct.pack("<L", row) + bytes(13))
        for column, value in enumerate(values):
            place = struct.pack("<LL", column, 0)
            if isinstance(value, int | float):
                sheet += record(5, place + struct.pack("<d", value))
            else:
                sheet += record(6, place + wide(str(value)))
    sheet += record(146) + record(130)
    book = record(131) + record(143)
    book += record(156, struct.pack("<LL", 0, 1) + wide("rId1") + wide("Blad1"))
    book += record(144) + record(132)
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/'
        f'2006/relationships"><Relationship Id="rId1" Type="{kinds}/worksheet" '
        'Target="worksheets/sheet1.bin"/></Relationships>'
    )
    return _packed(path, {"xl/workbook.bin": book, "xl/worksheets/sheet1.bin": sheet,
                          "xl/_rels/workbook.bin.rels": relations.encode()})  # fmt: skip


def ods(path: Path, rows: Rows, more: str = "") -> Path:
    """Write an .ods with one sheet; `more` is XML after its rows."""
    cell = '<table:table-cell office:value-type="{}"{}><text:p>{}</text:p></table:table-cell>'
    body = ""
    for values in rows:
        body += "<table:table-row>"
        for value in values:
            number = isinstance(value, int | float)
            extra = f' office:value="{value}"' if number else ""
            body += cell.format("float" if number else "string", extra, escape(str(value)))
        body += "</table:table-row>"
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names}><office:body>'
        f'<office:spreadsheet><table:table table:name="Blad1">{body}{more}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:'
        'xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{mime}"/></manifest:manifest>'
    )
    return _packed(path, {"mimetype": mime.encode(), "content.xml": content.encode(),
                          "META-INF/manifest.xml": manifest.encode()})  # fmt: skip


def _packed(path: Path, parts: dict[str, bytes]) -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    path.write_bytes(packed.getvalue())
    return path
