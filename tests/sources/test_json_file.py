import contextlib
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources import json_file
from klankbord.sources.json_file import JsonFile, open_json
from klankbord.sources.text_encoding import detect_encoding

from .helpers import write

RECORDS = [{"a": 1, "t": 'één "regel"\n}]'}, {"a": -2.5, "t": ""}, {"a": None}, {"a": [{"b": 1}]}]


def opened(path: Path) -> JsonFile:
    return open_json(path, detect_encoding(path))


def values(source: JsonFile, member: str = "") -> list[Any]:
    return [item[1] for item in source.records(member) if not isinstance(item, RejectedRow)]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (json.dumps(RECORDS), "array"),
        (json.dumps(RECORDS, indent=2), "array"),
        ("[\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]\n", "array"),
        ("[" + "\n,".join(map(json.dumps, RECORDS)) + "]", "array"),
        ("\n".join(map(json.dumps, RECORDS)), "lines"),
        ("\r\n\r\n".join(map(json.dumps, RECORDS)) + "\r\n", "lines"),
        (",\n".join(map(json.dumps, RECORDS)), "array"),
        ("".join(map(json.dumps, RECORDS)), "array"),
        ("\n".join(json.dumps(each, indent=1) for each in RECORDS), "array"),
        ("\x1e" + "\n\x1e".join(map(json.dumps, RECORDS)), "lines"),
        (json.dumps(RECORDS[:2]) + json.dumps(RECORDS[2:]), "array"),
        (json.dumps(RECORDS[0]) + "\n" + json.dumps(RECORDS[1:], indent=1), "array"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_form_gives_the_same_records(
    tmp_path: Path, text: str, shape: str, encoding: str
) -> None:
    source = opened(write(tmp_path / "x", text, encoding))
    assert source.shape == shape
    assert values(source) == RECORDS
    assert values(source) == RECORDS
    assert list(source.first) == RECORDS


def test_an_object_tells_its_members_and_the_first_of_its_lists(tmp_path: Path) -> None:
    many = [{"n": at} for at in range(30)]
    document = {"count": 2, "page": {"next": None}, "empty": [], "rows": many, "users": [{"u": 1}]}
    source = opened(write(tmp_path / "x", json.dumps(document)))
    assert source.shape == "object"
    assert source.members == {"count": 2, "page": {"next": None}, "empty": []}
    assert {name: len(first) for name, first in source.lists.items()} == {"rows": 10, "users": 1}
    assert values(source, "rows") == many
    assert values(source, "users") == [{"u": 1}]
    assert source.whole() == document


@given(st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
), st.sampled_from([1, 2, 7, 64, 1 << 16]))  # fmt: skip
def test_records_are_the_same_however_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, value: Any, chunk: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "x"
    records = [{"v": value}, {"w": [value]}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_file, "_CHUNK", chunk)
        write(path, json.dumps(records, indent=1))
        assert values(opened(path)) == records
        write(path, json.dumps({"list": records, "x": value}))
        assert values(opened(path), "list") == records


def test_a_broken_line_is_rejected_by_itself_also_when_it_is_the_first(tmp_path: Path) -> None:
    lines = ['{"a": 1', '{"a": 2}', '{"a": 3}', "{" * 2_000, '{"a": 4}', '{"a": ' + "9" * 5_000]
    source = opened(write(tmp_path / "x", "\n".join(lines)))
    items = list(source.records())
    assert [item.row for item in items if isinstance(item, RejectedRow)] == [1, 4, 6]
    assert [item for item in items if not isinstance(item, RejectedRow)] == [
        (2, {"a": 2}), (3, {"a": 3}), (5, {"a": 4}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[{"a": 1},\n{"a": 2},\n', 3),
        ('[{"a": 1}\n{"a": 2}]', 2),
        ('[\n{"a": 1},\n{"a": x}]', 3),
        ('{"a": [{"b": 1},\n  {"b": 2]}', 2),
        ('{"a" 1}', 1),
        ("[" * 100_000, 1),
        ('{"a": ' * 100_000, 1),
        ('{"a": "' + "x" * 10_000, 1),
        ('"alleen tekst"', 0),
        ("7", 0),
    ],
)
def test_what_breaks_off_is_one_error_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        values(opened(write(tmp_path / "x.json", text)))
    assert caught.value.where.endswith(f"x.json:{line}" if line else "x.json")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "' * 140_000,
        '{"\\"' * 200_000,
        '{"a":\n' * 170_000,
        "[{}," * 250_000,
        '{"a": 1}\n{\n' * 90_000,
        "[" + "1" * 1_000_000 + "]",
        "{" + ",".join(f'"k{at}": {at}' for at in range(60_000)) + "}",
        " " * 1_000_000 + "{",
    ],
)  # fmt: skip
def test_hostile_text_takes_linear_time(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "x", text)
    start = time.process_time()
    with contextlib.suppress(UnreadableInputError):
        values(opened(path))
    assert time.process_time() - start < 5


def test_one_endless_record_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "LONGEST_RECORD", 1 << 17)
    for text in ('["' + "x" * (1 << 19) + '"]', '{"a": 1}\n{"a": "' + "x" * (1 << 19) + '"}\n'):
        with pytest.raises(UnreadableInputError, match="a JSON record of more than"):
            values(opened(write(tmp_path / "x", text)))


def test_only_a_small_file_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "LARGEST_WHOLE", 10)
    source = opened(write(tmp_path / "x", '{"rows": [{"a": 1}]}'))
    assert values(source, "rows") == [{"a": 1}]
    with pytest.raises(UnreadableInputError, match="read whole"):
        source.whole()


@pytest.mark.parametrize("shape", ["lines", "array", "object"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, shape: str) -> None:
    record = json.dumps({"id": 1, "text": "x" * 200})
    begin, between, end = {
        "lines": ("", "\n", ""), "array": ("[", ",", "]"), "object": ('{"r": [', ",", "]}"),
    }[shape]  # fmt: skip
    path = write(tmp_path / "x", begin + between.join([record] * 40_000) + end)
    tracemalloc.start()
    try:
        source = opened(path)
        assert sum(1 for _ in source.records("r" if shape == "object" else "")) == 40_000
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()
