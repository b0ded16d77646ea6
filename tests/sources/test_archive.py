import gzip
import os
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.sources import Gathered, archive, detect, gathered
from klankbord.sources.archive import safe_name

from .binary_files import ods
from .helpers import read_all, workbook

CSV = "klantnummer;opmerking\n001;Prima geholpen\n"
OTHER = "klantnummer;opmerking\n002;Lang gewacht\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def packed(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in members.items():
            made.writestr(name, body)
    return path


def verbatims(files: Gathered) -> dict[str, list[str]]:
    return {path.name: got.verbatims for path, got in files.each(read_all)}


def left_behind(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "tmp").iterdir()]


def test_a_zip_is_read_member_by_member_and_leaves_nothing(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", {
        "maart/b.csv": OTHER, "maart/a.csv": CSV, "leeg/": "", "__MACOSX/maart/._a.csv": "x",
        ".DS_Store": "x", "maart/~$a.xlsx": "x", "foto.png": PNG,
    })  # fmt: skip
    with gathered([path]) as files:
        assert verbatims(files) == {"a.csv": ["Prima geholpen"], "b.csv": ["Lang gewacht"]}
        assert len(files.notes) == 1
        assert files.notes[0].startswith("foto.png: this is an image")
        (folder,) = (tmp_path / "tmp").iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert all(folder in file.parents for file in files.files)
    assert left_behind(tmp_path) == []


def test_members_of_the_same_name_are_both_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", {"jan/export.csv": CSV, "feb/export.csv": OTHER})
    with gathered([path]) as files:
        found = [got.verbatims for _, got in files.each(read_all)]
    assert sorted(found) == [["Lang gewacht"], ["Prima geholpen"]]


def test_workbooks_are_no_archives_and_may_be_in_one(tmp_path: Path) -> None:
    rows = [["klantnummer", "opmerking"], ["001", "goed"]]
    book = workbook(tmp_path / "a.xlsx", rows)
    path = packed(tmp_path / "x.zip", {
        "a.xlsx": book.read_bytes(), "b.ods": ods(tmp_path / "b.ods", rows).read_bytes(),
        "brief.docx": packed(tmp_path / "c", {"word/document.xml": "<w/>"}).read_bytes(),
    })  # fmt: skip
    with gathered([path, book]) as files:
        found = [(file.name, got.verbatims) for file, got in files.each(read_all)]
    assert found == [("a.xlsx", ["goed"]), ("b.ods", ["goed"]), ("a.xlsx", ["goed"])]
    assert files.notes[0].startswith("brief.docx: this is an office document")


def test_a_folder_with_other_files_and_an_archive(tmp_path: Path) -> None:
    folder = tmp_path / "map"
    folder.mkdir()
    (folder / "foto.png").write_bytes(PNG)
    (folder / "a.csv").write_text(CSV)
    packed(folder / "b.zip", {"b.csv": OTHER})
    (folder / "kapot.zip").write_bytes((folder / "b.zip").read_bytes()[:60])
    with gathered([folder]) as files:
        assert sorted(verbatims(files)) == ["a.csv", "b.csv"]
    assert [note.partition(":")[0] for note in files.notes] == ["foto.png", "kapot.zip"]


def test_a_file_that_is_named_must_be_readable(tmp_path: Path) -> None:
    (tmp_path / "foto.png").write_bytes(PNG)
    (tmp_path / "a.csv").write_text(CSV)
    with (
        pytest.raises(UnreadableInputError, match="image"),
        gathered([tmp_path / "a.csv", tmp_path / "foto.png"]) as files,
    ):
        files.each(detect)


@pytest.mark.parametrize("members", [{}, {"foto.png": PNG}, {"in.zip": b"", "x/.verborgen": b"x"}])
def test_something_in_an_archive_must_be_readable(
    tmp_path: Path, members: dict[str, bytes]
) -> None:
    if "in.zip" in members:
        members["in.zip"] = packed(tmp_path / "in.zip", {"a.csv": CSV}).read_bytes()
    path = packed(tmp_path / "x.zip", dict(members))
    with pytest.raises(UnreadableInputError) as caught, gathered([path]) as files:
        files.each(detect)
    assert caught.value.where == str(path)
    assert left_behind(tmp_path) == []


