"""Whether themes keep their ids when new feedback comes in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord import language, tone
from klankbord.models import load_encoder, load_tone_model
from klankbord.schema import CUSTOMERS, FEEDBACK, conform
from klankbord.themes import discover
from translation_pairs import rows

AS_OF = date(2026, 11, 1)
START = datetime(2026, 1, 1, 9, tzinfo=UTC)
SPAN_DAYS = 300
OLD = 0.9  # of the reviews, in the first run


def id_stability(data: Path, most: int = 12_000) -> Iterator[str]:
    """Yield how many segments keep their theme when a tenth more reviews come in."""
    feedback, scores, segments = scored_reviews(data, most)
    encoder = load_encoder()
    until = START + timedelta(days=int(SPAN_DAYS * OLD))
    early = pc.less(feedback["received_at"], pa.scalar(until, feedback["received_at"].type))
    ids = feedback["feedback_id"].filter(early)

    def run(known: tuple[object, ...], only: pa.Array | None) -> object:
        def part(table: pa.Table) -> pa.Table:
            return table if only is None else table.filter(pc.is_in(table["feedback_id"], only))

        return discover(
            part(feedback), part(scores), part(segments), encoder,
            customers=CUSTOMERS.empty_table(), as_of=AS_OF if only is None else until.date(),
            known=known,
        )  # fmt: skip

    first = run((), ids)
    again = run(first.known, None)
    afresh = run((), None)
    yield "\n## Ids: real reviews, then a tenth more\n"
    yield "| Second run | complaint segments | keep their theme | themes | new | gone |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, later in (("knows the first", again), ("begins afresh, matched by id", afresh)):
        before, after = _themes(first.segments), _themes(later.segments)
        same = np.mean([after.get(key) == theme for key, theme in before.items()])
        held = {theme.theme_id for theme in first.themes}
        now = {theme.theme_id for theme in later.themes}
        yield (
            f"| {name} | {len(before):,} | {same:.1%} | {len(now)} | {len(now - held)}"
            f" | {len(held - now)} |"
        )


def scored_reviews(data: Path, most: int) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return feedback, scores and segments of real reviews, read by the fast tier."""
    texts = [row["text"] for row in rows(data / "reviews" / "food_delivery_stars_nl.tsv")][:most]
    feedback, model = _feedback(texts), load_tone_model(tier="fast")
    scores = tone.score(feedback, model)
    return feedback, scores, tone.score_segments(language.segment(feedback), model)


def _themes(segments: pa.Table) -> dict[tuple[str, int], str]:
    filled = segments.filter(pc.is_valid(segments["theme_id"]))
    keys = zip(filled["feedback_id"].to_pylist(), filled["segment"].to_pylist(), strict=True)
    return dict(zip(keys, filled["theme_id"].to_pylist(), strict=True))


def _feedback(texts: list[str]) -> pa.Table:
    count = len(texts)
    days = np.random.default_rng(1).integers(0, SPAN_DAYS, count)
    return conform(
        pa.table(
            {
                "feedback_id": [f"f{number:06d}" for number in range(count)],
                "source": ["reviews"] * count,
                "channel": ["review"] * count,
                "author_role": ["customer"] * count,
                "verbatim": texts,
                "language": ["nl"] * count,
                "received_at": pa.array(
                    [START + timedelta(days=int(day)) for day in days], pa.timestamp("us", tz="UTC")
                ),
                "attributes": ["{}"] * count,
            }
        ),
        FEEDBACK,
    )
