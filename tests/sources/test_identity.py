import json
import random
from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from klankbord.schema import FEEDBACK
from klankbord.sources import FeedbackIds, Profile, read
from klankbord.sources.identity import Occurrences

from .helpers import read_all, write


def table_of(path: Path) -> pa.Table:
    (batch,) = read(path)
    return batch.feedback


def ids(table: pa.Table) -> list[str]:
    found: list[str] = FeedbackIds().assign(table).column("feedback_id").to_pylist()
    return found


def test_a_full_row_twice_is_one_piece_of_feedback(tmp_path: Path) -> None:
    text = "klant;datum;opmerking\n1;01-03-2024;Top!\n1;01-03-2024;Top!\n1;02-03-2024;Top!\n"
    one, again, later = ids(table_of(write(tmp_path / "x", text)))
    assert one == again != later


def test_two_anonymous_answers_both_stay_and_a_second_import_adds_none(tmp_path: Path) -> None:
    text = "opmerking\nTop!\nTop!\nBah\n"
    table = table_of(write(tmp_path / "x", text))
    assert len(set(ids(table))) == 3
    assert ids(table) == ids(table_of(write(tmp_path / "andere_naam", text)))


def test_batches_of_one_file_share_the_count(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "opmerking\n" + "Top!\n" * 10)
    assign = FeedbackIds()
    parts = [assign.assign(batch.feedback) for batch in read(path, batch_rows=3)]
    assert ids(table_of(path)) == pa.concat_tables(parts).column("feedback_id").to_pylist()


def test_the_file_type_makes_no_difference(tmp_path: Path) -> None:
    as_csv = table_of(write(tmp_path / "a", "klant;nps;tekst\n01;9;Prima\n"))
    as_json = table_of(write(tmp_path / "b", '[{"klant": "01", "nps": 9, "tekst": "Prima"}]'))
    assert ids(as_csv) == ids(as_json)


def test_own_ids_stay(tmp_path: Path) -> None:
    table = table_of(write(tmp_path / "x", "review_id;review\nr1;a\n;b\n"))
    first, second = ids(table)
    assert first == f"{table.column('source')[0]}:r1"
    assert len(second) == 32


def test_the_schema_is_kept() -> None:
    assert FeedbackIds().assign(FEEDBACK.empty_table()).schema == FEEDBACK


rows = st.fixed_dictionaries(
    {
        "customer_id": st.none() | st.sampled_from("ab"),
        "verbatim": st.sampled_from(["", "Top!", "é"]),
        "received_at": st.none() | st.integers(0, 2),
        "score_value": st.none() | st.sampled_from([0.0, 7.5]),
        "turn": st.none() | st.integers(0, 1),
    }
)


@given(st.lists(rows, max_size=30))
def test_only_fully_identified_rows_ever_share_an_id(found: list[dict[str, object]]) -> None:
    fixed = {"feedback_id": "", "source": "t", "channel": "survey", "author_role": "customer",
             "attributes": "{}"}  # fmt: skip
    table = pa.Table.from_pylist([{**fixed, **row} for row in found], schema=FEEDBACK)
    given_ids = ids(table)
    assert given_ids == ids(table)
    by_id: dict[str, dict[str, object]] = {}
    for each, row in zip(given_ids, found, strict=True):
        other = by_id.setdefault(each, row)
        if other is not row:
            assert other == row
            assert row["customer_id"] is not None
            assert row["received_at"] is not None


def test_two_exports_with_the_same_numbers_are_two_exports(tmp_path: Path) -> None:
    rows = "".join(f"{at};tekst {at}\n" for at in range(1, 6))
    survey = read_all(write(tmp_path / "a.csv", f"response_id;opmerking\n{rows}"))
    review = read_all(write(tmp_path / "b.csv", f"review_id;opmerking\n{rows}"))
    seen = [row["feedback_id"] for row in (*survey.feedback, *review.feedback)]
    assert len(set(seen)) == 10
    assert survey.detection.source != review.detection.source


def test_next_weeks_export_has_the_same_source(tmp_path: Path) -> None:
    one = read_all(write(tmp_path / "w1.csv", "review_id;Klant;opmerking\n1;2;a\n"))
    two = read_all(write(tmp_path / "w2.csv", "KLANT,opmerking,Review ID\n2,b,1\n"))
    assert one.detection.source == two.detection.source
    assert one.feedback[0]["feedback_id"] == two.feedback[0]["feedback_id"]


def test_a_field_that_json_records_seldom_have_does_not_make_another_source(
    tmp_path: Path,
) -> None:
    records = [{"review_id": str(at), "text": f"t{at}"} for at in range(4)]
    plain = read_all(write(tmp_path / "a.jsonl", json.dumps(records)))
    tagged = [{**records[0], "tags": ["x"]}, *records[1:]]
    other = read_all(write(tmp_path / "b.jsonl", json.dumps(tagged)))
    assert plain.detection.source == other.detection.source
    assert plain.detection.source.startswith("json-")


def test_a_profile_and_a_known_export_keep_their_names(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "review_id;opmerking\n1;a\n")
    assert read_all(path, Profile(name="eigen")).feedback[0]["feedback_id"] == "eigen:1"


def numbered(found: list[bytes]) -> list[int]:
    """Count occurrences the plain way."""
    seen: dict[bytes, int] = {}
    ordinals = []
    for key in found:
        ordinals.append(seen.get(key, 0))
        seen[key] = ordinals[-1] + 1
    return ordinals


KEYS = st.integers(0, 12).map(lambda number: number.to_bytes(8, "big"))


@given(st.lists(st.lists(KEYS, max_size=20), max_size=8))
def test_occurrences_are_counted_over_batches(batches: list[list[bytes]]) -> None:
    counter = Occurrences()
    counted = [ordinal for batch in batches for ordinal in counter.count(b"".join(batch))]
    assert counted == numbered([key for batch in batches for key in batch])


def test_many_batches_are_kept_in_few_runs_and_few_bytes() -> None:
    counter = Occurrences(longest_run=1_000)
    draw = random.Random(1)
    keys = [draw.randrange(20_000).to_bytes(8, "big") for _ in range(40_000)]
    counted = []
    for start in range(0, len(keys), 100):
        counted += counter.count(b"".join(keys[start : start + 100]))
    assert counted == numbered(keys)
    assert len(counter.runs) < 50
    assert sum(run.nbytes + times.nbytes for run, times in counter.runs) <= 12 * len(keys)


def test_ids_are_those_of_earlier_versions() -> None:
    """A workspace made before must know its rows again."""
    row = {"feedback_id": "", "source": "t", "channel": "survey", "author_role": "customer",
           "verbatim": "Top!", "attributes": "{}"}  # fmt: skip
    known = {**row, "customer_id": "K-1", "received_at": 5}
    own = {**row, "feedback_id": "t:1"}
    table = pa.Table.from_pylist([row, known, own, row, known], schema=FEEDBACK)
    assert ids(table) == [
        "c89fe20ed9279979a30337c815ce6aaf",
        "9d6fc6591b1963d0f17a8c7b0b191769",
        "t:1",
        "5815b35d2039282543d4460f5f792302",
        "9d6fc6591b1963d0f17a8c7b0b191769",
    ]
