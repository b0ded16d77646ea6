import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from klankbord.cli import run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs and the workspace of one run on the demonstration; read only."""
    out = tmp_path_factory.mktemp("demo")
    assert run(["analyse", "--demo", "--out", str(out), "--quiet"]) == 0
    return out


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Runs a command on a pseudo terminal of so many columns; gives the lines without colours."""
    pty = pytest.importorskip("pty", reason="pseudo terminals are a thing of Unix")
    from rich.text import Text

    def shown(arguments: list[str], columns: int = 80) -> list[str]:
        ours, theirs = pty.openpty()
        read: list[bytes] = []

        def listen() -> None:
            try:
                while chunk := os.read(ours, 65_536):
                    read.append(chunk)
            except OSError:
                pass  # how Linux says that the other side hung up

        listener = threading.Thread(target=listen)
        listener.start()
        with monkeypatch.context() as patched, os.fdopen(theirs, "w", encoding="utf-8") as screen:
            patched.setenv("COLUMNS", str(columns))
            patched.setenv("TERM", "xterm-256color")
            patched.setattr("sys.stdout", screen)
            code = run(arguments)
        listener.join()
        os.close(ours)
        assert code == 0
        return Text.from_ansi(
            b"".join(read).decode("utf-8").replace("\r\n", "\n")
        ).plain.splitlines()

    return shown
