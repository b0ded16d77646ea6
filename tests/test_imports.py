import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "spacy",
    "pandas",
    "sklearn",
    "scipy",
    "sqlalchemy",
    "pyarrow",
    "numpy",
    "rich.progress",
)
# what a small job with the fast tier has no use for
UNUSED = (
    "torch",
    "transformers",
    "sentence_transformers",
    "model2vec",
    "huggingface_hub",
    "onnxruntime",
    "spacy",
    "pandas",
    "sklearn",
    "sknetwork",
    "scipy.stats",
    "scipy.optimize",
    "altair",
    "alembic",
    "rich.progress",
)
ENDS_WITH_MODULES = """
import json, sys
from klankbord.__main__ import main
try:
    main()
except SystemExit as done:
    print(json.dumps([done.code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize("module", ["klankbord", "klankbord.cli"])
def test_nothing_heavy_is_loaded_at_the_start(module: str):
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def modules_of(*arguments: str) -> set[str]:
    """Return the modules that a command has loaded by its end."""
    done = subprocess.run(
        [sys.executable, "-c", ENDS_WITH_MODULES, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    *told, modules = done.stderr.splitlines()
    code, loaded = json.loads(modules)
    assert code == 0, told
    return set(loaded)


@pytest.mark.parametrize("command", [(), ("analyse",)])
def test_help_loads_nothing_heavy(command: tuple[str, ...]):
    assert not modules_of(*command, "--help").intersection(HEAVY)


def test_a_small_job_loads_only_what_it_uses(tmp_path: Path):
    source = tmp_path / "enquete.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(("klantnummer", "datum", "nps", "opmerking"))
        for day in range(1, 11):
            said = ("De levering was te laat.", "Prima geholpen, dank!")[day % 2]
            rows.writerow((f"K{day % 4}", f"2026-03-{day:02}", day % 11, f"{said} Dag {day}."))
    out = tmp_path / "uit"
    place = ("--out", str(out), "--workspace", str(out / "k.db"))
    found = modules_of("analyse", str(source), *place, "--tier", "fast")
    assert (out / "rapport.html").is_file()
    assert {"pyarrow", "scipy.sparse", "sqlalchemy"} <= found  # modules are told at all
    assert not found.intersection(UNUSED)
