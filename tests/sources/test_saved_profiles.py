"""Profiles that are saved under a name and found again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.errors import SettingsError
from klankbord.sources.profile import Profile, load_profile
from klankbord.sources.roles import normal
from klankbord.sources.saved_profiles import (
    Profiles,
    find_profile,
    profile_folder,
    profile_name,
    save_profile,
)

HEADERS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@given(
    verbatim=HEADERS,
    cell=HEADERS.filter(lambda text: normal(text) != ""),
    constant=HEADERS,
    first=st.sampled_from([True, False, None]),
)
def test_what_is_saved_is_read_back_equal(tmp_path_factory, verbatim, cell, constant, first):
    profile = Profile(
        name="enquete",
        shape="csv-123456",
        day_first=first,
        delimiter="\t",
        skip_rows=2,
        columns={"verbatim": verbatim, "score": ""},
        constants={"segment": constant},
        values={"channel": {normal(cell): "survey"}},
    )
    path = tmp_path_factory.mktemp("profiles") / "enquete.toml"
    save_profile(profile, path)
    assert load_profile(path) == profile


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("Enquête winkels.csv", "enquete-winkels-csv"),
        ("../../etc/passwd", "etc-passwd"),
        ("", "profile"),
        ("日本", "profile"),
        ("a" * 200, "a" * 60),
    ],
)
def test_a_name_is_safe_in_a_path(given, safe):
    assert profile_name(given) == safe


@given(st.text())
def test_every_name_stays_in_the_folder(text):
    assert (Path("profiles") / f"{profile_name(text)}.toml").parent == Path("profiles")


def test_a_profile_is_found_by_name_or_path(tmp_path):
    workspace = tmp_path / "klankbord.db"
    saved = profile_folder(workspace) / "winkels.toml"
    save_profile(Profile(name="winkels", shape="csv-abcdef"), saved)
    assert find_profile("winkels", workspace) == saved
    assert find_profile(str(saved), workspace) == saved


def test_a_saved_profile_reads_files_with_its_columns_only(tmp_path):
    from klankbord.sources.seen import shape_of

    workspace = tmp_path / "klankbord.db"
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("wie;gezegd\n1;prima geholpen\n")
    other.write_text("wie;anders\n1;prima geholpen\n")
    profile = Profile(name="x", shape=shape_of(path), columns={"verbatim": "gezegd"})
    save_profile(profile, profile_folder(workspace) / "x.toml")
    profiles = Profiles.of(None, workspace)
    assert profiles.of_file(path) == profile
    assert profiles.of_file(other) is None
    assert Profiles.of(None, tmp_path / "elders" / "w.db").of_file(path) is None


def test_a_given_profile_goes_before_a_saved_one(tmp_path):
    workspace = tmp_path / "klankbord.db"
    given = tmp_path / "given.toml"
    save_profile(Profile(name="given"), given)
    save_profile(Profile(name="saved", shape="csv-abcdef"), profile_folder(workspace) / "s.toml")
    assert Profiles.of(given, workspace).of_file(tmp_path / "x.csv").name == "given"


@pytest.mark.parametrize("name", ["zomer", "..", "winkels/../x"])
def test_an_unknown_name_is_an_error_that_names_the_known_ones(tmp_path, name):
    workspace = tmp_path / "klankbord.db"
    save_profile(Profile(name="winkels"), profile_folder(workspace) / "winkels.toml")
    if "/" in name:
        with pytest.raises(SettingsError):
            load_profile(find_profile(name, workspace))
        return
    with pytest.raises(SettingsError) as caught:
        find_profile(name, workspace)
    assert "winkels" in caught.value.hint
