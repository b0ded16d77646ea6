"""No test reaches a network: what tries to is refused and fails the test, in its children too.

Every socket that Python opens is seen, those of libraries in C that bypass Python are not. The
tests of LOOPBACK may use addresses of this computer; a socket in a file is no network.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOOPBACK = (  # under tests/
    "browser/", "engines/", "review/", "shards/", "store/", "cli/test_review_command.py"
)  # fmt: skip
LOG, ALLOWED = "OFFLINE_LOG", "OFFLINE_LOOPBACK"  # environment of children
_NAMED = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_ADDRESSED = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_HERE = ("127.", "localhost")
_MARK = "offline guard"

_watching: list[Path] = []  # the log, once this process watches


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse and note whatever would leave this computer."""
    if event in _NAMED:
        host = arguments[0]
    elif event in _ADDRESSED and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host is None or isinstance(host, int):
        return
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    here = name.startswith(_HERE) or name == "::1"
    if here and (event == "socket.bind" or os.environ.get(ALLOWED)):
        return  # some libraries bind to learn whether there is IPv6
    with _watching[0].open("a", encoding="utf-8") as log:
        log.write(f"{event} {name}\n")
    raise OSError(f"{_MARK}: {event} {name}")


def watch(log: Path) -> None:
    """Watch this process from now on; a hook cannot be taken away again."""
    if not _watching:
        _watching.append(log)
        sys.addaudithook(_watch)


def tried() -> list[str]:
    """Return what was tried, in this process and its children, and forget it."""
    if not _watching or not _watching[0].exists():
        return []
    lines = _watching[0].read_text("utf-8").splitlines()
    _watching[0].unlink()
    return lines


if LOG in os.environ and not _watching:  # a child: `sitecustomize` imported this
    watch(Path(os.environ[LOG]))
else:
    import pytest

    @pytest.fixture(scope="session", autouse=True)
    def _no_network(tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("offline")
        own = Path(__file__).resolve().parent
        start = f"import sys\nsys.path.append({str(own)!r})\nimport offline\nsys.path.pop()\n"
        (folder / "sitecustomize.py").write_text(start, "utf-8")
        before = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *before])
        os.environ[LOG] = str(folder / "log")
        watch(folder / "log")

    @pytest.fixture(autouse=True)
    def no_network(request: pytest.FixtureRequest) -> Iterator[None]:
        """Fail a test that tried to reach a network, whether or not it noticed."""
        own = Path(request.node.path).as_posix().rpartition("/tests/")[2]
        before = os.environ.get(ALLOWED, "")  # by a fixture that lives longer than a test
        os.environ[ALLOWED] = "1" if own.startswith(LOOPBACK) else before
        yield
        os.environ[ALLOWED] = before
        if found := tried():
            pytest.fail(f"this test tried to reach a network: {', '.join(found)}")
