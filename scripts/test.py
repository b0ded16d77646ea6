"""Set everything up and run the gate: ruff, mypy, import-linter and pytest with coverage.

python3 scripts/test.py [options of pytest]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from environment import ROOT, ready

AT_ONCE = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]  # 2 GB a process
COVERAGE = ["--cov", "--cov-report=term"]


def main() -> int:
    """Run every check, also after one failed; 0 when all of them passed."""
    python = ready("dev")
    tools = Path(python).parent
    checks = [
        ("format", [str(python), "-m", "ruff", "format", "--check", "."]),
        ("lint", [str(python), "-m", "ruff", "check", "."]),
        ("types", [str(python), "-m", "mypy"]),
        ("layers", [str(tools / "lint-imports"), "--no-cache"]),
        ("tests", [str(python), "-m", "pytest", *AT_ONCE, *COVERAGE, *sys.argv[1:]]),
    ]
    failed = []
    for name, command in checks:
        print(f"== {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
