import subprocess
import sys

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


@pytest.mark.parametrize("module", ["klankbord", "klankbord.cli"])
def test_nothing_heavy_is_loaded_at_the_start(module: str):
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
