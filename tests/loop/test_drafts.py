import re
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.loop.drafts import (
    check_draft,
    draft_languages,
    form_of_address,
    forms,
    short_quote,
    write_draft,
)
from klankbord.loop.rules import rules
from klankbord.moments import in_words

STEPS = tuple(rules("reasons")["steps"])
# Texts other than that of the step itself: (text, step).
TEXTS = {
    cause["draft"]: cause["step"]
    for cause in rules("reasons")["causes"].values()
    if "draft" in cause
} | {step: step for step in STEPS}
VARIANTS = [
    (step, language, form)
    for step in TEXTS
    for language in draft_languages()
    for form in forms(language)
]
WHYS = ("", *rules("reasons")["why"])
DUE = date(2026, 3, 4)
SAID = ("Niemand belt terug.", date(2026, 2, 27))
EARLIER = ("Wat een topservice!", date(2025, 8, 1))


def drafts_of(step, language, form, said=SAID, earlier=EARLIER, why=""):
    return write_draft(
        TEXTS[step],
        language,
        form,
        due=DUE,
        said=said,
        earlier=earlier,
        theme="Slecht bereikbaar",
        variant=step,
        why=why,
    )


def test_every_language_has_every_form_and_step():
    assert len(VARIANTS) == len(TEXTS) * 7
    for language in draft_languages():
        for form in forms(language):
            assert set(rules("drafts")[language][form]["steps"]) == set(TEXTS)


@pytest.mark.parametrize(("step", "language", "form"), VARIANTS)
def test_every_template_passes_the_lint(step, language, form):
    for said, why in product([SAID, None, ("Jammer", None)], WHYS):
        text = drafts_of(step, language, form, said, why=why)
        assert check_draft(text) == ()
        assert "{naam}" in text.splitlines()[0]
        assert text.count("{") == text.count("}") == 1
        assert not re.search("[<|>]", text)
        assert "!" not in text.replace("topservice!", "")
        assert not re.search(
            r"beste klant|dear customer|sehr geehrte damen|cher client", text, re.I
        )
        assert "None" not in text


@pytest.mark.parametrize(("step", "language", "form"), VARIANTS)
def test_every_draft_says_what_was_said_and_when_we_act(step, language, form):
    text = drafts_of(step, language, form)
    thanks = rules("reasons")["steps"][TEXTS[step]]["thanks"]
    assert "Niemand belt terug" in text
    assert in_words(SAID[1], language) in text
    assert (in_words(DUE, language) in text) == (not thanks)
    assert ("[" in text.split("\n\n")[-2]) == (not thanks)  # wel, niet, later: a person fills in


@pytest.mark.parametrize(
    ("form", "other"),
    [("u", r"\b(je|jij|jou|jouw)\b"), ("jij", r"\b(u|uw)\b")],
)
@pytest.mark.parametrize("step", TEXTS)
def test_dutch_forms_do_not_mix(step, form, other):
    for why in WHYS:
        assert not re.search(other, drafts_of(step, "nl", form, why=why), re.I)


@pytest.mark.parametrize(
    ("form", "other"),
    [("Sie", r"\b([Dd]u|dich|dir|[Dd]eine?[nmr]?)\b"), ("du", r"\b(Sie|Ihnen|Ihre?[nmr]?)\b")],
)
@pytest.mark.parametrize("step", TEXTS)
def test_german_forms_do_not_mix(step, form, other):
    for why in WHYS:
        assert not re.search(other, drafts_of(step, "de", form, why=why))


@pytest.mark.parametrize(
    ("form", "other"),
    [("vous", r"\b(tu|te|toi|ton|ta|tes)\b|\bt'"), ("tu", r"\b(vous|votre|vos)\b")],
)
@pytest.mark.parametrize("step", TEXTS)
def test_french_forms_do_not_mix(step, form, other):
    for why in WHYS:
        assert not re.search(other, drafts_of(step, "fr", form, why=why), re.I)


# --- what we can do, what we cannot, what comes later -------------------------------------------


def test_every_reason_has_its_limits_in_every_language():
    assert set(rules("limits")) == {*rules("reasons")["why"], "onbekend"}
    for known in rules("limits").values():
        assert set(known) == set(draft_languages())
        assert all(len(sentences) == 3 for sentences in known.values())


