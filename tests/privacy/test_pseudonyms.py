import os
import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.errors import KlankbordError, WorkspaceError
from klankbord.privacy import IDENTITIES, Pseudonymiser, default_key_path
from klankbord.schema import CUSTOMERS, FEEDBACK, conform

KEY = bytes(range(32))
IDS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)


@pytest.fixture
def pseudonymiser():
    return Pseudonymiser(KEY)


def feedback(customer_ids, **columns):
    rows = len(customer_ids)
    return conform(
        pa.table(
            {
                "feedback_id": [f"f{row}" for row in range(rows)],
                "source": ["bron.csv"] * rows,
                "channel": ["survey"] * rows,
                "author_role": ["customer"] * rows,
                "verbatim": ["prima"] * rows,
                "attributes": ["{}"] * rows,
                "customer_id": pa.array(customer_ids, pa.string()),
                **columns,
            }
        ),
        FEEDBACK,
    )


def test_ids_become_short_readable_names_and_the_rest_stays(pseudonymiser):
    table = feedback(
        ["00123", "00123", "124"],
        account_id=["Bakkerij Jansen", None, "124"],
        conversation_id=["00123-20240612", "x", None],
    )
    result = pseudonymiser.feedback(table)
    assert result.schema == FEEDBACK
    assert re.fullmatch(r"K-[0-9A-HJKMNP-TV-Z]{10}", result["customer_id"][0].as_py())
    assert re.fullmatch(r"A-[0-9A-HJKMNP-TV-Z]{10}", result["account_id"][0].as_py())
    assert re.fullmatch(r"G-[0-9A-HJKMNP-TV-Z]{10}", result["conversation_id"][0].as_py())
    assert result["customer_id"][0] == result["customer_id"][1] != result["customer_id"][2]
    assert result["customer_id"][2].as_py()[2:] != result["account_id"][2].as_py()[2:]
    assert result["conversation_id"][2].as_py() is None
    kept = [n for n in FEEDBACK.names if n not in ("customer_id", "account_id", "conversation_id")]
    assert result.select(kept).equals(table.select(kept))


def test_the_name_depends_on_the_key_and_on_nothing_else(pseudonymiser):
    table = feedback(["1", "2", "3"])
    assert pseudonymiser.feedback(table).equals(Pseudonymiser(KEY).feedback(table))
    assert (
        pseudonymiser.feedback(table.slice(1))["customer_id"].to_pylist()
        == (pseudonymiser.feedback(table)["customer_id"].to_pylist()[1:])
    )
    other = Pseudonymiser(bytes(32)).feedback(table)["customer_id"].to_pylist()
    assert not set(other) & set(pseudonymiser.feedback(table)["customer_id"].to_pylist())


def test_the_name_of_a_known_customer_never_changes_between_versions(pseudonymiser):
    assert pseudonymiser.pseudonym("customer_id", "00123") == "K-T3BZ58YFPH"


def test_blank_ids_become_null_and_spelling_variants_one_name(pseudonymiser):
    result = pseudonymiser.feedback(feedback(["", "  ", None, " 7", "7", "e\u0301", "\u00e9"]))
    names = result["customer_id"].to_pylist()
    assert names[:3] == [None, None, None]
    assert names[3] == names[4]
    assert names[5] == names[6]


def test_chunks_and_empty_tables(pseudonymiser):
    table = pa.concat_tables([feedback(["1"]), feedback(["2"]), feedback([])])
    assert pseudonymiser.feedback(table)["customer_id"].null_count == 0
    assert pseudonymiser.feedback(feedback([])).equals(feedback([]))
    assert pseudonymiser.identities(feedback([])).equals(pa.table([[], []], schema=IDENTITIES))


def test_customer_tables_get_the_same_names_as_feedback(pseudonymiser):
    customers = conform(
        pa.table({"customer_id": ["9", "10"], "account_id": ["b", None], "attributes": ["{}"] * 2}),
        CUSTOMERS,
    )
    result = pseudonymiser.customers(customers)
    assert result.schema == CUSTOMERS
    from_feedback = pseudonymiser.feedback(feedback(["9", "10"]))["customer_id"].to_pylist()
    assert result["customer_id"].to_pylist() == from_feedback


def test_a_customer_table_with_a_blank_id_is_refused_without_showing_a_value(pseudonymiser):
    customers = conform(pa.table({"customer_id": ["9", " "], "attributes": ["{}"] * 2}), CUSTOMERS)
    with pytest.raises(KlankbordError, match="1 rows have no customer_id"):
        pseudonymiser.customers(customers)


