"""Mutate export files and import each one in a child of its own: no traceback, hang or crash.

Each case runs the command line (`klankbord import`) in a forked child with 2 GB of memory and
20 seconds; it must end with exit code 0, or 2 with the file and advice named. The seeds are made
here (`scripts/fuzz_seeds.py`), one of every source, so the run needs no other files.

    python scripts/fuzz_sources.py --cases 10000

prints how every case ended and exits 1 when one did not end well; failing files are kept.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import io
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from fuzz_seeds import seeds

SECONDS, MEMORY = 20, 2 << 30
TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'""', b";", b",", b"\t", b"\r\n", b"\n\n", b"{",
    b"[", b"}", b"]", b"null", b"-1", b"1e999", b"99999999999999999999", b"\\u0000", b"\\ud800",
    b"<", b"</", b"<v ", b"-->", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"=1+1", b"../../x", b"%s%n",
    b"\xe2\x80\xae", b"31-02-2024", b"00-00-0000", b"From ", b"\nFrom: ", b"Content-Type: ",
    b"charset=nope", b"boundary=", b"PK\x03\x04", b"$FL2",
)  # fmt: skip


def flip(data: bytearray, dice: random.Random) -> bytearray:
    """Change some bytes."""
    for _ in range(dice.randint(1, 1 + len(data) // 50)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    return data


def cut(data: bytearray, dice: random.Random) -> bytearray:
    """Leave the end off."""
    return data[: dice.randrange(len(data))]


def drop(data: bytearray, dice: random.Random) -> bytearray:
    """Take a piece out."""
    at = dice.randrange(len(data))
    del data[at : at + dice.randint(1, max(1, len(data) // 5))]
    return data


def repeat(data: bytearray, dice: random.Random) -> bytearray:
    """Repeat a piece, sometimes thousands of times."""
    at = dice.randrange(len(data))
    piece = data[at : at + dice.randint(1, 80)]
    data[at:at] = piece * dice.choice((1, 2, 10, 1_000, 20_000))
    return data


def swap(data: bytearray, dice: random.Random) -> bytearray:
    """Exchange two pieces."""
    one, two = sorted(dice.randrange(len(data)) for _ in range(2))
    size = dice.randint(1, 40)
    data[one : one + size], data[two : two + size] = data[two : two + size], data[one : one + size]
    return data


def put(data: bytearray, dice: random.Random) -> bytearray:
    """Put in what parsers find hard."""
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data) + 1)
        data[at:at] = dice.choice(TOKENS)
    return data


def lines(data: bytearray, dice: random.Random) -> bytearray:
    """Shuffle, repeat or leave out lines."""
    rows = data.split(b"\n")
    dice.shuffle(rows)
    return bytearray(b"\n".join(rows[: dice.randint(1, len(rows))] * dice.choice((1, 1, 3))))


def recode(data: bytearray, dice: random.Random) -> bytearray:
    """Write the text in another encoding, or read it in a wrong one."""
    text = data.decode("utf-8", "replace")
    encoding = dice.choice(("utf-16", "utf-16-le", "cp1252", "cp850", "utf-32", "mac_roman"))
    return bytearray(text.encode(encoding, "replace"))


MUTATIONS: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    flip, cut, drop, repeat, swap, put, lines, recode,
)  # fmt: skip


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Return `data` after one to three mutations; of an archive, often of one file in it."""
    if data.startswith(b"PK") and dice.random() < 0.6:
        return _repacked(data, dice)
    found = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        found = dice.choice(MUTATIONS)(found, dice) or bytearray(b"\x00")
    return bytes(found)