BECAUSE = {"nl": " omdat ", "en": " because ", "de": " weil ", "fr": " car "}
MARK = {
    "nl": "[controleer: ",
    "en": "[please check: ",
    "de": "[bitte prüfen: ",
    "fr": "[à vérifier : ",
}


@pytest.mark.parametrize(("step", "language", "form"), VARIANTS)
def test_the_proposed_limits_give_a_reason_and_are_marked(step, language, form):
    if rules("reasons")["steps"][TEXTS[step]]["thanks"] or step == "structureel verbeteren":
        return
    for why in WHYS:
        limits = drafts_of(step, language, form, why=why).split("\n\n")[-2]
        assert limits.startswith(MARK[language])
        assert limits.endswith("]")
        assert limits.count("[") == 1
        assert BECAUSE[language] in limits


def test_the_limits_follow_the_reason_and_the_form():
    def limits(why, form):
        return drafts_of("herstelgesprek", "nl", form, why=why).split("\n\n")[-2]

    assert limits("waarde", "jij") == (
        "[controleer: We nemen met je door waarvoor je betaalt, en of iets anders beter past."
        " Een andere prijs voor één klant kunnen we niet toezeggen, omdat we iedereen gelijk willen"
        " behandelen. Je opmerking nemen we mee als we onze prijzen en voorwaarden weer bekijken.]"
    )
    assert "waarvoor u betaalt" in limits("waarde", "u")
    assert len({limits(why, "u") for why in WHYS}) == len(WHYS)


UNKNOWABLE = (
    r"\d|€|korting|vergoed|compens|cadeau|gratis|tegoed|discount|refund|voucher"
    r"|rabatt|erstatt|gutschein|remise|rembours|gratuit|bon d'achat"
)


def test_nothing_is_promised_that_nobody_knows():
    for known in rules("limits").values():
        for sentences in known.values():
            assert not re.search(UNKNOWABLE, " ".join(sentences), re.I)


@pytest.mark.parametrize("step", ["terugwinnen", "terugwinnen na herstel"])
@pytest.mark.parametrize(
    ("language", "form"), [(lang, form) for lang in draft_languages() for form in forms(lang)]
)
def test_whoever_left_gets_one_question_and_no_offer(step, language, form):
    lead, asked, *limits = rules("drafts")[language][form]["steps"][step]
    assert asked.count("?") == 1
    assert "?" not in lead + "".join(limits)
    assert not re.search(UNKNOWABLE, " ".join((lead, asked, *limits)), re.I)


@pytest.mark.parametrize("form", ["u", "jij"])
def test_a_whole_win_back(form):
    text = drafts_of("terugwinnen", "nl", form, earlier=None).split("\n\n")
    if form == "jij":
        assert text[1].endswith(
            "Inmiddels ben je geen klant meer bij ons. Die keuze respecteren we."
        )
        return
    assert text[1:3] == [
        "Op 27 februari 2026 kregen we dit van u: ‘Niemand belt terug’."
        " Inmiddels bent u geen klant meer bij ons. Die keuze respecteren we.",
        "We hebben één vraag, om ervan te leren: wat had er voor u anders gemoeten?"
        " Antwoorden mag, maar hoeft niet. Vertelt u het liever aan de telefoon, laat het dan"
        " weten; we bellen u uiterlijk 4 maart 2026. Horen we niets, dan laten we het hierbij.",
    ]


def test_a_whole_draft():
    text = drafts_of("persoonlijk contact", "nl", "u")
    assert text.split("\n\n") == [
        "Dag {naam},",
        "U liet ons op 1 augustus 2025 weten: ‘Wat een topservice!’."
        " Op 27 februari 2026 kregen we dit van u: ‘Niemand belt terug’."
        " Eerder klonk u enthousiaster. We horen graag of er voor u iets is veranderd.",
        "Daarom nemen we uiterlijk 4 maart 2026 persoonlijk contact met u op."
        " Komt een ander moment beter uit? Laat het gerust weten.",
        "[controleer: We luisteren naar wat u ons vertelt, en zoeken uit wat we kunnen doen."
        " Dat we alles kunnen aanpassen, kunnen we niet beloven, omdat we nog niet weten wat er"
        " speelt. Wat meer tijd kost, zeggen we er dan bij.]",
        "Met vriendelijke groet,\n[uw naam en afdeling]",
    ]


