"""Erasing on each kind of database: what goes, and that all else stays."""

import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
import sqlalchemy as sa

from klankbord.privacy import Pseudonymiser
from klankbord.records import Action, KnownTheme, Quote, Theme, ToneShift
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, SEGMENTS, ShiftKind, Tone, conform
from klankbord.shifts.explain import shift_id
from klankbord.store import Workspace, tables
from klankbord.themes.edits import Edit

KEY = Pseudonymiser(b"k" * 32)
OLD, NEW = datetime(2024, 1, 10, 12, tzinfo=UTC), datetime(2026, 3, 10, 12, tzinfo=UTC)
CUT = datetime(2025, 1, 1, tzinfo=UTC)
ANS, BAS, CAS = "K-ANSANSANS0", "K-BASBASBAS0", "K-CASCASCAS0"
SAYINGS = {
    "a1": (ANS, OLD, "De xylofoonkist is er nog steeds niet"),
    "a2": (ANS, NEW, "Nog altijd geen xylofoonkist, wat een ellende"),
    "b1": (BAS, OLD, "De kast kwam veel te laat"),
    "b2": (BAS, NEW, "De lamp kwam gelukkig op tijd"),
    "c1": (CAS, OLD, "De voordeur werd bekrast"),
    "x1": (None, None, "Prima winkel"),
}


def feedback() -> pa.Table:
    rows = [
        {
            "feedback_id": own,
            "source": "csv",
            "channel": "survey",
            "customer_id": customer,
            "conversation_id": None,
            "account_id": f"A-{customer}" if customer else None,
            "author_role": "customer",
            "verbatim": text,
            "received_at": at,
            "attributes": json.dumps({"regio": "Noord"}),
        }
        for own, (customer, at, text) in SAYINGS.items()
    ]
    rows += [
        rows[0] | {"feedback_id": f"g{turn}", "conversation_id": talk, "customer_id": who,
                   "author_role": role, "verbatim": f"beurt {turn} aan de lijn", "account_id": None}
        for turn, talk, who, role in (
            (1, "G-1", ANS, "customer"), (2, "G-1", None, "agent"),
            (3, "G-2", ANS, "customer"), (4, "G-2", BAS, "customer"), (5, "G-2", None, "agent"),
        )
    ]  # fmt: skip
    return conform(pa.Table.from_pylist(rows), FEEDBACK)


def segments() -> pa.Table:
    themes = {"a1": "levertijd-xylofoonkist", "a2": "levertijd-xylofoonkist", "b1": "levertijd"}
    rows = [
        {"feedback_id": own, "segment": 0, "start": 0, "end": 9, "text": SAYINGS[own][2][:9],
         "theme_id": theme}
        for own, theme in themes.items()
    ]  # fmt: skip
    return conform(pa.Table.from_pylist(rows), SEGMENTS)


def theme(own: str, parent: str | None, mentions: int, *quoted: str) -> Theme:
    quotes = tuple(Quote(q, SAYINGS[q][2], SAYINGS[q][1], "survey", Tone.BOOS) for q in quoted)
    weekly = ((date(2024, 1, 8), mentions - 1, 6), (date(2026, 3, 9), 1, 2))
    return Theme(own, parent, own, ("xylofoonkist", "laat"), mentions, mentions / 3, "stabiel",
                 None, weekly, None, "Distributie", quotes, quoted)  # fmt: skip


def shift(customer: str, at: datetime, quoted: str) -> ToneShift:
    quote = Quote(quoted, SAYINGS[quoted][2], at, "survey", Tone.BOOS)
    kind = ShiftKind.VERKOELING
    own, warm, cold = shift_id(customer, kind, at), Tone.POSITIEF, Tone.BOOS
    return ToneShift(own, customer, kind, warm, cold, at, at, 0.9, 0.1, None, ("survey",), quote,
                     None, "koelde af", 1.0, (quoted,))  # fmt: skip