def test_identities_lead_back_to_every_customer_and_account(pseudonymiser):
    table = feedback([" 9", "9", None, "10"], account_id=["9", None, None, "ACME"])
    identities = pseudonymiser.identities(table)
    names = identities["pseudonym"].to_pylist()
    originals = dict(zip(names, pseudonymiser.open(identities["sealed"].to_pylist()), strict=True))
    renamed = pseudonymiser.feedback(table)
    assert originals[renamed["customer_id"][0].as_py()] == "9"
    assert originals[renamed["customer_id"][3].as_py()] == "10"
    assert originals[renamed["account_id"][3].as_py()] == "ACME"
    assert len(names) == 4
    assert names == sorted(names)


@given(st.lists(IDS, max_size=8))
@settings(max_examples=40, deadline=None)
def test_seal_and_open_round_trip_deterministically(ids):
    pseudonymiser = Pseudonymiser(KEY)
    sealed = pseudonymiser.seal(ids)
    assert pseudonymiser.open(sealed) == ids
    assert pseudonymiser.seal(ids) == sealed
    assert all(
        value.encode() not in data
        for value, data in zip(ids, sealed, strict=True)
        if len(value.encode()) > 3
    )


def test_another_key_or_an_altered_byte_does_not_open(pseudonymiser):
    sealed = pseudonymiser.seal(["klant-geheim"])
    with pytest.raises(WorkspaceError, match="cannot be opened") as caught:
        Pseudonymiser(bytes(32)).open(sealed)
    assert "geheim" not in str(caught.value)
    altered = bytes([sealed[0][0] ^ 1]) + sealed[0][1:]
    for bad in (altered, b"", b"kort"):
        with pytest.raises(WorkspaceError):
            pseudonymiser.open([bad])


def test_the_check_value_tells_keys_apart_but_is_not_the_key(pseudonymiser):
    assert pseudonymiser.check_value == Pseudonymiser(KEY).check_value
    assert pseudonymiser.check_value != Pseudonymiser(bytes(32)).check_value
    assert KEY.hex() not in pseudonymiser.check_value


# --- the key file -----------------------------------------------------------------------------


def test_a_key_file_is_made_once_and_read_again(tmp_path):
    path = tmp_path / "nieuw" / "pseudonym.key"
    first = Pseudonymiser.from_key_file(path)
    content = path.read_bytes()
    assert Pseudonymiser.from_key_file(str(path)).check_value == first.check_value
    assert path.read_bytes() == content
    assert [item.name for item in path.parent.iterdir()] == ["pseudonym.key"]
    other = Pseudonymiser.from_key_file(tmp_path / "ander.key")
    assert other.check_value != first.check_value


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_new_key_is_private_whatever_the_umask(tmp_path):
    old = os.umask(0)
    try:
        Pseudonymiser.from_key_file(tmp_path / "map" / "k.key")
    finally:
        os.umask(old)
    assert (tmp_path / "map" / "k.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "map").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "k.key"
    Pseudonymiser.from_key_file(path)
    path.chmod(mode)
    with pytest.raises(KlankbordError, match="open to other users") as caught:
        Pseudonymiser.from_key_file(path)
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize(
    "content",
    [b"", b"geen base64!", b"AAAA", b"A" * 5000, b"\xff\xfe\x00", b"QUJD\n" * 20],
    ids=["empty", "text", "short", "long", "binary", "lines"],
)
def test_a_damaged_key_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "k.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KlankbordError, match="damaged"):
        Pseudonymiser.from_key_file(path)
    assert path.read_bytes() == content


def test_a_folder_in_place_of_the_key_is_a_known_error(tmp_path):
    (tmp_path / "k.key").mkdir(mode=0o700)
    with pytest.raises(KlankbordError, match="cannot be read"):
        Pseudonymiser.from_key_file(tmp_path / "k.key")


def test_a_parent_that_is_a_file_is_a_known_error(tmp_path):
    (tmp_path / "bestand").write_text("x")
    with pytest.raises(KlankbordError, match="cannot be read or made"):
        Pseudonymiser.from_key_file(tmp_path / "bestand" / "k.key")


def test_a_key_file_works_where_hard_links_do_not(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "k.key"
    made = Pseudonymiser.from_key_file(path)
    assert Pseudonymiser.from_key_file(path).check_value == made.check_value
    assert [item.name for item in tmp_path.iterdir()] == ["k.key"]


def test_the_loser_of_a_race_uses_the_winners_key(tmp_path, monkeypatch):
    path = tmp_path / "k.key"
    link = os.link

    def somebody_was_first(source, target):
        monkeypatch.setattr(os, "link", link)
        Pseudonymiser.from_key_file(target)
        link(source, target)

    monkeypatch.setattr(os, "link", somebody_was_first)
    late = Pseudonymiser.from_key_file(path)
    assert Pseudonymiser.from_key_file(path).check_value == late.check_value
    assert [item.name for item in tmp_path.iterdir()] == ["k.key"]


def test_the_default_key_lies_in_the_users_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_key_path().name == "pseudonym.key"
    if os.name == "posix":
        assert default_key_path().is_relative_to(tmp_path)
        Pseudonymiser.from_key_file(None)
        assert default_key_path().exists()
