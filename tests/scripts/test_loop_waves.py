"""The demonstration run wave by wave turns the loop: opened, worked on, measured, opened again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.slow
def test_two_waves_open_measure_escalate_and_reopen_actions(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import loop_waves

    monkeypatch.setattr(loop_waves, "WAVES", loop_waves.WAVES[:2])
    monkeypatch.setattr(sys, "argv", ["loop_waves.py", "--out", str(tmp_path)])
    loop_waves.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    names = [cell.strip() for cell in lines[0].split("|")[1:-1]]
    first, people, second = (
        dict(zip(names, [cell.strip() for cell in line.split("|")[1:-1]], strict=True))
        for line in lines[2:5]
    )
    assert int(first["geopend"]) == int(first["open"]) > 20
    assert int(people["bijgewerkt"]) > 10
    assert int(people["gesloten"]) > 10
    for name in ("geopend", "nieuw bewijs", "geëscaleerd", "heropend", "gemeten"):
        assert int(second[name]) > 0, name
