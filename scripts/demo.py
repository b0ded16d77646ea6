"""Set everything up and run the main job on the demonstration company.

python3 scripts/demo.py [--out FOLDER] [other options of `klankbord analyse`]
"""

from __future__ import annotations

import subprocess
import sys

from environment import ROOT, ready


def main() -> int:
    """Run `klankbord analyse --demo`, by default into the folder klankbord-demo."""
    arguments = sys.argv[1:]
    if not any(word == "-o" or word.startswith("--out") for word in arguments):
        arguments = ["--out", str(ROOT / "klankbord-demo"), *arguments]
    python = ready()
    return subprocess.run(
        [str(python), "-m", "klankbord", "analyse", "--demo", *arguments], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
