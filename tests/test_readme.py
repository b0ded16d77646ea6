import re
import shlex
from pathlib import Path

import pytest

from klankbord.cli import run

GROUPS = ("actions", "themes")  # commands with verbs of their own


@pytest.fixture(scope="module")
def readme(checkout: Path) -> str:
    return (checkout / "README.md").read_text("utf-8")


def code_lines(readme: str) -> list[str]:
    blocks = re.findall(r"```(?:console|sh|shell)\n(.*?)```", readme, flags=re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line]


def test_two_commands_set_everything_up(readme: str, checkout: Path):
    first_block = re.search(r"```console\n(.*?)```", readme, flags=re.DOTALL)
    assert first_block is not None
    commands = [line for line in first_block.group(1).splitlines() if line.strip()]
    assert [shlex.split(command, comments=True) for command in commands] == [
        ["python3", "scripts/demo.py"],
        ["python3", "scripts/test.py"],
    ]


def test_every_script_and_picture_it_names_exists(readme: str, checkout: Path):
    names = re.findall(r"(?:scripts|corpora|models|\.github)/[\w./-]+", readme)
    assert names
    for name in names:
        assert (checkout / name.rstrip(".")).exists(), name


def test_every_command_it_shows_is_real(readme: str, capsys: pytest.CaptureFixture[str]):
    commands = [line for line in code_lines(readme) if line.startswith("klankbord ")]
    assert commands
    for command in commands:
        words = shlex.split(command, comments=True)
        has_verb = words[1] in GROUPS and len(words) > 2 and not words[2].startswith("-")
        assert run([*words[1 : 3 if has_verb else 2], "--help"]) == 0, command
        shown = capsys.readouterr().out
        if not has_verb and words[1] in GROUPS:
            assert run([words[1], "list", "--help"]) == 0
            shown += capsys.readouterr().out
        for word in words:
            if word.startswith("-"):
                assert re.search(rf"(?<!\S){word}(?!\S)", shown), f"{word} in: {command}"


def test_the_figures_it_quotes_stand_on_the_model_cards(readme: str):
    from klankbord.models import installed_models

    figures = {f"{score.value:.3f}" for card in installed_models() for score in card.scores}
    quoted = re.findall(r"\|\s*(0?\.\d{3})\s*\|", readme)
    assert quoted
    for figure in quoted:
        assert f"{float(figure):.3f}" in figures, figure
