"""Tasks that engines are tried with, in a module that worker processes can import."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from klankbord.errors import KlankbordError
from klankbord.room import cores

SECRET = "zorvlaxq van Kwibnadra"


def squared(number: int) -> int:
    return number * number


def cores_seen(_number: int) -> int:
    return cores()


def slow_first(number: int) -> int:
    time.sleep(0.5 if number == 0 else 0.01)
    return number


def failing(number: int) -> int:
    if number == 3:
        secret = SECRET
        raise ValueError(f"{secret} {number}")
    return number


def repeating(words: str) -> str:
    """Fail with the words that were given, in every place where an error can hold them."""
    try:
        return {}[words]
    except KeyError as error:
        error.add_note(words)
        raise


def killing(words: str) -> str:
    """Kill the process that has these words."""
    os.kill(os.getpid(), signal.SIGKILL)
    return words


def refusing(number: int) -> int:
    raise KlankbordError("the shard is not there", where="map/x.csv", hint="put it there")


def missing(name: str) -> bytes:
    return Path(name).read_bytes()


def own_process(_: object) -> int:
    time.sleep(0.05)
    return os.getpid()


def dying(number: int) -> int:
    """Kill the process that does it."""
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dying_once(given: tuple[int, str]) -> int:
    """Kill the process that does number 5 for the first time."""
    if _first_five(*given):
        os.kill(os.getpid(), signal.SIGKILL)
    return given[0]


def stuck_once(given: tuple[int, str]) -> int:
    """Hang over number 5 the first time it is done."""
    if _first_five(*given):
        time.sleep(20)
    return given[0]


def _first_five(number: int, mark: str) -> bool:
    """Tell whether this is number 5 for the first time, which the file `mark` remembers."""
    if number != 5 or Path(mark).exists():
        return False
    Path(mark).touch()
    return True


class Counting:
    """Is loaded once in each process, and says in which and how often it was."""

    loaded = 0

    def __call__(self, _: object) -> tuple[int, int]:
        time.sleep(0.05)
        return os.getpid(), Counting.loaded

    def __reduce__(self) -> tuple[Any, ...]:
        return _counting, ()


_kept: list[Counting] = []


def _counting() -> Counting:
    if not _kept:
        Counting.loaded += 1
        _kept.append(Counting())
    return _kept[0]
