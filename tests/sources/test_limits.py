"""Files made to exhaust time or memory, each read in a process of its own that is measured."""

import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.sources.limits import LONGEST_LINE, check_columns, check_lines, open_zip
from klankbord.sources.text_encoding import TextEncoding

from . import binary_files
from .helpers import workbook

MB = 1 << 20
SECONDS, MEMORY = 6.0, 300 * 10**6  # of processor time; on a quiet machine under 2
HEADER = b"klantnummer;opmerking\n"
CHILD = """
import json, resource, sys, time
from pathlib import Path
from klankbord.errors import KlankbordError
from klankbord.sources import gathered, read
began = time.process_time()
told = ""
try:
    with gathered([Path(sys.argv[1])]) as files:
        files.each(lambda path: sum(batch.rows_in for batch in read(path)))
except KlankbordError as error:
    told = f"{error.message} ({error.hint})" if error.hint and error.where else "no place or hint"
spent = time.process_time() - began
children = resource.getrusage(resource.RUSAGE_CHILDREN)
status = Path("/proc/self/status").read_text()  # its maximum does not count the parent's
peak = 1024 * int(status.partition("VmHWM:")[2].split()[0])
print(json.dumps([told, spent + children.ru_utime, max(peak, 1024 * children.ru_maxrss)]))
"""


