"""Programs that look at a file in a process of their own, with limits.

Libraries in another language may end their process on a damaged file, which no `except` can catch;
here that process is not ours.
"""

from __future__ import annotations

import subprocess
import sys
from textwrap import indent

FINE, TOLD, PANICKED = 0, 1, 2  # exit codes; any other means that the process was ended
_SECONDS = 60
_BEFORE = """
import os, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
try:
"""
_AFTER = """
except Exception:
    os._exit(1)
except BaseException:
    os._exit(2)
sys.stdout.flush()
os._exit(0)
"""


def probe(program: str, path: str, memory: int) -> tuple[int, str]:
    """Run Python text with `path` as sys.argv[2] and so much memory (bytes of address space).

    Return its exit code, 1 where it raised and -1 where it took too long, and what it printed.
    """
    guarded = f"{_BEFORE}{indent(program, '    ')}{_AFTER}"
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-P", "-c", guarded, str(memory), path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, ""
    return done.returncode, done.stdout.decode("utf-8", "replace")
