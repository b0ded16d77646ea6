import importlib.util
import os
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

SHAPES = ("csv", "xlsx", "spss", "parquet", "salesforce", "google", "eml", "mbox", "webvtt",
          "srt", "transcript")  # fmt: skip


@pytest.fixture(scope="module")
def scripts(checkout: Path) -> Path:
    return checkout / "scripts"


@pytest.fixture(scope="module")
def fuzzer(scripts: Path) -> ModuleType:
    sys.path.insert(0, str(scripts))
    try:
        spec = importlib.util.spec_from_file_location("fuzz_sources", scripts / "fuzz_sources.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(scripts))
    return module


def test_a_seed_of_every_source_is_read_as_it_is(fuzzer: ModuleType, tmp_path: Path):
    from klankbord.sources import gathered, read

    for name, content in fuzzer.seeds().items():
        path = tmp_path / name
        path.write_bytes(content)
        with gathered([path]) as files:
            for file in files.files:
                batches = list(read(file))
                assert sum(batch.rows_in for batch in batches) > 0, name
                assert not any(batch.rejected for batch in batches), name


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_mutated_files_are_read_or_refused(checkout: Path):
    import subprocess

    done = subprocess.run(
        [sys.executable, "scripts/fuzz_sources.py", "--cases", "150", "--seed", "7"],
        cwd=checkout, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "150 ended well, 0 did not" in done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("raise SystemExit(0)", "read"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
        ("raise KeyError('x')", "exit 3"),
        ("raise SystemExit(2)", "no file or advice named"),
    ],
)
def test_the_fuzzer_sees_what_goes_wrong(
    fuzzer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, verdict: str
):
    from klankbord import cli

    def failing(arguments: object, prog_name: str) -> None:
        exec(body)

    monkeypatch.setattr(cli, "app", failing)
    path = tmp_path / "x.csv"
    path.write_text("a")
    assert fuzzer.run_case(path, tmp_path) == verdict


def test_the_same_seed_gives_the_same_files(fuzzer: ModuleType):
    data = fuzzer.seeds()["tabel.csv"]
    once, again = (fuzzer.mutated(data, random.Random("1 2")) for _ in range(2))
    assert once == again != data