def action(own: str, customer: str | None, *evidence: str, theme_id: str | None = None) -> Action:
    said = SAYINGS[evidence[0]][2]
    loop = "outer" if theme_id else "inner"
    return Action(own, loop, own, customer, theme_id, "Finance", date(2026, 4, 1), 1.0, "actieplan",
                  f"zei: {said}", evidence, "", f"Beste, {said}")  # fmt: skip


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    people = [
        {"customer_id": ANS, "account_id": "A-SAMEN", "cancelled_at": None, "attributes": "{}"},
        {"customer_id": BAS, "account_id": "A-SAMEN", "attributes": "{}"},
        {"customer_id": CAS, "cancelled_at": OLD, "attributes": "{}"},
    ]
    workspace.check_key(KEY)
    workspace.add_feedback(feedback(), at=NEW)
    workspace.add_customers(conform(pa.Table.from_pylist(people), CUSTOMERS))
    names = [ANS, BAS, CAS, f"A-{ANS}", f"A-{BAS}", "A-SAMEN"]
    sealed = pa.table({"pseudonym": names, "sealed": KEY.seal(f"nr {name}" for name in names)})
    workspace.remember_identities(sealed, KEY)
    scores = {
        field.name: [_value(field, own) for own in SAYINGS] for field in SCORES
    }  # fmt: skip
    workspace.save_scores(pa.table(scores, schema=SCORES))
    workspace.save_segments(segments())
    found = [shift(ANS, NEW, "a2"), shift(BAS, NEW, "b2"), shift(CAS, OLD, "c1")]
    earlier = shift(ANS, OLD, "a1")  # no longer listed, but judged when it was
    workspace.save_shifts([earlier])
    workspace.judge_shift(earlier, real=True, at=NEW, by="Eva", note="gebeld")
    workspace.save_shifts(found)
    for one in found:
        workspace.judge_shift(one, real=True, at=NEW, by="Eva", note="gebeld")
        workspace.assign_shift(one.shift_id, "Fons", at=NEW, by="Eva")
    heads = theme("levertijd", None, 3, "a1", "b1")
    workspace.save_themes([heads, theme("levertijd-xylofoonkist", "levertijd", 2, "a2")])
    workspace.save_known_themes([
        KnownTheme("levertijd-xylofoonkist", "levertijd", "xylofoonkist", ("xylofoonkist",), "e",
                   (1.0,), (("xylofoonkist", 1.0),), date(2026, 1, 1), date(2026, 1, 1)),
        KnownTheme("levertijd-kast", "levertijd", "kast", ("kast", "xylofoonkist"), "e", (1.0,),
                   (("kast", 0.8), ("xylofoonkist", 0.6)), date(2026, 1, 1), date(2026, 1, 1)),
    ])  # fmt: skip
    workspace.record_theme_edit(Edit("pin", "levertijd-xylofoonkist", {}), at=NEW, why="x")
    workspace.merge_actions(
        [
            action("aan-ans", ANS, "a2"),
            action("aan-bas", BAS, "b2"),
            action("aan-cas", CAS, "c1"),
            action("oorzaak", None, "b1", "a2", theme_id="levertijd"),
            action("kist", None, "a1", theme_id="levertijd-xylofoonkist"),
        ],
        at=NEW,
    )
    workspace.note_action("aan-bas", f"net als {ANS}", at=NEW, by="Eva")
    workspace.correct_tone("a2", Tone.BOOS, at=NEW, by="Eva")
    workspace.correct_tone("b2", Tone.BOOS, at=NEW, by="Eva")
    workspace.record_run({"findings": {"complaining": 3}, "settings": {}}, as_of=NEW)
    workspace.keep_dynamics(1, {"rates": [1]})
    return workspace


def _value(field: pa.Field, own: str) -> object:
    if field.name in ("feedback_id", "tone", "scored_by"):
        return {"feedback_id": own, "tone": "boos", "scored_by": "m"}[field.name]
    if field.nullable:
        return None
    return [] if pa.types.is_list(field.type) else False if pa.types.is_boolean(field.type) else 0.1


def rows(workspace: Workspace) -> dict[str, list[dict]]:
    with workspace._reading() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(
                    sa.select(table).order_by(*table.primary_key)
                ).mappings()
            ]
            for table in tables.metadata.sorted_tables
        }  # fmt: skip


