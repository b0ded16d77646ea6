from pathlib import Path

import pytest

from klankbord.location import Location


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+psycopg://anna:geheim@server:5432/stem", "postgresql+psycopg://…/stem"),
        ("postgresql://server/stem?password=geheim", "postgresql://…/stem"),
        ("postgresql:///stem?host=/tmp/geheim", "postgresql://…/stem"),
        ("POSTGRESQL://anna@server/stem", "postgresql://…/stem"),
        ("postgresql://anna:ge/heim@server/stem", "postgresql://…/…"),
        ("postgresql://anna:ge@heim@server/stem", "postgresql://…/…"),
        ("postgresql://anna:ge?x/heim@server/stem", "postgresql://…/…"),
        ("postgresql://anna:geheim", "postgresql://…/…"),
        ("postgresql://anna:ge/heim", "postgresql://…/…"),
        ("mysql://anna:geheim@server/stem", "mysql://…/stem"),
    ],
)
def test_an_address_is_shown_without_user_host_and_password(address, shown):
    location = Location.of(address)
    assert not location.is_file
    assert str(location) == shown
    for part in ("geheim", "heim@", "anna", "server"):
        assert part not in f"{location} {location!r}"


@pytest.mark.parametrize("name", ["w.db", "map/w.db", r"C:\stem\w.db", "a:b.db"])
def test_anything_without_a_scheme_is_a_file(name):
    assert Location.of(name).is_file
    assert str(Location.of(name)) == Location.of(name).address == name


def test_a_path_is_always_that_of_a_file():
    assert Location.of(Path("postgresql://server/stem")).is_file


def test_what_goes_with_a_workspace_is_beside_its_file_or_in_the_working_folder(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert Location.of("map/w.db").folder == tmp_path / "map"
    assert Location.of("postgresql://server/stem").folder == tmp_path
    assert not Location.of("map/w.db").exists()
    Location.of("map/w.db").make_folder()
    (tmp_path / "map" / "w.db").touch()
    assert Location.of("map/w.db").exists()
    Location.of("postgresql://server/stem").make_folder()
    assert [item.name for item in tmp_path.iterdir()] == ["map"]
