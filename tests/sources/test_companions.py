import json
from pathlib import Path

import pytest

from klankbord.importing import import_sources
from klankbord.settings import Settings
from klankbord.sources import Profile, find_companions
from klankbord.sources.companions import NONE, Companions
from klankbord.store import Workspace

from .helpers import read_all, write
from .test_salesforce import CASE_15, case, mail, table

USERS = "".join(
    json.dumps({"id": number, "role": role, "name": "n", "email": "e"}) + "\n"
    for number, role in ((7, "agent"), (8, "end-user"))
)
TICKET = {
    "id": 1, "requester_id": 8, "raw_subject": "k", "via": {"channel": "email"},
    "comments": [{"author_id": 8, "public": True, "body": "Te laat", "id": 1},
                 {"author_id": 7, "public": True, "body": "Excuses", "id": 2}],
}  # fmt: skip


def test_the_users_of_zendesk_tickets(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a", json.dumps(TICKET) + "\n"), write(tmp_path / "b", USERS)]
    found = find_companions(paths)
    assert found.roles == {"7": "agent", "8": "customer"}
    rows = read_all(paths[0], companions=found).feedback
    assert [row["author_role"] for row in rows] == ["customer", "agent"]


def test_the_cases_of_mails(tmp_path: Path) -> None:
    paths = [table(tmp_path / "a", [case()]), table(tmp_path / "b", [mail()])]
    found = find_companions(paths).cases
    assert found[CASE_15] == found["00001042"]
    assert found[CASE_15].customer_id == "0033X00002abCdEQAM"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_cases_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = table(tmp_path / "a", [case(Description="Geïrriteerd!")]).read_text("utf-8")
    paths = [write(tmp_path / "a", text, encoding), table(tmp_path / "b", [mail()])]
    assert CASE_15 in find_companions(paths).cases


def test_only_the_beginning_of_unrelated_files_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        write(tmp_path / "a", "klant;opmerking\n1;prima\n"),
        table(tmp_path / "b", [case()]),  # no mails to tell about
        write(tmp_path / "c", USERS),  # no tickets
        tmp_path / "gone",
    ]
    monkeypatch.setattr("klankbord.sources.companions._cases", None)
    assert find_companions(paths) == NONE


def test_a_broken_companion_tells_nothing(tmp_path: Path) -> None:
    broken = write(tmp_path / "a", '{"CaseNumber": "1", "Description": ')
    assert find_companions([broken, table(tmp_path / "b", [mail()])]) == NONE
    assert find_companions([]) == Companions()


def test_a_profile_that_maps_columns_makes_tables_of_them(tmp_path: Path) -> None:
    paths = [table(tmp_path / "a", [case()]), table(tmp_path / "b", [mail()])]
    profile = Profile(name="eigen", columns={"verbatim": "Description"})
    assert find_companions(paths, profile) == NONE


def test_files_of_one_import_explain_each_other(tmp_path: Path) -> None:
    table(tmp_path / "Case.csv", [case()])
    mails = [
        mail(TextBody=case()["Description"]),
        mail(Id="02s3X00000bbbbbQAA", Incoming="false", TextBody="Excuses."),
    ]
    table(tmp_path / "EmailMessage.csv", mails)
    settings = Settings(key_file=str(tmp_path / "sleutel"))
    files = [tmp_path / "Case.csv", tmp_path / "EmailMessage.csv"]
    done = import_sources(files, workspace=tmp_path / "w.db", settings=settings)
    assert [(count.rows_in, count.stored) for count in done.counts] == [(1, 1), (1, 1)]
    with Workspace.open(tmp_path / "w.db") as store:
        rows = store.feedback().to_pylist()
    assert len({row["customer_id"] for row in rows}) == 1
    assert len({row["conversation_id"] for row in rows}) == 1
    assert any("repeat the description" in note for note in done.notes)