def test_an_error_names_the_archive_and_the_member(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", {"map/naam.csv": CSV})
    with pytest.raises(UnreadableInputError) as caught, gathered([path]) as files:
        raise UnreadableInputError("is mis", where=f"{files.files[0]}:12")
    assert caught.value.where == f"{path}: map/naam.csv:12"
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("name", ["../../boven.csv", "/etc/boven.csv", "C:\\map\\boven.csv"])
def test_no_member_is_written_outside_the_private_folder(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "x.zip", {name: CSV})
    with gathered([path]) as files:
        (file,) = files.files
        assert (tmp_path / "tmp") in file.parents
        assert ".." not in file.parts
        assert verbatims(files) == {"boven.csv": ["Prima geholpen"]}
    assert list(tmp_path.rglob("boven.csv")) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("a.csv", CSV)
    with gathered([path]) as files:
        assert [file.name for file in files.files] == ["a.csv"]
        assert not files.files[0].is_symlink()


def changed(path: Path, at: int, value: bytes, entry: int = 0) -> None:
    """Change bytes in an entry of the list of files at the end of a ZIP."""
    data = bytearray(path.read_bytes())
    start = -1
    for _ in range(entry + 1):
        start = data.index(b"PK\x01\x02", start + 1)
    data[start + at : start + at + len(value)] = value
    path.write_bytes(data)


def test_a_locked_archive_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", {"a.csv": CSV})
    changed(path, 8, b"\x01\x00")
    with pytest.raises(UnreadableInputError, match="password"), gathered([path]):
        pass


def bomb(path: Path) -> Path:
    return packed(path, {"a.csv": CSV.encode() + bytes(20 << 20)})


def overlapping(path: Path) -> Path:
    packed(path, {"a.csv": CSV * 50, "b.csv": OTHER * 50})
    changed(path, 42, struct.pack("<L", 0), entry=1)
    return path


def lying(path: Path) -> Path:
    packed(path, {"a.csv": CSV * 5_000})
    changed(path, 24, struct.pack("<L", 60))
    return path


def many(path: Path) -> Path:
    return packed(path, {f"{at}.csv": "" for at in range(10_001)})


def listing(path: Path) -> Path:
    packed(path, {"a.csv": CSV})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<L", 12 << 20)
    path.write_bytes(b"PK\x03\x04" + bytes(12 << 20) + data)
    return path


def odd_method(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("a.csv", CSV)
    return path


@pytest.mark.parametrize("make", [bomb, overlapping, lying, many, listing, odd_method])
def test_what_is_made_to_exhaust_memory_or_disk_is_refused(tmp_path: Path, make: object) -> None:
    path = make(tmp_path / "x.zip")  # type: ignore[operator]
    with pytest.raises(UnreadableInputError) as caught, gathered([path]):
        pass
    assert caught.value.where == str(path)
    assert caught.value.hint
    assert left_behind(tmp_path) == []


def test_the_disk_must_have_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LEFT_FREE", 1 << 60)
    with (
        pytest.raises(UnreadableInputError, match="no room"),
        gathered([packed(tmp_path / "x.zip", {"a.csv": CSV})]),
    ):
        pass


def test_a_gzip_file_is_read_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "export.csv.gz"
    path.write_bytes(gzip.compress(CSV.encode()))
    with gathered([path]) as files:
        assert verbatims(files) == {"export.csv": ["Prima geholpen"]}
        assert files.told(f"{files.files[0]}:3") == f"{path}:3"
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (bytes(40 << 20), "absurd size"),
        (b"x" * 257 + b"ustar" + bytes(300), "archive inside"),
        (gzip.compress(b"x"), "archive inside"),
    ],
    ids=["bomb", "tar", "gzip"],
)
def test_what_a_gzip_file_may_not_hold(tmp_path: Path, inner: bytes, message: str) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(inner))
    with pytest.raises(UnreadableInputError, match=message), gathered([path]):
        pass


def test_a_gzip_file_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(os.urandom(5_000))[:-20])
    with pytest.raises(UnreadableInputError, match="damaged"), gathered([path]):
        pass


def test_no_folder_is_made_where_nothing_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    with gathered([tmp_path / "a.csv"]) as files:
        assert left_behind(tmp_path) == []
        assert files.files == [tmp_path / "a.csv"]


@given(st.text(max_size=300))
def test_a_name_made_safe_is_one_short_plain_name(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert safe not in (".", "..")
    assert not set(safe) & set('/\\<>:"|?*\x00')
    assert safe.isprintable()
    assert len(safe.encode("utf-8", "replace")) <= 160
    assert Path("map", safe).name == safe


@given(st.binary(max_size=400), st.integers(0, 30))
def test_no_bytes_after_the_signature_of_a_zip_break_it(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("zip") / "x.zip"
    whole = packed(path, {"a.csv": CSV}).read_bytes()
    path.write_bytes(whole[: len(whole) - cut] + body)
    try:
        with gathered([path]) as files:
            files.each(detect)
    except UnreadableInputError as error:
        assert error.where  # noqa: PT017 - what follows a ZIP may be harmless
