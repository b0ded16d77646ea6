"""Run the command line: `python -m klankbord`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `klankbord` with the process's arguments and exit with its code."""
    try:
        from klankbord.cli import run
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
