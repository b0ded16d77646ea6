"""Run the command line: `python -m klankbord`."""

from __future__ import annotations

import os
import sys

_GIVES_BACK = ("ARROW_DEFAULT_MEMORY_POOL", "system")  # memory that a table no longer needs
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")


def main() -> None:
    """Run `klankbord` with the process's arguments and exit with its code."""
    try:
        from klankbord.cli import run
        from klankbord.cli.output import tell_no_words
        from klankbord.spared import OWN_PROCESS
    except KeyboardInterrupt:
        sys.exit(130)
    tell_no_words()
    # before a library of models is imported
    os.environ |= dict.fromkeys((*_OFFLINE, OWN_PROCESS), "1")
    os.environ.setdefault(*_GIVES_BACK)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
