from pathlib import Path

import pytest

from klankbord.errors import SettingsError
from klankbord.settings import load_settings


def test_later_sources_win(tmp_path: Path):
    (tmp_path / "klankbord.toml").write_text('fdr = 0.2\nlanguages = ["nl", "en"]\n')
    settings = load_settings(tmp_path, {"KLANKBORD_FDR": "0.3", "HOME": "x"}, fdr=None)
    assert settings.fdr == 0.3
    assert settings.languages == ("nl", "en")
    assert load_settings(tmp_path, {"KLANKBORD_FDR": "0.3"}, fdr=0.05).fdr == 0.05


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("fdr_target = 0.1", "fdr_target"),
        ("fdr = 1.5", "1.5"),
        ('language = "xx"', "xx"),
        ('address = "gij"', "gij"),
        ("languages = []", "languages"),
        ('languages = ["nl", "es-ES"]', "es-ES"),
        ('languages = ["NL"]', "two lower-case letters"),
        ('timezone = "Mars/Base"', "Mars/Base"),
        ('timezone = "/etc"', "timezone"),
        ('timezone = ""', "timezone"),
        ("fdr = [", "TOML"),
        ('fdr = "much"', "fdr"),
        ('keep_ids = "maybe"', "keep_ids"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, toml: str, named: str):
    (tmp_path / "klankbord.toml").write_text(toml)
    with pytest.raises(SettingsError, match=named):
        load_settings(tmp_path, {})


def test_booleans_and_lists_from_the_environment():
    settings = load_settings(
        Path("does-not-exist"), {"KLANKBORD_KEEP_IDS": "ja", "KLANKBORD_LANGUAGES": "nl, fr"}
    )
    assert settings.keep_ids is True
    assert settings.languages == ("nl", "fr")
