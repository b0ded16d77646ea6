from pathlib import Path

import pytest

from klankbord.errors import UnreadableInputError
from klankbord.sources.markup import iterparse

BEGIN = b'<?xml version="1.0"?>'
LAUGHS = b"".join(b'<!ENTITY a%d "%s">' % (at + 1, b"&a%d;" % at * 10) for at in range(9))


def parsed(path: Path, data: bytes) -> list[tuple[str, str, str | None]]:
    path.write_bytes(data)
    return [(event, element.tag, element.text) for event, element in iterparse(path)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252", "iso-8859-15"])
def test_elements_come_as_they_are_read(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><r><!-- x --><n t="1">één &amp; ü</n></r>'
    found = parsed(tmp_path / "x", text.encode(encoding))
    assert [(event, tag) for event, tag, _ in found] == [
        ("start", "r"), ("start", "n"), ("end", "n"), ("end", "r"),
    ]  # fmt: skip
    assert found[2][2] == "één & ü"


def test_a_feed_of_any_size_is_read_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"<r>" + b"<n>tekst</n>" * 50_000 + b"</r>")
    seen = 0
    for event, element in iterparse(path):
        if event == "end" and element.tag == "n":
            assert element.text == "tekst"
            element.clear()
            seen += 1
    assert seen == 50_000


@pytest.mark.parametrize(
    "data",
    [
        BEGIN + b'<!DOCTYPE r [<!ENTITY a0 "ha">' + LAUGHS + b"]><r>&a9;</r>",
        BEGIN + b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 100_000 + b'">]><r>' + b"&a;" * 9_000,
        BEGIN + b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>',
        BEGIN + b'<!DOCTYPE r [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]><r/>',
        BEGIN + b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r/>',
        BEGIN + b"<!DOCTYPE r><r/>",
    ],
    ids=["laughs", "quadratic", "external", "parameter", "external type", "type"],
)
def test_document_types_and_entities_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableInputError, match="document type") as caught:
        parsed(tmp_path / "x", data)
    assert caught.value.where == str(tmp_path / "x")


@pytest.mark.parametrize(
    "data",
    [
        b"<r>" * 101,
        b"<r>" + b"x" * 2_400_000 + b"</r>",
        b"<r><![CDATA[" + b"x" * 2_400_000 + b"]]></r>",
        b'<r a="' + b"x" * 2_400_000 + b'"/>',
        b"<r><!--" + b"x" * 2_400_000 + b"--></r>",
        b"<r" + b"x" * 2_400_000 + b"/>",
        b"<r>" + b"<!-- -->x" * 2_400_000 + b"</r>",
    ],
    ids=["depth", "text", "cdata", "attribute", "comment", "name", "text in pieces"],
)
def test_absurd_depth_and_length_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableInputError, match=r"deep|million"):
        parsed(tmp_path / "x", data)


@pytest.mark.parametrize(
    ("data", "line"),
    [(b"", 1), (b"<r>\n<n></r>", 2), (b"<r>\n\n", 3), (b"<r>\xff</r>", 1), (b"<r>&nbsp;</r>", 1)],
)
def test_what_is_no_xml_is_an_error_with_its_line(tmp_path: Path, data: bytes, line: int) -> None:
    with pytest.raises(UnreadableInputError, match="not valid XML") as caught:
        parsed(tmp_path / "x", data)
    assert caught.value.where == f"{tmp_path / 'x'}:{line}"


def test_an_encoding_that_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="not valid XML"):
        parsed(tmp_path / "x", b'<?xml version="1.0" encoding="bestaat-niet"?><r/>')
