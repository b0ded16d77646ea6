"""What tests/review/test_guard.py leaves: the review page on an address that others reach."""

import pytest

from klankbord.cli import run


@pytest.mark.parametrize("host", ["192.168.1.20", "10.0.0.1", "2001:db8::1"])
def test_an_address_that_others_reach_needs_a_flag_and_is_told_of_tls(
    host: str, capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["review", "--no-open", "--host", host]
    assert run(asked) == 1
    assert "--allow-remote" in capsys.readouterr().err
    assert run([*asked, "--allow-remote"]) == 1  # there is no workspace here
    told = capsys.readouterr().err
    assert "not encrypted" in told
    assert "TLS" in told
    assert "no workspace" in told


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_computer_needs_neither(
    host: str, capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["review", "--no-open", "--host", host]) == 1
    told = capsys.readouterr().err
    assert "TLS" not in told
    assert "no workspace" in told
