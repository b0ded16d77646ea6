"""The guard that keeps every test off the network does bite."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

import offline

ELSEWHERE = "192.0.2.1"  # an address that nobody has (RFC 5737)


def by_name() -> None:
    socket.getaddrinfo("klankbord.invalid", 80)


def by_address() -> None:
    socket.create_connection((ELSEWHERE, 80), 0.1)


def by_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (ELSEWHERE, 53))


def by_library() -> None:
    urllib.request.urlopen(f"http://{ELSEWHERE}/", timeout=0.1)


def on_this_computer() -> None:
    socket.create_connection(("127.0.0.1", 9), 0.1)


def by_listening() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))


@pytest.mark.parametrize(
    "reach", [by_name, by_address, by_datagram, by_library, on_this_computer, by_listening]
)
def test_every_way_out_is_refused_and_noted(reach: Callable[[], None]) -> None:
    with pytest.raises(OSError, match="offline guard"):
        reach()
    assert offline.tried()


def test_a_way_out_in_a_child_is_noted() -> None:
    program = f"import socket; socket.create_connection(({ELSEWHERE!r}, 80), 0.1)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode
    assert b"offline guard" in done.stderr
    (noted,) = offline.tried()
    assert ELSEWHERE in noted


@pytest.mark.parametrize("option", ["--encoder", "--tone-model"])
def test_a_model_that_is_not_here_is_not_looked_for_elsewhere(option: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("klant;opmerking\n1;heel goed geholpen\n", "utf-8")
    command = ["analyse", "x.csv", "--out", "uit", option, "iemand/een-model"]
    done = subprocess.run(
        [sys.executable, "-m", "klankbord", *command], capture_output=True, text=True, check=False,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no downloaded model has this name" in done.stderr
    assert offline.tried() == []


def test_a_socket_in_a_file_is_no_network(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(FileNotFoundError):
        client.connect(str(tmp_path / "s"))
    assert offline.tried() == []


def test_a_test_that_hides_it_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from offline import _no_network, no_network\n")
    (tmp_path / "test_hidden.py").write_text(
        "import contextlib, socket\n"
        "def test_hidden():\n"
        "    with contextlib.suppress(OSError):\n"
        f"        socket.create_connection(({ELSEWHERE!r}, 80), 0.1)\n"
        "def test_other():\n"
        "    pass\n"
    )
    own = str(Path(offline.__file__).parent)
    unwatched = {name: value for name, value in os.environ.items() if name != offline.LOG}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=unwatched | {"PYTHONPATH": own},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "2 passed, 1 error" in done.stdout
    assert "tried to reach a network: socket.getaddrinfo 192" in done.stdout
