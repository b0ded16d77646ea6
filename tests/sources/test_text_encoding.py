import tracemalloc
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.sources.text_encoding import (
    TextEncoding,
    clean,
    detect_encoding,
    open_text,
    undecodable,
)

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


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
@pytest.mark.parametrize(
    "sentence",
    ["Eén keer gebeld", "één grote puinhoop", "geïrriteerd", "alle ideeën", "coördinatie",
     "Hè, eindelijk", "in België", "de enquête", "naar een café", "Zoë was top", "in reünie",
     "2 à 3 weken", "Dát niet", "zó slecht", "BUBLÉ", "Mevrouw Müller"],
)  # fmt: skip
def test_one_accent_is_enough(tmp_path: Path, sentence: str, encoding: str) -> None:
    text = f"klantnummer;opmerking\r\n001;prima\r\n002;{sentence}\r\n003;n.v.t.\r\n"
    path = tmp_path / "x"
    path.write_bytes(text.encode(encoding))
    assert text_in(path) == text


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
@pytest.mark.parametrize(
    "sentence",
    ["betaal € 12,50", "foto’s", "’s avonds laat", "‘s avonds", "20–30 minuten – te lang",
     "“komt goed” zei hij", "wachten…", "en dan ... niets…"],
)  # fmt: skip
def test_one_sign_is_enough(tmp_path: Path, sentence: str, encoding: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(f"opmerking\nprima\n{sentence}\n".encode(encoding))
    assert sentence in text_in(path)


@pytest.mark.parametrize("encoding", ["iso8859-15", "cp858"])
def test_the_euro_sign_of_a_lesser_variant(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x"
    path.write_bytes("opmerking\n€ 12,50 te veel\néén keer gebeld\n".encode(encoding))
    assert detect_encoding(path).name == encoding
    assert "€ 12,50" in text_in(path)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp850", "mac_roman"])
@pytest.mark.parametrize("before", [0, (1 << 18) - 40, 1 << 20])
def test_an_accent_in_the_last_line_only(tmp_path: Path, encoding: str, before: int) -> None:
    path = tmp_path / "x"
    last = "9;één keer geïrriteerd"
    path.write_bytes(b"a" * before + b"\n" * 20 + last.encode(encoding))
    assert text_in(path).endswith(last)


@pytest.mark.parametrize("shift", range(4))
def test_a_sign_across_two_chunks_is_whole(tmp_path: Path, shift: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a" * ((1 << 18) - shift) + "€😀".encode() + b"\n")
    assert detect_encoding(path) == TextEncoding("utf-8")


def test_utf8_cut_off_at_its_end_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes("één € twee €".encode()[:-1])
    assert detect_encoding(path) == TextEncoding("utf-8", damaged=True)


def test_lines_of_two_encodings_are_told_apart_by_line(tmp_path: Path) -> None:
    path = tmp_path / "x"
    lines = ["één".encode(), "geïrriteerd".encode("cp1252"), "ideeën".encode(), b"prima"]
    path.write_bytes(b"\n".join(lines * 50))
    assert detect_encoding(path) == TextEncoding("utf-8", damaged=True)
    read = text_in(path).split("\n")
    assert [undecodable(line) for line in read[:4]] == [False, True, False, False]
    assert read[2] == "ideeën"


def test_old_mojibake_does_not_make_a_windows_file_utf8(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(("één keer geïrriteerd\n" * 9 + "geÃ¯rriteerd\n").encode("cp1252"))
    assert detect_encoding(path).name == "cp1252"


def test_bytes_that_windows_text_cannot_hold_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes("één ideeën\n".encode("cp1252") * 5 + b"kapot \x81 regel\n")
    assert detect_encoding(path) == TextEncoding("cp1252", damaged=True)
    assert [undecodable(line) for line in text_in(path).splitlines()] == [False] * 5 + [True]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("extra", [b"\x00", b"\x00\xd8", b"\xd8\x00\x41\x00", b"\xff\xff\xff"])
def test_wide_text_that_is_damaged_is_marked_and_never_fails(
    tmp_path: Path, encoding: str, extra: bytes
) -> None:
    path = tmp_path / "x"
    path.write_bytes(DUTCH.encode(encoding) + extra)
    read = text_in(path)
    assert read.startswith(DUTCH)
    clean(read).encode()


@pytest.mark.parametrize(
    ("data", "because"),
    [
        ("é".encode("utf-8-sig"), "byte order mark"),
        ("abc€".encode("utf-16-le"), "every other byte is zero"),
        ("é".encode(), "all of it is valid UTF-8"),
        ("één\n".encode() + b"\xff", "most signs are valid UTF-8"),
        ("één".encode("cp850"), "no valid UTF-8; 2 signs fit Dutch best as cp850"),
    ],
)
def test_the_choice_is_explained(tmp_path: Path, data: bytes, because: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    assert detect_encoding(path).because == because


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"]))
def test_any_bytes_are_read(tmp_path_factory: pytest.TempPathFactory, data: bytes, bom: bytes):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(bom + data)
    clean(text_in(path)).encode()


@pytest.mark.parametrize("last", [b"", b"kapot \xff\n"])
def test_a_large_file_is_read_fast_and_in_little_memory(tmp_path: Path, last: bytes) -> None:
    path = tmp_path / "x"
    with path.open("wb") as stream:
        for _ in range(40):
            stream.write((DUTCH * 11_000).encode())  # 1 MB
        stream.write(last)
    start = perf_counter()
    assert detect_encoding(path).name == "utf-8"
    seconds = perf_counter() - start
    tracemalloc.start()
    detect_encoding(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
    assert seconds < 6.0


@pytest.mark.parametrize("name", ["rot13", "hex", "base64", "idna\x00"])
def test_a_codec_that_is_no_text_encoding_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableInputError, match="unknown encoding"):
        detect_encoding(tmp_path / "x", name)


@pytest.mark.parametrize("name", ["utf-7", "gb18030", "latin-1", "ascii", "utf_8_sig", "UTF8"])
def test_a_forced_encoding_never_fails_on_any_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(range(256)) * 3)
    with open_text(path, detect_encoding(path, name)) as stream:
        clean(stream.read()).encode()


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
