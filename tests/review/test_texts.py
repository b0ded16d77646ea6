from string import Formatter

from klankbord.resources import toml_beside


def flat(texts, prefix=""):
    """Return every text under its dotted key."""
    found = {}
    for key, value in texts.items():
        whole = flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        found |= whole
    return found


def places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_hold_the_same_texts_with_the_same_places():
    texts = toml_beside("klankbord.review", "texts.toml")
    dutch, english = flat(texts["nl"]), flat(texts["en"])
    assert dutch.keys() == english.keys()
    assert {key: places(text) for key, text in dutch.items()} == {
        key: places(text) for key, text in english.items()
    }
