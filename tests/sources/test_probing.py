import sys

import pytest

from klankbord.sources import probing

MEMORY = 1 << 30


def test_what_it_prints_comes_back() -> None:
    assert probing.probe("print(sys.argv[2])", "pad met spatie", MEMORY) == (
        probing.FINE,
        "pad met spatie\n",
    )


@pytest.mark.parametrize(
    ("program", "ended"),
    [
        ("raise ValueError", probing.TOLD),
        ("raise BaseException", probing.PANICKED),
        ("os.abort()", -6),
        ("import time; time.sleep(99)", -1),
    ],
)
def test_how_it_ended_is_told(
    program: str, ended: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if "sleep" in program:
        monkeypatch.setattr(probing, "_SECONDS", 1)
    assert probing.probe(program, "x", MEMORY)[0] == ended
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only here is address space limited")
def test_its_memory_is_limited() -> None:
    assert probing.probe("bytes(3 << 30)", "x", MEMORY)[0] == probing.TOLD
    assert probing.probe("bytes(1 << 20)", "x", MEMORY)[0] == probing.FINE
