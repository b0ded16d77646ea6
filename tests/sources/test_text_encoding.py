from pathlib import Path

import pytest

from klankbord.errors import UnreadableInputError
from klankbord.sources.text_encoding import clean, detect_encoding, open_text, undecodable

DUTCH = "Klant;Opmerking\n1;Geïrriteerd: één café, coördinatie, reünie\n2;Drieëntwintig ideeën\n"


def text_in(path: Path) -> str:
    with open_text(path, detect_encoding(path)) as stream:
        return stream.read()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850",
                 "mac_roman", "utf-32"]
)  # fmt: skip
def test_dutch_text_is_read_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(DUTCH.encode(encoding))
    assert text_in(path) == DUTCH


def test_euro_sign_and_curly_quotes_tell_windows_text(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes("tekst\n‘te duur’: € 12,50 – jammer\n".encode("cp1252"))
    assert detect_encoding(path).name == "cp1252"


def test_euro_sign_of_an_old_mac_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes("tekst\nprecies € 12,50 te veel\n".encode("mac_roman"))
    assert detect_encoding(path).name == "mac_roman"


def test_a_few_bad_bytes_do_not_turn_utf8_into_windows_text(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(DUTCH.encode() + b"3;kapot \xff regel\n")
    found = detect_encoding(path)
    assert (found.name, found.damaged) == ("utf-8", True)
    assert "Geïrriteerd" in text_in(path)
    assert undecodable(text_in(path))


def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a")
    with pytest.raises(UnreadableInputError, match="unknown encoding 'klingon'"):
        detect_encoding(path, "klingon")


def test_clean_makes_any_text_storable() -> None:
    assert clean("a\udcffb\x00c") == "a\ufffdbc"
    clean("a\ud800b").encode("utf-8")