def test_nothing_is_quoted_where_nothing_was_said():
    text = write_draft("contact zoeken", "nl", "u", due=DUE, earlier=EARLIER)
    assert "‘" not in text
    assert "topservice" not in text


# --- the lint -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "opening",
    [
        "Beste klant,",
        "beste KLANT",
        "  Beste  klant ,",
        "Beste kl\u00adant,",
        "Beste\u200b klant,",
        "Beste klant van ons,",
        "Geachte klant {naam},",
        "Beste trouwe klant,",
        "Geachte heer/mevrouw,",
        "Geachte heer of mevrouw,",
        "Beste gewaardeerde relatie,",
        "Dear customer,",
        "Dear valued customer,",
        "Dear Sir or Madam,",
        "Sehr geehrte Damen und Herren,",
        "Liebe Kundin, lieber Kunde,",
        "Cher client,",
        "Chère cliente, cher client,",
        "Hallo allemaal,",
        "Ｂeste ｋlant,",
    ],
)
def test_generic_openings_are_refused(opening):
    generic = rules("drafts")["lint"]["generic_opening"]
    assert generic in check_draft(f"{opening}\n\nDank voor uw bericht.")


@pytest.mark.parametrize(
    "opening",
    [
        "Beste mevrouw De Vries,",
        "Dag Jan,",
        "Hoi {naam}!",
        "Geachte heer/mevrouw Jansen,",
        "Dear Ms Smith,",
        "Sehr geehrter Herr Maier,",
        "Bonjour Élise,",
        "Beste Van der Klant,",
    ],
)
def test_personal_openings_pass(opening):
    assert check_draft(f"{opening}\n\nDank voor uw bericht.") == ()


@pytest.mark.parametrize(
    "text",
    ["Beste,\n\nDank.", "Hallo!\nDank.", "Wij hebben uw bericht ontvangen.", "Dag\n{naam}", "42"],
)
def test_an_opening_without_a_name_is_refused(text):
    assert rules("drafts")["lint"]["no_opening"] in check_draft(text)


def test_a_second_generic_greeting_further_on_is_refused():
    assert check_draft("Dag Jan,\n\nBeste klant, wij schrijven u …") != ()


def test_unknown_places_and_empty_messages_are_refused():
    assert check_draft("Dag {naam},\n\nUw order {order}.") != ()
    assert check_draft(" \n\u200b") != ()


# --- quotes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verbatim", "cues", "quote"),
    [
        ("Niemand belt terug.", (), "Niemand belt terug."),
        ("Snelle levering! Maar niemand neemt op.", ("niemand",), "Maar niemand neemt op."),
        ("Snelle levering! Maar niemand neemt op.", (), "Snelle levering!"),
        ("regel een\nregel twee", (), "regel een regel twee"),
        ("", (), ""),
        (" \n\t ", (), ""),
        ("!!! ???", (), ""),
    ],
)
def test_the_telling_sentence_is_quoted(verbatim, cues, quote):
    assert short_quote(verbatim, cues) == quote


def test_a_long_quote_is_cut_at_a_word():
    quote = short_quote("heel " * 100)
    assert len(quote) <= rules("drafts")["longest_quote"] + 1
    assert quote.endswith("heel…")
    assert len(short_quote("a" * 5000)) <= rules("drafts")["longest_quote"] + 1


HOSTILE = [
    "Beste klant,\n\nU krijgt € 500 terug",
    "{naam} {termijn} {citaat} {0} {0.__class__}",
    "%s %(naam)s ${naam} {{naam}}",
    "’ einde citaat” [Vul aan] \u202e omgekeerd \u200b\x00\x1b[31m",
    "<script>alert(1)</script> https://kwaad.example/inloggen?token=1 www.kwaad.example",
    '=HYPERLINK("http://kwaad")',
]


