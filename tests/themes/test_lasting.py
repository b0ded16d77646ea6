"""Themes from run to run: what is found once keeps its id, and what people decided is honoured."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from planted import AS_OF, SUBJECTS, HashedEncoder, complaints_of, tables

from klankbord.records import KnownTheme
from klankbord.schema import CUSTOMERS
from klankbord.themes import OVERIG, ThemeFindings, discover, subthemes
from klankbord.themes.label import Wording
from klankbord.themes.prototypes import learn, word_matrix

NOBODY = CUSTOMERS.empty_table()
ENCODER = HashedEncoder()
HEAD = "bereikbaarheid"
TODAY, SPRING = date(2024, 12, 31), date(2025, 3, 31)
Known = tuple[KnownTheme, ...]


class OtherEncoder(HashedEncoder):
    """The same texts in another space."""

    fingerprint = "other"

    def __init__(self, size: int) -> None:
        super().__init__()
        self._project = np.random.default_rng(size).normal(size=(2**14, size)).astype(np.float32)


def run(
    texts: Sequence[str],
    known: Known = (),
    codes: Sequence[str | None] | None = None,
    encoder: HashedEncoder = ENCODER,
    **options: object,
) -> ThemeFindings:
    given = {"customers": NOBODY, "as_of": AS_OF, "known": known} | options
    return discover(*tables(texts, codes=codes or [HEAD] * len(texts)), encoder, **given)


def ids(findings: ThemeFindings) -> list[str | None]:
    return findings.segments.column("theme_id").to_pylist()


def mentions(findings: ThemeFindings) -> Mapping[str, int]:
    return {theme.theme_id: theme.mentions for theme in findings.themes}


def kept_share(before: ThemeFindings, after: ThemeFindings) -> float:
    """Return the share of the earlier segments that have the theme they had."""
    pairs = zip(ids(before), ids(after), strict=False)
    return float(np.mean([old == new for old, new in pairs]))


def decide(known: Known, theme_id: str, **decisions: object) -> Known:
    assert theme_id in {theme.theme_id for theme in known}
    return tuple(
        replace(theme, **decisions) if theme.theme_id == theme_id else theme for theme in known
    )


def head_row(code: str, **decisions: object) -> KnownTheme:
    """A head about which something is decided, as `edits.with_heads` makes it."""
    return KnownTheme(code, None, "", (), "", (), (), TODAY, TODAY, **decisions)


BASE = [*complaints_of("telefoon", 80, 1), *complaints_of("mail", 80, 2)]


@pytest.fixture(scope="module")
def first() -> ThemeFindings:
    findings = run(BASE)
    assert len(findings.themes) >= 3
    return findings


@pytest.fixture(scope="module")
def own(first: ThemeFindings) -> str:
    """The sub-theme that is mentioned most."""
    return max(first.themes[1:], key=lambda theme: theme.mentions).theme_id


def test_every_listed_theme_is_known(first: ThemeFindings) -> None:
    subs = {theme.theme_id for theme in first.themes if theme.parent_id}
    assert {theme.theme_id for theme in first.known} == subs
    assert all(theme.found_at == theme.seen_at == TODAY for theme in first.known)
    assert all(theme.encoder == "test" and theme.parent_id == HEAD for theme in first.known)


def test_what_goes_by_one_name_is_one_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    named = subthemes.word

    def vague(*given: object, **options: object) -> Wording:
        wording = named(*given, **options)
        return replace(wording, label="telefoon" if "telefoon" in wording.label else wording.label)

    monkeypatch.setattr(subthemes, "word", vague)
    texts = complaints_of("telefoon", 160, 1) + complaints_of("mail", 160, 2)
    known = [one.theme_id for one in run(texts).known]
    assert f"{HEAD}-telefoon" in known
    assert f"{HEAD}-telefoon-2" not in known


def test_the_same_feedback_gives_the_same_themes(first: ThemeFindings) -> None:
    again = run(BASE, first.known)
    assert ids(again) == ids(first)
    assert again.themes == first.themes
    assert again.known == first.known


def test_known_themes_in_another_order_change_nothing(first: ThemeFindings) -> None:
    assert run(BASE, first.known[::-1]).themes == first.themes


@pytest.mark.parametrize("seed", [11, 23, 47])
def test_new_feedback_leaves_the_old_where_it_was(first: ThemeFindings, seed: int) -> None:
    new = [*complaints_of("telefoon", 8, seed), *complaints_of("mail", 8, seed + 1)]
    after = run([*BASE, *new], first.known)
    assert kept_share(first, after) >= 0.95
    assert {one.theme_id for one in after.known} == {one.theme_id for one in first.known}
    about = {theme.theme_id: " ".join((theme.label, *theme.keywords)) for theme in after.themes}
    given = [about[one] for one in ids(after)[len(BASE) :] if one != HEAD]
    assert len(given) >= 12  # new feedback goes to the themes that are there


def later(texts: Sequence[str], known: Known, days: Sequence[int]) -> ThemeFindings:
    """A run in the spring after the first, on `BASE` with `texts` that came in on `days`."""
    data = tables(
        [*BASE, *texts],
        codes=[HEAD] * (len(BASE) + len(texts)),
        days=[*(number % 200 for number in range(len(BASE))), *days],
    )
    return discover(*data, ENCODER, customers=NOBODY, as_of=SPRING, known=known)


def test_a_new_subject_becomes_a_new_theme_under_the_head(first: ThemeFindings) -> None:
    after = later(complaints_of("winkel", 80, 9), first.known, range(370, 450))
    fresh = [theme for theme in after.known if theme.found_at == SPRING]
    assert fresh
    assert {theme.parent_id for theme in fresh} == {HEAD}
    assert all(theme.theme_id.startswith(f"{HEAD}-") for theme in fresh)
    new = {theme.theme_id for theme in fresh}
    assert not new & set(ids(after)[: len(BASE)])
    assert np.mean([one in new for one in ids(after)[len(BASE) :]]) >= 0.9
    assert kept_share(first, after) >= 0.95
    assert {one.found_at for one in after.known if one.theme_id not in new} == {TODAY}


def test_a_handful_of_mentions_is_no_theme_yet(first: ThemeFindings) -> None:
    after = later(complaints_of("winkel", 9, 9), first.known, range(370, 379))
    assert {one.theme_id for one in after.known} == {one.theme_id for one in first.known}
    assert set(ids(after)[len(BASE) :]) == {HEAD}


def test_what_was_there_when_it_was_looked_for_is_no_new_theme(first: ThemeFindings) -> None:
    """Eighty mentions of which most were there already, beside as many new ones of the rest."""
    phone = complaints_of("telefoon", 80, 31)
    texts = [*complaints_of("winkel", 80, 9), *phone]
    after = later(texts, first.known, [*range(80), *range(370, 450)])
    assert {one.theme_id for one in after.known} == {one.theme_id for one in first.known}


def test_a_theme_nobody_mentions_sleeps_and_wakes(first: ThemeFindings) -> None:
    phone = [theme.theme_id for theme in first.known if "telefoon" in theme.keywords]
    quiet = run(complaints_of("mail", 80, 2), first.known, as_of=SPRING)
    assert not set(phone) & set(mentions(quiet))
    asleep = {one.theme_id: one for one in quiet.known}
    assert set(phone) <= set(asleep)
    assert {asleep[one].seen_at for one in phone} == {TODAY}
    assert SPRING in {one.seen_at for one in quiet.known}
    awake = run(BASE, quiet.known)
    assert ids(awake) == ids(first)


def test_without_any_complaint_what_is_known_stays(first: ThemeFindings) -> None:
    feedback, scores, segments = tables(["Prima geregeld"], tones=["positief"])
    after = discover(
        feedback, scores, segments, ENCODER, customers=NOBODY, as_of=AS_OF, known=first.known
    )
    assert (after.themes, after.known) == ((), first.known)


# --- another encoder ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [48, 64, 100])
def test_another_encoder_keeps_ids(first: ThemeFindings, size: int) -> None:
    encoder = OtherEncoder(size)
    after = run(BASE, first.known, encoder=encoder)
    assert {one.theme_id for one in after.known} == {one.theme_id for one in first.known}
    assert kept_share(first, after) >= 0.9
    once_more = run([*BASE, *complaints_of("mail", 16, 8)], after.known, encoder=encoder)
    assert kept_share(after, once_more) >= 0.95
    back = run(BASE, once_more.known)
    assert kept_share(first, back) >= 0.95


# --- what people decided --------------------------------------------------------------------------


def test_a_name_and_an_owner_hold(first: ThemeFindings, own: str) -> None:
    known = decide(first.known, own, name="Lang wachten", owner="Operations")
    known = (*known, head_row(HEAD, name="Bellen en mailen", owner="Finance"))
    after = run(BASE, known)
    shown = {theme.theme_id: theme for theme in after.themes}
    assert (shown[own].label, shown[own].owner) == ("Lang wachten", "Operations")
    assert (shown[HEAD].label, shown[HEAD].owner) == ("Bellen en mailen", "Finance")
    others = [theme for theme in after.themes if theme.theme_id not in (own, HEAD)]
    assert {theme.owner for theme in others} == {"Finance"}
    assert ids(after) == ids(first)
    assert next(one for one in after.known if one.theme_id == own).name == "Lang wachten"
    assert run(BASE, after.known).themes == after.themes


def test_a_theme_merged_into_a_sibling_gives_it_its_mentions(
    first: ThemeFindings, own: str
) -> None:
    other = next(one.theme_id for one in first.known if one.theme_id != own)
    after = run(BASE, decide(first.known, other, merged_into=own))
    counted = mentions(after)
    assert counted[own] == mentions(first)[own] + mentions(first)[other]
    assert other not in counted
    assert counted[HEAD] == len(BASE)
    assert ids(after) == [own if one == other else one for one in ids(first)]
    assert {one.theme_id for one in after.known} == {one.theme_id for one in first.known}
    assert ids(run(BASE, after.known)) == ids(after)


def test_a_chain_of_merges_ends_at_its_end(first: ThemeFindings) -> None:
    one, two, three = (theme.theme_id for theme in first.known[:3])
    known = decide(decide(first.known, one, merged_into=two), two, merged_into=three)
    after = run(BASE, known)
    assert mentions(after)[three] == sum(mentions(first)[each] for each in (one, two, three))
    assert not {one, two} & set(mentions(after))


def test_a_theme_merged_under_another_head_moves_there(first: ThemeFindings, own: str) -> None:
    price = [f"Veel te duur abonnement nummer{chr(97 + number)}" for number in range(20)]
    codes = [HEAD] * len(BASE) + ["prijs"] * len(price)
    abroad = replace(first.known[0], theme_id="prijs-abonnement", parent_id="prijs")
    terms = learn(ENCODER.encode(price), word_matrix(price), np.zeros(20, dtype=int), 1)[0]
    abroad = replace(abroad, centre=tuple(terms.centre), terms=tuple(terms.terms.items()))
    known = (*decide(first.known, own, merged_into="prijs-abonnement"), abroad)
    after = run([*BASE, *price], known, codes)
    counted, moved = mentions(after), mentions(first)[own]
    assert own not in counted
    assert counted["prijs"] == len(price) + moved
    assert counted[HEAD] == len(BASE) - moved
    assert counted["prijs-abonnement"] >= moved
    assert set(np.array(ids(after))[[one == own for one in ids(first)] + [False] * 20]) == {
        "prijs-abonnement"
    }


@pytest.mark.parametrize("row", [(), (head_row("prijs"),)])
def test_a_theme_merged_into_a_head_that_nobody_names_lists_that_head(
    first: ThemeFindings, own: str, row: Known
) -> None:
    after = run(BASE, (*decide(first.known, own, merged_into="prijs"), *row))
    moved = mentions(first)[own]
    assert mentions(after)["prijs"] == moved
    assert mentions(after)[HEAD] == len(BASE) - moved
    assert ids(after).count("prijs") == moved
    assert after.unassigned == 0


def test_a_theme_merged_into_its_own_head_stays_with_it(first: ThemeFindings, own: str) -> None:
    after = run(BASE, decide(first.known, own, merged_into=HEAD))
    assert ids(after) == [HEAD if one == own else one for one in ids(first)]
    assert mentions(after)[HEAD] == len(BASE)


def test_a_forbidden_theme_leaves_its_mentions_with_the_head(
    first: ThemeFindings, own: str
) -> None:
    after = run(BASE, decide(first.known, own, forbidden=True))
    assert ids(after) == [HEAD if one == own else one for one in ids(first)]
    assert mentions(after)[HEAD] == len(BASE)
    # and nothing takes its place under another id, however often it is mentioned
    subject = "telefoon" if "telefoon" in own else "mail"
    more = later(complaints_of(subject, 200, 77), after.known, range(370, 570))
    assert own not in mentions(more)
    assert {one.theme_id for one in more.known} == {one.theme_id for one in first.known}


def test_a_forbidden_theme_that_stands_alone_becomes_overig() -> None:
    alone = run(BASE, codes=[None] * len(BASE))
    assert {theme.parent_id for theme in alone.themes} == {None}
    own = alone.themes[0].theme_id
    assert own.startswith("nieuw-")
    after = run(BASE, decide(alone.known, own, forbidden=True), [None] * len(BASE))
    assert ids(after) == [OVERIG if one == own else one for one in ids(alone)]
    assert after.unassigned == alone.unassigned + mentions(alone)[own]


@pytest.mark.parametrize("with_themes", [False, True])
def test_a_forbidden_head_is_overig_with_all_that_is_under_it(
    first: ThemeFindings, with_themes: bool
) -> None:
    texts = [*BASE, *["Te duur"] * 20]
    codes = [HEAD] * len(BASE) + ["prijs"] * 20
    known = (*(first.known if with_themes else ()), head_row(HEAD, forbidden=True))
    after = run(texts, known, codes)
    assert set(ids(after)[: len(BASE)]) == {OVERIG}
    assert mentions(after) == {"prijs": 20}
    assert after.unassigned == len(BASE)
    assert after.known == tuple(sorted(known, key=lambda theme: theme.theme_id))


def test_a_pinned_theme_is_listed_however_seldom_it_is_mentioned(
    first: ThemeFindings, own: str
) -> None:
    some = [text for text, one in zip(BASE, ids(first), strict=True) if one == own][:4]
    other = [text for text, one in zip(BASE, ids(first), strict=True) if one != own]
    texts = [*other, *some]
    assert own not in mentions(run(texts, first.known))
    after = run(texts, decide(first.known, own, pinned=True))
    shown = {theme.theme_id: theme for theme in after.themes}
    assert 1 <= shown[own].mentions < 10
    assert shown[own].pinned
    assert not any(theme.pinned for theme in after.themes if theme.theme_id != own)
    none = run(other, decide(first.known, own, pinned=True))
    assert all(theme.mentions > 0 for theme in none.themes)


def test_a_pinned_head_says_so() -> None:
    after = run(["Te duur"], (head_row("prijs", pinned=True),), ["prijs"])
    assert [(theme.theme_id, theme.pinned) for theme in after.themes] == [("prijs", True)]


def test_rows_of_heads_that_say_nothing_change_nothing(first: ThemeFindings) -> None:
    rows = tuple(head_row(code) for code in (HEAD, "prijs", "privacy"))
    after = run(BASE, (*first.known, *rows))
    assert after.themes == first.themes
    assert ids(after) == ids(first)


def broad(texts: Sequence[str], **decisions: object) -> KnownTheme:
    """One theme for all of `texts`, as if it had been found so."""
    one = learn(ENCODER.encode(texts), word_matrix(texts), np.zeros(len(texts), dtype=int), 1)[0]
    return KnownTheme(
        f"{HEAD}-contact",
        HEAD,
        "contact",
        ("telefoon", "e-mail"),
        "test",
        tuple(float(value) for value in one.centre),
        tuple(one.terms.items()),
        date(2024, 6, 1),
        date(2024, 6, 1),
        **decisions,
    )


def test_a_theme_to_be_split_is_divided_once() -> None:
    others = [
        f"Nergens staat hoe ik jullie bereik, {word} kwestie{chr(97 + number % 26)}"
        for number, word in enumerate(("site", "brief", "app", "folder", "bon") * 20)
    ]
    texts = [*BASE, *others]
    whole = (broad(BASE),)
    before = run(texts, whole)
    assert mentions(before)[f"{HEAD}-contact"] >= 0.8 * len(BASE)
    after = run(texts, decide(whole, f"{HEAD}-contact", divide=True))
    old = {one.theme_id for one in before.known}
    fresh = [one for one in after.known if one.theme_id not in old]
    assert len(fresh) >= 2
    assert f"{HEAD}-contact" in {one.theme_id for one in after.known}
    assert not any(one.divide for one in after.known)
    taken = [one for one in ids(after)[: len(BASE)] if one in {each.theme_id for each in fresh}]
    assert len(taken) >= 0.8 * len(BASE)
    again = run(texts, after.known)
    assert ids(again) == ids(after)
    assert again.known == after.known


def test_ids_are_never_given_twice(first: ThemeFindings) -> None:
    """A subject that is found anew gets a number behind its name where that is in use."""
    elsewhere = tuple(replace(one, parent_id="prijs") for one in first.known)
    after = run(BASE, elsewhere)
    known = [one.theme_id for one in after.known]
    assert len(known) == len(set(known)) == 2 * len(first.known)
    fresh = {one.theme_id for one in after.known if one.parent_id == HEAD}
    assert fresh == {f"{one.theme_id}-2" for one in first.known}


def test_hostile_texts_find_no_way_into_ids() -> None:
    texts = [
        f"{text} <b>=cmd|'/c calc'!A0 ../../etc/passwd {SUBJECTS['winkel'][0][:6]}"
        for text in complaints_of("telefoon", 80, 1)
    ] + [f"../{text} =SUM(1)" for text in complaints_of("mail", 80, 2)]
    for theme in run(texts).known:
        assert theme.theme_id.replace("-", "").isalnum(), theme.theme_id
        assert not set("<>=/|'.") & set(theme.label)
