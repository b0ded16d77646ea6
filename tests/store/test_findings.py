from datetime import UTC, date, datetime, timedelta

from klankbord.records import Quote, Theme, ToneShift
from klankbord.schema import ShiftKind, Tone

MOMENT = datetime(2026, 3, 2, 12, 30, 15, 123456, tzinfo=UTC)


def shift(number, **more):
    fields = {
        "shift_id": f"s{number}",
        "customer_id": f"K-{number}",
        "kind": ShiftKind.VERKOELING,
        "before": Tone.ENTHOUSIAST,
        "after": Tone.NEUTRAAL,
        "before_at": MOMENT - timedelta(days=30),
        "after_at": MOMENT,
        "probability": 0.1 + 0.2,
        "expected_fdr": 1 / 3,
        "value_eur": 1234.56,
        "channels": ("survey", "chat"),
        "before_quote": Quote("f1", 'Top! "echt" ’🙂', MOMENT, "survey", Tone.ENTHOUSIAST),
        "after_quote": Quote("f2", "ok", None, "chat", None),
        "explanation": "Eén zin.",
        "priority": 0.7,
        "evidence": ("f1", "f2"),
    }
    return ToneShift(**(fields | more))


def theme(number, **more):
    fields = {
        "theme_id": f"T-{number}",
        "parent_id": "T-0",
        "label": "Te late levering",
        "keywords": ("laat", "wachten"),
        "mentions": 12,
        "share": 0.25,
        "trend": "stijgend",
        "trend_p": 0.01,
        "weekly": ((date(2026, 2, 23), 3, 40), (date(2026, 3, 2), 9, 41)),
        "value_eur": None,
        "owner": "Distributie",
        "quotes": (Quote("f1", "te laat", MOMENT, "survey", Tone.ONTEVREDEN),),
        "evidence": ("f1",),
    }
    return Theme(**(fields | more))


def test_shifts_come_back_exactly_and_in_order(workspace):
    shifts = (
        shift(2),
        shift(1, kind=ShiftKind.STILTE, value_eur=None, before_quote=None, after_quote=None,
              channels=(), evidence=()),
    )  # fmt: skip
    workspace.save_shifts(shifts)
    assert workspace.shifts() == shifts


def test_a_run_replaces_the_lists_of_the_last(workspace):
    workspace.save_shifts([shift(1), shift(2)])
    workspace.save_themes([theme(1), theme(2)])
    workspace.save_shifts([shift(3)])
    workspace.save_themes([theme(2)])
    assert workspace.shifts() == (shift(3),)
    assert workspace.themes() == (theme(2),)


def test_themes_come_back_exactly_and_in_order(workspace):
    themes = (theme(9), theme(1, parent_id=None, trend_p=None, weekly=(), quotes=(), keywords=()))
    workspace.save_themes(themes)
    assert workspace.themes() == themes


def test_moments_in_another_zone_are_the_same_moment(workspace):
    from zoneinfo import ZoneInfo

    local = MOMENT.astimezone(ZoneInfo("Europe/Amsterdam"))
    workspace.save_shifts([shift(1, before_at=local, after_at=local)])
    assert workspace.shifts()[0].after_at == MOMENT