def test_a_customer_goes_from_every_table(filled: Workspace):
    before = rows(filled)
    subject = filled.held_of(ANS)
    assert set(subject.feedback) == {"a1", "a2", "g1", "g2", "g3"}  # g2: nobody else spoke there
    assert subject.accounts == (f"A-{ANS}",)  # A-SAMEN is of somebody else too
    assert len(subject.judged) == 2
    left = filled.traces_of(subject, KEY)
    foretold = filled.would_erase(subject, left)
    assert rows(filled) == before
    counts = filled.erase(subject, left)
    assert counts == foretold
    filled.clean_up()
    after = rows(filled)
    text = json.dumps(after, default=repr, ensure_ascii=False)
    for word in ("xylofoonkist", ANS, *(f'"{own}"' for own in subject.feedback)):
        assert word not in text
    assert counts["feedback"] == 5
    assert counts["tone_labels"] == 1
    assert counts["shift_verdict"] == 2
    for name in ("feedback", "score", "customer", "tone_labels", "identity", "shift"):
        assert after[name] == [row for row in before[name] if row in after[name]]
        assert len(before[name]) - len(after[name]) == counts[name]


def test_what_stays_is_counted_without_the_customer(filled: Workspace):
    subject = filled.held_of(ANS)
    filled.erase(subject, filled.traces_of(subject, KEY))
    (found,) = filled.themes()
    assert (found.theme_id, found.mentions, found.share) == ("levertijd", 1, 1.0)
    assert found.keywords == ("laat",)
    assert found.evidence == ("b1",)
    assert [quote.feedback_id for quote in found.quotes] == ["b1"]
    assert found.weekly == ((date(2024, 1, 8), 1, 3), (date(2026, 3, 9), 0, 1))
    (known,) = filled.known_themes()
    assert (known.keywords, known.terms) == (("kast",), (("kast", 0.8),))
    assert filled.theme_edits() == ()
    held = {one.action_id: one for one in filled.actions()}
    assert held.keys() == {"aan-bas", "aan-cas", "oorzaak"}
    assert held["oorzaak"].evidence == ("b1",)
    assert filled.action_history("aan-bas")[-1].why == "net als …"
    run = filled.last_run()
    assert run is not None
    assert run.provenance["findings"]["complaining"] == 1
    assert filled.kept_dynamics(1) is None  # learned again from who is left
    filled.check_integrity()


def test_feedback_past_its_term_goes_and_customers_of_whom_nothing_is_left(filled: Workspace):
    subject = filled.held_before(CUT)
    assert set(subject.feedback) == {"a1", "b1", "c1", "g1", "g2", "g3", "g4", "g5"}
    assert subject.customers == (CAS,)  # Ans and Bas spoke later, and are customers
    filled.erase(subject, filled.traces_of(subject, KEY), before=CUT)
    assert set(filled.feedback()["feedback_id"].to_pylist()) == {"a2", "b2", "x1"}
    assert filled.customers()["customer_id"].to_pylist() == [ANS, BAS]
    assert {one.customer_id for one in filled.shifts()} == {ANS, BAS}
    assert {one.action_id for one in filled.actions()} == {"aan-ans", "aan-bas", "oorzaak", "kist"}
    assert "bekrast" not in json.dumps(rows(filled), default=repr)
    assert filled.original_ids([CAS, f"A-{ANS}"], KEY) == {f"A-{ANS}": f"nr A-{ANS}"}
    assert not filled.held_before(CUT).feedback


def test_of_nobody_nothing_is_held(filled: Workspace):
    assert not filled.held_of("K-ONBEKEND00")
    assert not filled.held_before(datetime(2020, 1, 1, tzinfo=UTC))


def test_an_erasure_is_known_to_whoever_read_before_it(filled: Workspace):
    before = filled.erasures()
    filled.keep_receipt({"soort": "klant vergeten"}, at=NEW)
    assert filled.erasures() != before


def test_who_is_barred_and_until_when(workspace: Workspace):
    workspace.bar("h1", ["h2", "h3"], at=NEW)
    workspace.bar("h1", ["h3"], at=NEW)
    workspace.bar("h9", [], at=NEW)
    assert workspace.barred() == {"h1", "h2", "h3", "h9"}
    assert workspace.is_barred("h1")
    assert workspace.allow_again("h1")
    assert not workspace.allow_again("h1")
    assert workspace.barred() == {"h9"}
