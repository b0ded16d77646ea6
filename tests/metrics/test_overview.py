from datetime import UTC, date, datetime
from typing import Any

import pytest

from klankbord.metrics.figures import Figure, Gap
from klankbord.metrics.overview import Overview, Remark, UnknownGroupError, overview
from klankbord.metrics.periods import Period

from .builders import AS_OF, ZONE, customers, feedback


def look(said: list[dict[str, Any]], base: list[dict[str, Any]], **options: Any) -> Overview:
    options = {"values": {}, "as_of": AS_OF, "timezone": ZONE, **options}
    return overview(feedback(said), customers(base), **options)


def one(found: Overview, measure: str, period: str, segment: str = "") -> Figure | None:
    those = [
        figure
        for figure in found.figures
        if (figure.measure, figure.span.name, figure.segment) == (measure, period, segment)
    ]
    assert len(those) <= 1
    return those[0] if those else None


def scores(count: int, **values: Any) -> list[dict[str, Any]]:
    return [{"score_value": 10.0, "customer_id": f"k{at:05}", **values} for at in range(count)]


def test_a_score_later_than_the_analysis_counts_like_any_other():
    later = datetime(2027, 2, 3, tzinfo=UTC)
    found = look(scores(30, received_at=later), [])
    nps = one(found, "nps", "2027-02")
    assert nps is not None
    assert nps.value == 100
    assert (Remark.NO_CUSTOMERS, 0) in found.remarks


def test_groups_from_the_answer_or_else_from_the_customer_table():
    base = [{"segment": "Zzp", "attributes": {"Regio": "Oost"}}] * 30
    base += [{"segment": "Gezin", "attributes": {"Regio": "West"}}] * 30
    base += [{"segment": "Klein", "cancelled_at": date(2026, 3, 2)}]
    said = scores(25) + [{"score_value": 0.0, "segment": "Gezin"}] * 25
    found = look(said, base, by="segment", period=Period.YEAR)
    assert one(found, "nps", "2026", "Zzp").value == 100
    assert one(found, "nps", "2026", "Gezin").value == -100
    assert one(found, "nps", "2026").value == 0
    assert one(found, "retention", "2026", "Zzp").value == 100
    assert one(found, "retention", "2026", "Klein") is None
    assert (Remark.SMALL_GROUPS, 1) in found.remarks
    regional = look(said, base, by="regio", period=Period.YEAR)
    assert one(regional, "nps", "2026", "Oost").value == 100
    assert one(regional, "nps", "2026", "unknown").value == -100


def test_customers_cannot_be_divided_by_channel():
    base = [{}] * 30 + [{"cancelled_at": date(2026, 3, 2)}]
    found = look(scores(30), base, by="channel", period=Period.YEAR)
    assert one(found, "nps", "2026", "survey").value == 100
    assert one(found, "retention", "2026", "survey") is None
    assert one(found, "retention", "2026") is not None
    assert (Remark.PER_ANSWER, "channel") in found.remarks


def test_an_unknown_group_names_the_known_ones():
    with pytest.raises(UnknownGroupError) as caught:
        look([], [{"attributes": {"Regio": "Oost"}}], by="provincie")
    assert "Regio" in caught.value.known


def test_no_retention_of_before_the_first_recorded_cancellation():
    base = [{"cancelled_at": date(2026, 5, 5)}] * 3 + [{}] * 40
    found = look([], base, last=0)
    periods = [figure.span.name for figure in found.figures if figure.measure == "retention"]
    assert periods == [f"2026-{month:02}" for month in range(5, 13)]
    assert (Remark.SINCE, date(2026, 5, 5)) in found.remarks


def test_a_table_without_anybody_who_left_has_no_retention():
    found = look([], [{}] * 40)
    assert one(found, "retention", "2026-12").gap is Gap.NO_CANCELLATIONS
    assert one(found, "mrr", "2026-12") is None


def test_the_month_that_goes_on_is_marked():
    middle = datetime(2026, 12, 10, 12, tzinfo=UTC)
    base = [{"cancelled_at": date(2026, 5, 5)}] * 3 + [{}] * 40
    found = look([], base, as_of=middle, last=2)
    kept = {figure.span.name: figure.span.complete for figure in found.figures}
    assert kept == {"2026-11": True, "2026-12": False}
    assert (Remark.UNFINISHED, date(2026, 12, 10)) in found.remarks


@pytest.mark.parametrize("period", list(Period))
def test_the_order_of_rows_does_not_matter(period: Period):
    base = [{"cancelled_at": date(2026, 5, 1 + at), "value_eur": 10.0 * at} for at in range(25)]
    base += [{"value_eur": 30.0}] * 40
    said = scores(40) + [{"score_value": float(at % 11), "customer_id": "k1"} for at in range(40)]
    values = {f"k{at:05}": 5.0 * at for at in range(60)}
    tables = feedback(said), customers(base)
    mirrored = [table.take(list(range(table.num_rows - 1, -1, -1))) for table in tables]
    options: dict[str, Any] = {"values": values, "as_of": AS_OF, "timezone": ZONE}
    straight = overview(*tables, period=period, **options)
    other = overview(*mirrored, period=period, **options)
    assert straight.remarks == other.remarks
    for left, right in zip(straight.figures, other.figures, strict=True):
        assert (left.measure, left.span, left.gap, left.count) == (
            right.measure, right.span, right.gap, right.count,
        )  # fmt: skip
        assert left.value == pytest.approx(right.value)
