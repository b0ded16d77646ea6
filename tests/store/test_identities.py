import pyarrow as pa
import pytest

from klankbord.errors import WorkspaceError
from klankbord.privacy import IDENTITIES, Pseudonymiser
from klankbord.schema import CUSTOMERS, conform
from klankbord.store import Workspace

KEY, OTHER_KEY = Pseudonymiser(b"k" * 32), Pseudonymiser(b"o" * 32)


def customers(*ids):
    table = pa.table({"customer_id": list(ids), "attributes": ["{}"] * len(ids)})
    return conform(table, CUSTOMERS)


def test_the_key_holder_gets_the_original_ids_back(workspace):
    table = customers("0012", "klant-é")
    assert workspace.remember_identities(KEY.identities(table), KEY) == 2
    assert workspace.remember_identities(KEY.identities(table), KEY) == 0
    names = KEY.customers(table)["customer_id"].to_pylist()
    found = workspace.original_ids([*names, "K-ONBEKEND00"], KEY)
    assert found == dict(zip(names, ["0012", "klant-é"], strict=True))
    assert workspace.original_ids([], KEY) == {}


def test_many_identities(workspace):
    table = customers(*(f"klant {number}" for number in range(1500)))
    assert workspace.remember_identities(KEY.identities(table), KEY) == 1500
    names = KEY.customers(table)["customer_id"].to_pylist()
    assert list(workspace.original_ids(names, KEY).values()).count("klant 7") == 1
    assert len(workspace.original_ids(names, KEY)) == 1500


def test_the_original_ids_are_nowhere_in_the_file(tmp_path):
    path = tmp_path / "klankbord.db"
    with Workspace.open(path) as workspace:
        table = customers("klantnummer-4711-geheim")
        workspace.remember_identities(KEY.identities(table), KEY)
        workspace.add_customers(KEY.customers(table))
        content = b"".join(item.read_bytes() for item in path.parent.iterdir())
    assert b"4711" not in content + path.read_bytes()


def test_another_key_is_refused_and_told_what_to_do(workspace):
    workspace.check_key(KEY)
    workspace.check_key(KEY)
    with pytest.raises(WorkspaceError, match="another pseudonym key") as caught:
        workspace.check_key(OTHER_KEY)
    assert "key file" in caught.value.hint
    with pytest.raises(WorkspaceError, match="another pseudonym key"):
        workspace.remember_identities(OTHER_KEY.identities(customers("1")), OTHER_KEY)
    with pytest.raises(WorkspaceError, match="another pseudonym key"):
        workspace.original_ids(["K-1"], OTHER_KEY)


def test_the_binding_outlives_the_session(address):
    with Workspace.open(address) as workspace:
        workspace.check_key(KEY)
    with Workspace.open(address) as workspace, pytest.raises(WorkspaceError):
        workspace.check_key(OTHER_KEY)


def test_asking_binds_nothing(workspace):
    assert workspace.original_ids(["K-1"], KEY) == {}
    workspace.check_key(OTHER_KEY)


def test_two_ids_under_one_pseudonym_are_refused_whole(workspace):
    one, two, fresh = KEY.seal(["een", "twee", "vers"])
    workspace.remember_identities(pa.table([["K-A"], [one]], schema=IDENTITIES), KEY)
    clash = pa.table([["K-0", "K-A"], [fresh, two]], schema=IDENTITIES)
    with pytest.raises(WorkspaceError, match="same pseudonym"):
        workspace.remember_identities(clash, KEY)
    assert workspace.original_ids(["K-0", "K-A"], KEY) == {"K-A": "een"}
