"""The default codeframe, and files that extend or replace it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.errors import KlankbordError
from klankbord.themes.codeframe import MOST_CODES, codeframe, departments, rest_of, tone_codes

LAADPAAL = """
[laadpaal]
nl = "Laadpalen"
en = "Charging points"
definition = "Laden lukt niet, of de paal is bezet."
owner = "Operations"
examples = ["de laadpaal was kapot", "alle palen bezet", "laden lukt niet"]
words = ["laadpa*"]
hints = ["laden", "bezet"]
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "eigen.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_the_tone_model_gives_the_codes_of_the_guide():
    from klankbord.models import load_tone_model

    assert {"-", *tone_codes()} == set(load_tone_model(tier="fast").themes)


def test_every_code_of_the_default_has_what_people_read():
    for name, code in codeframe().items():
        assert code.code == name
        assert code.nl
        assert code.en
        assert code.definition.endswith(".")
        assert code.owner in departments()
    assert len(departments()) == 8


def test_codes_by_example_have_enough_of_them_and_no_phrase_twice():
    taught = [code for code in codeframe().values() if code.examples]
    assert len(taught) == 10
    for code in taught:
        assert 8 <= len(code.examples) <= 15
        for phrases in (code.examples, code.words, code.hints):
            assert len(set(phrases)) == len(phrases), code.code


def test_the_default_cannot_be_changed_through_what_was_returned():
    codeframe().clear()
    assert codeframe()


def test_a_file_replaces_the_default(file):
    frame = codeframe(file(LAADPAAL))
    assert list(frame) == ["laadpaal"]
    assert frame["laadpaal"].words == ("laadpa*",)
    assert rest_of(frame) == "overig"


def test_a_file_extends_the_default_and_may_change_an_entry(file):
    text = f'extends = "default"\n[prijs]\nowner = "Finance"\n{LAADPAAL}'
    frame = codeframe(file(text))
    assert list(frame) == [*codeframe(), "laadpaal"]
    assert frame["prijs"].owner == "Finance"
    assert frame["prijs"].nl == codeframe()["prijs"].nl
    assert rest_of(frame) == "anders"


def test_a_replacing_file_may_name_codes_of_the_tone_model(file):
    text = '[prijs]\nnl = "Tarief"\nen = "Rate"\ndefinition = "Te duur."\nowner = "Sales"\n'
    assert codeframe(file(text))["prijs"].label("nl") == "Tarief"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("[laadpaal]", "[Laad_paal]", "Laad_paal"),
        ("[laadpaal]", "[overig]", "overig"),
        ('owner = "Operations"', 'owner = "Techniek"', "laadpaal.owner"),
        ('owner = "Operations"', "", "laadpaal.owner"),
        ('nl = "Laadpalen"', 'nl = ""', "laadpaal.nl"),
        ('nl = "Laadpalen"', "nl = 3", "laadpaal.nl"),
        ('nl = "Laadpalen"', 'naam = "Laadpalen"', "laadpaal.naam"),
        ('nl = "Laadpalen"', 'nl = "Laad\\npalen"', "laadpaal.nl"),
        ('words = ["laadpa*"]', 'words = "laadpa*"', "laadpaal.words"),
        ('words = ["laadpa*"]', 'words = ["*"]', "laadpaal"),
        ("examples = [", "#", "laadpaal.examples"),
        ('"alle palen bezet", "laden lukt niet"', "", "laadpaal.examples"),
        ("[laadpaal]", 'extends = "vorige"\n[laadpaal]', "extends"),
        ("[laadpaal]", "laadpaal = 3\n[ander]", "laadpaal"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(file, old, new, named):
    assert old in LAADPAAL
    with pytest.raises(KlankbordError) as error:
        codeframe(file(LAADPAAL.replace(old, new, 1)))
    assert error.value.where == "eigen.toml"
    assert f"'{named}'" in error.value.message


def test_a_file_that_cannot_be_read_is_named(file, tmp_path):
    for path in (tmp_path / "weg.toml", tmp_path, file("[laadpaal"), file("")):
        with pytest.raises(KlankbordError) as error:
            codeframe(path)
        assert error.value.where == path.name


def test_too_many_codes_are_refused(file):
    text = "".join(LAADPAAL.replace("[laadpaal]", f"[paal-{n}]") for n in range(MOST_CODES + 1))
    with pytest.raises(KlankbordError, match=f"more than {MOST_CODES}"):
        codeframe(file(text))


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(st.characters(exclude_characters='"\\', exclude_categories=["C"]), min_size=1),
    value=st.one_of(st.text(max_size=300), st.integers(), st.lists(st.text(max_size=9))),
    key=st.sampled_from(["nl", "owner", "examples", "words", "hints", "nonsense"]),
)
def test_any_file_is_read_or_refused_in_one_line(tmp_path_factory, name, value, key):
    import json

    path = tmp_path_factory.mktemp("frame") / "eigen.toml"
    written = json.dumps(value, ensure_ascii=True)
    lines = [line for line in LAADPAAL.splitlines() if not line.startswith(f"{key} =")]
    text = "\n".join(lines).replace("[laadpaal]", f'["{name}"]') + f"\n{key} = {written}\n"
    path.write_text(text, "utf-8")
    refusal = ""
    try:
        assert list(codeframe(path)) == [name]
    except KlankbordError as error:
        refusal = error.message
    assert refusal.isprintable()