def refused(path: Path) -> str:
    """Read `path` in a child; return how it was refused, after a look at what that cost."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    told, seconds, memory = json.loads(done.stdout)
    assert told, "it was read"
    assert seconds < SECONDS
    assert memory < MEMORY
    return str(told)


def write(path: Path, *parts: bytes) -> Path:
    with path.open("wb") as stream:
        stream.writelines(parts)
    return path


def texts(size: int) -> dict[str, Iterable[bytes]]:
    """Return texts of some `size` MiB that are one cell, line or string."""
    big, lines = b"x" * (size * MB), (b"x" * 79 + b"\n") * (size * MB // 80)
    wide = "é".encode("utf-16-le") * (size * MB)
    return {
        "line": (big,),
        "cell": (HEADER, b"1;", big, b"\n2;goed\n"),
        "quoted": (HEADER, b'1;"', big, b'"\n2;goed\n'),
        "quoted lines": (HEADER, b'1;"', lines, b'"\n2;goed\n'),
        "quotes": (HEADER, b'1;"', b'"' * (size * MB)),
        "utf-16": ("klantnummer;opmerking\n1;".encode("utf-16"), wide),
        "nuls": (bytes(size * MB),),
        "nuls in a table": (HEADER, bytes(size * MB)),
        "transcript": (b"Klant: hoi\nMedewerker: goedemorgen\nKlant: ", big),
        "subtitles": (b"WEBVTT\n\n00:00.000 --> 00:01.000\n", big),
        "json": (b'[{"opmerking": "', big, b'"}]'),
        "json lines": (b'{"opmerking": "goed"}\n{"opmerking": "', big, b'"}\n'),
        "json number": (b'[{"opmerking": ', b"1" * (size * MB), b"}]"),
    }


@pytest.mark.parametrize("name", texts(0))
def test_a_cell_of_many_megabytes_is_refused(tmp_path: Path, name: str) -> None:
    assert refused(write(tmp_path / "x", *texts(20)[name]))


@pytest.mark.slow
@pytest.mark.parametrize("name", texts(0))
def test_a_cell_of_100_megabytes_is_refused(tmp_path: Path, name: str) -> None:
    assert refused(write(tmp_path / "x", *texts(100)[name]))


def laughs() -> bytes:
    entities = b"".join(b'<!ENTITY a%d "%s">' % (at + 1, b"&a%d;" % at * 10) for at in range(9))
    return b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "ha">' + entities + b"]><r>&a9;</r>"


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def sheet(path: Path, extra: bytes) -> Path:
    """Write a workbook with `extra` rows in the XML of its sheet."""
    rows = [["klantnummer", "opmerking"], ["001", "goed"]]
    with zipfile.ZipFile(workbook(path.with_suffix(".old"), rows)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    name = next(name for name in parts if "worksheets/" in name)
    parts[name] = parts[name].replace(b"</sheetData>", extra + b"</sheetData>")
    return packed(path, parts)


def overlapping(path: Path) -> Path:
    """Write a ZIP of which a thousand members share one piece of packed data."""
    packed(
        path, {f"{at:04}.csv": HEADER + b"1;x\n" * 200_000 if at == 0 else b"" for at in range(999)}
    )
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02")
    sizes = data[start + 16 : start + 28]
    at = start
    while (at := data.find(b"PK\x01\x02", at + 1)) > 0:
        data[at + 16 : at + 28] = sizes
        data[at + 42 : at + 46] = struct.pack("<L", 0)
    path.write_bytes(data)
    return path


def nested(path: Path) -> Path:
    inner = {f"{at}.zip": packed(path, {"a.csv": bytes(MB)}).read_bytes() for at in range(16)}
    return packed(path, inner)


MADE: dict[str, Callable[[Path], Path]] = {
    "columns": lambda path: write(path, b";".join(b"k%d" % at for at in range(1_000_000)), b"\n"),
    "empty columns": lambda path: write(path, b";" * 1_000_000, b"\n"),
    "json depth": lambda path: write(path, b"[" * 100_000),
    "json objects": lambda path: write(path, b'[{"a": ' * 100_000),
    "json depth inside": lambda path: write(
        path, b'[{"a": ', b"[" * 100_000, b"]" * 100_000, b"}]"
    ),
    "laughs": lambda path: write(path, laughs()),
    "external entity": lambda path: write(
        path, b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>'
    ),
    "zip": lambda path: packed(path, {"a.csv": HEADER + bytes(150 * MB)}),
    "zip of zips": nested,
    "overlapping zip": overlapping,
    "far cell": lambda path: sheet(
        path, b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    ),
    "rather far cell": lambda path: sheet(
        path, b'<row r="900000"><c r="J900000"><v>1</v></c></row>'
    ),
    "sheet columns": lambda path: sheet(path, b'<row r="3">' + b"<c><v>1</v></c>" * 900_000),
    "sheet cell": lambda path: sheet(
        path, b'<row r="3"><c r="B3" t="inlineStr"><is><t>' + b"x" * (100 * MB) + b"</t></is></c>"
    ),
    "sheet laughs": lambda path: packed(path, {"xl/workbook.xml": laughs()}),
    "ods": lambda path: binary_files.ods(
        path, [["opmerking"]], '<table:table-row table:number-rows-repeated="1000000">'
        '<table:table-cell office:value-type="string" table:number-columns-repeated="50">'
        "<text:p>x</text:p></table:table-cell></table:table-row>",
    ),
    "xls": lambda path: binary_files.xls(
        path, [["opmerking"], [""] * 255 + ["x"], *([[]] * 65_000), ["x"]]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_to_exhaust_is_refused(tmp_path: Path, name: str) -> None:
    told = refused(MADE[name](tmp_path / "x"))
    assert "passwd" not in told
    assert "root:" not in told


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=12),
    ends=st.sampled_from(["\n", "\r", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32", "cp1252"]),
)
def test_lines_are_measured_in_any_encoding(
    tmp_path: Path, lengths: list[int], ends: str, encoding: str
) -> None:
    from klankbord.sources import limits

    path = tmp_path / "x"
    path.write_bytes(ends.join("x" * length for length in lengths).encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "_CHUNK", 7)
        patch.setattr(limits, "LONGEST_LINE", 30)
        if max(lengths) <= 30 - 8:  # what stands before a line end in a part is not counted
            check_lines(path, TextEncoding(encoding))
        elif max(lengths) > 30 + 8:
            with pytest.raises(UnreadableInputError):
                check_lines(path, TextEncoding(encoding))


def test_a_long_line_is_found_by_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "x", b"a\n" * 3_000_000, b"x" * (LONGEST_LINE + MB), b"\n")
    with pytest.raises(UnreadableInputError) as caught:
        check_lines(path, TextEncoding("utf-8"))
    assert caught.value.where == f"{path}:3000001"


def test_columns_are_counted(tmp_path: Path) -> None:
    check_columns(tmp_path, 16_384)
    with pytest.raises(UnreadableInputError, match="16,384 columns"):
        check_columns(tmp_path, 16_385)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"PK\x05\x06", b"PK\x05\x06" + bytes(18)[:-1]]
)
def test_what_is_no_zip(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableInputError, match="damaged"):
        open_zip(write(tmp_path / "x", data))
