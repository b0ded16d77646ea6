"""The documents for the privacy officer say what the program does, and only that."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.cli.privacy import DOCUMENTS
from klankbord.privacy.keyfile import KEY_BYTES, default_key_path
from klankbord.privacy.personal_data import PersonalData
from klankbord.privacy.pseudonyms import Pseudonymiser
from klankbord.review.access import IDLE_SECONDS, LONGEST_SECONDS
from klankbord.settings import Settings
from klankbord.store import tables


@pytest.fixture(scope="module")
def flows(checkout: Path) -> str:
    folder = checkout / "src/klankbord/privacy/documents"
    assert {path.name for path in folder.iterdir()} == set(DOCUMENTS)
    return (folder / "gegevensstromen.md").read_text("utf-8")


@pytest.fixture(scope="module")
def register(checkout: Path) -> str:
    return (checkout / "src/klankbord/privacy/documents/verwerkingsregister.md").read_text("utf-8")


def test_every_table_of_the_workspace_is_named(flows: str) -> None:
    listed = flows.partition("De tabellen van de werkruimte:")[2].partition("## 4.")[0]
    named = {name for line in listed.splitlines() if line.startswith("|")
             for name in re.findall(r"`(\w+)`", line.split("|")[1])}  # fmt: skip
    assert named == set(tables.metadata.tables)


def test_every_kind_of_personal_data_is_named(flows: str) -> None:
    told = flows.partition("Herkend worden:")[2].partition(".")[0]
    assert set(re.findall(r"\w+", told)) - {"en"} == {str(kind) for kind in PersonalData}


def test_what_it_says_of_keys_pseudonyms_and_sessions_is_so(flows: str, tmp_path: Path) -> None:
    assert f"{KEY_BYTES} willekeurige bytes" in flows
    assert default_key_path().name == "pseudonym.key"
    key = Pseudonymiser.from_key_file(tmp_path / "k")
    for column in ("customer_id", "account_id", "conversation_id"):
        made = key.pseudonym(column, "1")
        assert made
        assert f"`{made[:2]}…`" in flows
    assert (IDLE_SECONDS, LONGEST_SECONDS) == (3_600, 12 * 3_600)
    assert "een uur stilte of twaalf uur" in flows
    assert not Settings().keep_ids
    assert not Settings().keep_personal_data


def test_every_output_of_an_analysis_is_named(flows: str, checkout: Path) -> None:
    readme = (checkout / "README.md").read_text("utf-8")
    listed = readme.partition("| In the `--out` folder")[2].partition("\n\n")[0]
    names = re.findall(r"`([\w]+\.\w+)`", listed)
    assert len(names) >= 9
    assert [name for name in names if name not in flows] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_option_and_setting_it_names_is_there(
    name: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (checkout / "src/klankbord/privacy/documents" / name).read_text("utf-8")
    commands = re.findall(r"`klankbord ([a-z-]+)([^`]*)`", text)
    assert commands
    helped = ""
    for command, more in commands:
        assert run([command, "--help"]) == 0, command
        shown = capsys.readouterr().out
        helped += shown
        for option in re.findall(r"--[a-z-]+", more):
            assert option in shown, (command, option)
    for command in ("analyse", "report", "review", "forget", "purge"):
        run([command, "--help"])
        helped += capsys.readouterr().out
    for option in re.findall(r"`(--[a-z-]+)`", text):
        assert option in helped, option
    settings = {field.name for field in fields(Settings)}
    for setting in re.findall(r"`(keep_\w+|key_file)", text):
        assert setting in settings


def test_the_register_covers_article_30(register: str) -> None:
    for part in ("Verwerkingsverantwoordelijke", "Functionaris", "Doel", "Grondslag", "Betrokkenen",
                 "Ontvangers", "Doorgifte", "Bewaartermijn", "Maatregelen"):  # fmt: skip
        assert part in register
    assert register.count("[") == register.count("]") > 20


def test_the_command_names_and_writes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], checkout: Path
) -> None:
    assert run(["privacy"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in DOCUMENTS)
    out = tmp_path / "map"
    assert run(["privacy", "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert told.out.count(".md") == len(DOCUMENTS)
    for name in DOCUMENTS:
        own = (checkout / "src/klankbord/privacy/documents" / name).read_bytes()
        assert (out / name).read_bytes() == own


def test_the_wheel_holds_them(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))
    assert "src/klankbord" in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