def _repacked(data: bytes, dice: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        chosen = dice.choice(names)
        for name in names:
            part = old.read(name)
            new.writestr(name, mutated(part, dice) if name == chosen and part else part)
    return packed.getvalue()


def run_case(path: Path, folder: Path) -> str:
    """Import `path` in a child and return how it ended: "read", "refused" or what went wrong."""
    output = folder / "output"
    child = os.fork()
    if child == 0:
        _child(path, folder, output)
    deadline = time.monotonic() + SECONDS + 5
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "hang"
        time.sleep(0.002)
    return _verdict(status, output.read_text("utf-8", "replace"), path)


def _verdict(status: int, said: str, path: Path) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "hang" if number in (signal.SIGALRM, signal.SIGXCPU) else f"signal {number}"
    code = os.WEXITSTATUS(status)
    if "Traceback" in said:
        return "traceback"
    if code == 0:
        return "read"
    if code != 2:
        return f"exit {code}"
    if path.name not in said or "try: " not in said:
        return "no file or advice named"
    return "refused"


def _child(path: Path, folder: Path, output: Path) -> None:
    """Run the command line within the limits; never returns."""
    code = 3
    with output.open("w", encoding="utf-8", errors="replace") as said:
        try:
            limit = _used() + MEMORY
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(SECONDS)
            from klankbord.cli import run

            arguments = ["import", str(path), "--workspace", str(folder / "w.db"), "--quiet"]
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
                code = run(arguments)
        except BaseException:  # noqa: BLE001 - whatever reaches this point is a failure
            import traceback

            traceback.print_exc(file=said)
    os._exit(code)


def _used() -> int:
    """Return the address space in use, that the limit comes on top of."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def warm_up(folder: Path) -> None:
    """Load what every case needs once, in the parent, and make the workspace they begin with."""
    import pyarrow.parquet  # noqa: F401
    from typer.main import get_command

    from klankbord import cli
    from klankbord.cli import run

    cli.app = get_command(cli.app)  # building it is two thirds of a small import

    os.environ["KLANKBORD_KEY_FILE"] = str(folder / "key")
    path = folder / "eerste.csv"
    path.write_text("datum;opmerking\n01-02-2024;Prima geholpen door de winkel\n")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run(["import", str(path), "--workspace", str(folder / "first.db")])
    gc.freeze()  # children need not copy what the collector would touch


def fuzz(cases: int, seed: int, only: str, keep: Path | None) -> Counter[tuple[str, str]]:
    """Return (source, how it ended) -> cases."""
    ended: Counter[tuple[str, str]] = Counter()
    files = {name: data for name, data in seeds().items() if only in name}
    names = sorted(files)
    with tempfile.TemporaryDirectory(prefix="klankbord-fuzz-") as place:
        folder = Path(place)
        warm_up(folder)
        for case in range(cases):
            name = names[case % len(names)]
            dice = random.Random(f"{seed} {case}")  # noqa: S311 - reproducible, not secret
            data = mutated(files[name], dice)
            work = folder / "case"
            work.mkdir()
            path = work / f"bestand-{case}.{name.rpartition('.')[2]}"
            path.write_bytes(data)
            shutil.copy(folder / "first.db", work / "w.db")
            verdict = run_case(path, work)
            ended[name, verdict] += 1
            if verdict not in ("read", "refused"):
                digest = hashlib.sha256(data).hexdigest()[:8]
                print(f"case {case} of {name}: {verdict} ({digest})", file=sys.stderr)
                if keep:
                    keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, keep / path.name)
                    shutil.copy(work / "output", keep / f"{path.name}.said")
            elif case % 500 == 499:
                print(f"{case + 1} of {cases}", file=sys.stderr)
            shutil.rmtree(work)
    return ended


def main() -> int:
    """Fuzz and print how the cases ended, per source."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only seeds with this in their name")
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    asked = parser.parse_args()
    began = time.monotonic()
    ended = fuzz(asked.cases, asked.seed, asked.only, asked.keep)
    width = max(len(name) for name, _ in ended)
    for name in sorted({name for name, _ in ended}):
        here = {how: count for (which, how), count in ended.items() if which == name}
        print(f"{name:{width}}  " + ", ".join(f"{n} {how}" for how, n in sorted(here.items())))
    good = sum(count for (_, how), count in ended.items() if how in ("read", "refused"))
    print(
        f"{asked.cases} cases in {time.monotonic() - began:.0f} s: {good} ended well, "
        f"{asked.cases - good} did not"
    )
    return 0 if good == asked.cases else 1


if __name__ == "__main__":
    sys.exit(main())
