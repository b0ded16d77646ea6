import os
from pathlib import Path

import pytest

from klankbord.errors import KlankbordError
from klankbord.room import free_memory, require, require_each, require_memory, size


def test_a_disk_without_room_is_told_with_figures_and_a_next_step(tmp_path: Path) -> None:
    require(tmp_path, 1, "this")
    with pytest.raises(KlankbordError, match=r"backup may take 1,000,000\.0 GB") as told:
        require(tmp_path, 1e15, "the backup")
    assert told.value.where == str(tmp_path)
    assert "another disk" in told.value.hint


def test_a_folder_that_is_not_there_yet_is_on_the_disk_of_the_one_above(tmp_path: Path) -> None:
    require(tmp_path / "nog" / "niet", 1, "this")
    with pytest.raises(KlankbordError):
        require(tmp_path / "nog" / "niet", 1e15, "this")


def test_folders_on_one_disk_need_their_room_together(tmp_path: Path) -> None:
    numbers = os.statvfs(tmp_path)
    part = 0.7 * numbers.f_bavail * numbers.f_frsize
    require_each({tmp_path / "a": part}, "this")
    with pytest.raises(KlankbordError) as told:
        require_each({tmp_path / "a": part, tmp_path / "b": part}, "this")
    assert told.value.where == f"{tmp_path / 'a'} and {tmp_path / 'b'}"


def test_memory_that_is_not_there_is_told_before_a_file_is_opened(tmp_path: Path) -> None:
    free = free_memory()
    assert free is None or free > 1 << 20
    if free is not None:
        with pytest.raises(KlankbordError, match="of memory and") as told:
            require_memory(tmp_path / "groot.xlsx", 1e15, "save it as CSV")
        assert told.value.hint == "save it as CSV"


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0.0 kB"), (1_500, "1.5 kB"), (2e6, "2.0 MB"), (3.2e10, "32.0 GB")]
)
def test_sizes_are_written_for_people(number: float, told: str) -> None:
    assert size(number) == told
