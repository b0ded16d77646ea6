import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_wheel_works_outside_the_checkout(checkout: Path, tmp_path: Path):
    """Build the wheel, install it into an empty folder and run its demonstration from there."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*build, str(checkout)], check=True)
    (wheel,) = tmp_path.glob("klankbord-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("klankbord/bundled/models/") for name in names)
    assert any(name.startswith("klankbord/bundled/corpora/demo/exports/") for name in names)
    installed = tmp_path / "installed"
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", str(installed), str(wheel)], check=True
    )
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import klankbord.cli as c;"
        "assert 'installed' in c.__file__; sys.exit(c.run(sys.argv[1:]))"
    )
    arguments = ["analyse", "--demo", "--out", "out", "--quiet"]
    subprocess.run(
        [sys.executable, "-I", "-c", code, str(installed), *arguments], cwd=tmp_path, check=True
    )
    assert (tmp_path / "out" / "rapport.html").stat().st_size > 10_000