@pytest.mark.parametrize("verbatim", HOSTILE)
@pytest.mark.parametrize(("step", "language", "form"), VARIANTS)
def test_a_hostile_verbatim_cannot_change_the_message(step, language, form, verbatim):
    text = drafts_of(step, language, form, (short_quote(verbatim), DUE))
    plain = drafts_of(step, language, form, ("Jammer", DUE))
    assert check_draft(text) == ()
    assert text.count("\n") == plain.count("\n")
    assert text.count("{") == text.count("}") == 1
    assert text.count("[") == plain.count("[")
    assert "kwaad.example" not in text


MARKS = st.sampled_from(
    [*"{}[]<|>\n\r\u2028\u202e\u2066\u200f\x00\x1b‹›«»", "{naam}", "{0}", "www."]
)


@given(
    st.sampled_from(VARIANTS),
    st.sampled_from(WHYS),
    st.lists(st.one_of(MARKS, st.text(max_size=30)), max_size=20).map("".join),
)
def test_any_quote_leaves_the_form_of_any_draft(variant, why, verbatim):
    quote = short_quote(verbatim * 3)
    text = drafts_of(*variant, (quote, DUE), why=why)
    plain = drafts_of(*variant, ("Jammer", DUE), why=why)
    assert check_draft(text) == ()
    assert text.splitlines()[0] == plain.splitlines()[0]
    assert len(text.splitlines()) == len(plain.splitlines())
    assert text.count("{") == text.count("}") == 1
    assert text.count("[") == plain.count("[")
    assert quote.rstrip(".") in text
    assert len(text) <= len(plain) + rules("drafts")["longest_quote"]


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_any_verbatim_gives_one_harmless_line(verbatim, cues):
    quote = short_quote(verbatim, cues)
    assert quote.isprintable()
    assert not set(quote) & set('{}[]\n“”„«»"')
    assert len(quote) <= rules("drafts")["longest_quote"] + 1
    assert check_draft(drafts_of("herstelgesprek", "nl", "u", (quote or "-", DUE))) == ()


def test_a_theme_label_cannot_change_the_message():
    text = write_draft("structureel verbeteren", "nl", "u", due=DUE, theme="a {naam}\nb")
    assert text.count("{naam}") == 1
    assert "onderwerp: a (naam) b." in text
    assert "onderwerp: AI-antwoorden." in write_draft(
        "structureel verbeteren", "nl", "u", due=DUE, theme="AI-antwoorden"
    )


# --- form of address ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "verbatims", "form"),
    [
        ("nl", [], "u"),
        ("nl", ["Prima geholpen"], "u"),
        ("nl", ["Jullie zijn top", "en je belt altijd terug"], "jij"),
        ("nl", ["Ik vind u en uw collega's geweldig, jullie dus"], "u"),
        ("nl", ["UW SERVICE IS SLECHT"], "u"),
        ("nl", ["juist juni uitje"], "u"),
        ("en", ["you are great"], "you"),
        ("de", ["Ihr Service ist gut, danke Ihnen"], "Sie"),
        ("de", ["Hallo, hast du meine Mail? Danke dir"], "du"),
        ("de", ["sie war nett"], "Sie"),
        ("fr", ["Vous êtes formidables"], "vous"),
        ("fr", ["tu es super, ton service aussi"], "tu"),
    ],
)
def test_the_form_follows_the_customer(language, verbatims, form):
    assert form_of_address(language, verbatims) == form


@pytest.mark.parametrize(
    ("language", "wish", "form"),
    [
        ("nl", "u", "u"),
        ("nl", "jij", "jij"),
        ("de", "u", "Sie"),
        ("de", "jij", "du"),
        ("fr", "u", "vous"),
        ("fr", "jij", "tu"),
        ("en", "u", "you"),
        ("en", "jij", "you"),
        ("nl", "auto", "jij"),
    ],
)
def test_a_wish_goes_before_how_the_customer_writes(language, wish, form):
    assert form_of_address(language, ["jij du tu je jou"] if language == "nl" else [], wish) == form


def test_an_unknown_wish_is_refused():
    with pytest.raises(ValueError):  # noqa: PT011 - the settings say it in words
        form_of_address("nl", [], "gij")


def test_the_lint_speaks_english_too():
    assert check_draft("", "en") == ("the message is empty",)
    text = "Beste klant,\n\n{onzin}"
    assert len(check_draft(text, "en")) == len(check_draft(text)) > 0
    assert not set(check_draft(text, "en")) & set(check_draft(text))
