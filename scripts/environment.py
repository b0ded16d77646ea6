"""Make the virtual environment `.venv` that demo.py and test.py run in; standard library only."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "scripts" / "constraints.txt"
MINIMUM = (3, 11)


def ready(extra: str = "") -> Path:
    """Return the interpreter of an environment with klankbord and `extra` installed.

    Installs only when pyproject.toml or the constraints changed since the last time, so that a
    second run starts at once. `KLANKBORD_VENV` names another place than `.venv`.
    """
    if sys.version_info < MINIMUM:
        sys.exit(
            f"klankbord needs Python {MINIMUM[0]}.{MINIMUM[1]} or newer; this is "
            f"{sys.version.split()[0]}. Run this script with a newer python3."
        )
    folder = Path(os.environ.get("KLANKBORD_VENV", ROOT / ".venv"))
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / f"klankbord{'-' + extra if extra else ''}.sha256"
    wanted = _fingerprint()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    if not python.exists():
        print(f"making a virtual environment in {folder}", flush=True)
        try:
            venv.create(folder, with_pip=True)
        except subprocess.CalledProcessError:
            sys.exit("no pip for a new environment; on Debian or Ubuntu: apt install python3-venv")
    print("installing klankbord (a few minutes the first time, seconds later)", flush=True)
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--constraint", str(CONSTRAINTS), "--editable", target], check=True)
    stamp.write_text(wanted)
    return python


def _fingerprint() -> str:
    content = (ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()
    return hashlib.sha256(content + sys.version.encode()).hexdigest()
