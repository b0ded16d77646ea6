import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.store import Workspace


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "192.168.1.20"], "--allow-remote"),
        (["--host", "0.0.0.0", "--allow-remote"], "one address"),
        (["--host", "::", "--allow-remote"], "one address"),
        (["--host", "example.nl"], "127.0.0.1"),
    ],
)
def test_only_this_computer_unless_asked(arguments, told, capsys: pytest.CaptureFixture[str]):
    assert run(["review", "--no-open", *arguments]) == 1
    assert told in capsys.readouterr().err


def test_without_its_packages_it_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in [name for name in sys.modules if name.startswith("klankbord.review")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    assert run(["review", "--no-open"]) == 1
    assert "pip install 'klankbord[review]'" in capsys.readouterr().err


def test_it_serves_at_the_address_it_prints_and_stops_quietly(tmp_path: Path):
    Workspace.open(tmp_path / "w.db").close()
    command = [sys.executable, "-m", "klankbord", "review", "-w", str(tmp_path / "w.db"),
               "--no-open", "--by", "Anna", "--quiet"]  # fmt: skip
    served = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert served.stdout is not None
        address = served.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/enter\?token=[\w-]{43}", address)
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = browser.open(address, timeout=20).read().decode()
        assert "Anna" in page
        assert "De laatste analyse vond geen toonverschuivingen." in page
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address, timeout=20)
    finally:
        served.send_signal(2)
        out, err = served.communicate(timeout=30)
    assert (out, err) == ("", "")


def test_the_page_uses_what_the_analysis_learned(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from klankbord.review import pictures
    from klankbord.review.wording import ReviewWording

    def learn_again(*_tables, **_more):
        raise AssertionError("the analysis knew this")

    monkeypatch.setattr(pictures, "learn_dynamics", learn_again)
    workspace = Path(shutil.copy(demo / "klankbord.db", tmp_path / "w.db"))
    with Workspace.open(workspace) as store:
        drawn = pictures.Pictures(store, ReviewWording())
        drawn.prepare()
        customer = store.shifts()[0].customer_id
        assert drawn.timeline(customer, *store.said_by(customer, last=100)).startswith("<svg")
        drawn.close()


def test_enter_in_the_terminal_gives_another_address(tmp_path: Path):
    pty = pytest.importorskip("pty", reason="pseudo terminals are a thing of Unix")
    Workspace.open(tmp_path / "w.db").close()
    keyboard, terminal = pty.openpty()
    command = [sys.executable, "-m", "klankbord", "review", "-w", str(tmp_path / "w.db"),
               "--no-open", "--by", "Anna", "--quiet"]  # fmt: skip
    served = subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert served.stdout is not None
        first = served.stdout.readline().strip()
        os.write(keyboard, b"\n")
        second = served.stdout.readline().strip()
        assert first != second
        for address in (first, second):
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            assert "Anna" in browser.open(address, timeout=20).read().decode()
    finally:
        served.send_signal(2)
        out, err = served.communicate(timeout=30)
        os.close(keyboard)
        os.close(terminal)
    assert (out, err) == ("", "")
