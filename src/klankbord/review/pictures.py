"""Timelines of single customers, drawn as in the report without reading all feedback again.

What all customers teach of tone over time takes seconds to learn, so an analysis keeps it in the
workspace; of a run that did not, it is learned here once. Drawing takes most of the time of a page,
so the next picture is drawn while somebody looks at this one, and those drawn last are kept.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from klankbord.errors import KlankbordError
from klankbord.report import charts
from klankbord.report.model import Tick
from klankbord.report.shift_rows import told_timeline
from klankbord.report.wording import Wording
from klankbord.review.kept import Kept
from klankbord.review.sparks import Sparks
from klankbord.schema import TONES
from klankbord.shifts import Dynamics, learn_dynamics, timeline

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from klankbord.store import RunRecord, Workspace

WHOLE_HISTORY = 2000  # pieces of one customer that a timeline is read from
_MOST_KEPT = 500

_Key = tuple[int, str, int, int]  # run, customer, pieces, pieces with a tone


class Pictures:
    """Draws timelines; pages share one."""

    def __init__(self, store: Workspace, wording: Wording) -> None:
        self._store, self._wording = store, wording
        self._learned: tuple[int, Dynamics] | None = None
        self._learning: Future[None] | None = None
        self._drawn: Kept[_Key] = Kept(_MOST_KEPT)
        self._lock = threading.Lock()
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="sparks")
        self.sparks = Sparks(wording, self._aside)  # of themes

    def prepare(self) -> None:
        """Know what the feedback teaches and start the drawing library, before anybody waits."""
        import vl_convert

        run = self._store.last_run()
        if run is not None and run.as_of is not None:
            self._learn(run.run_id, run.as_of)
        vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"}, allowed_base_urls=[])
        self.sparks.draw_ahead(self._store.themes())

    def close(self) -> None:
        """Stop drawing ahead."""
        self._helper.shutdown(cancel_futures=True)
        self._aside.shutdown(cancel_futures=True)

    def timeline(self, customer_id: str, feedback: pa.Table, scores: pa.Table) -> str:
        """Return the picture of one customer as SVG, "" where there is nothing to draw.

        The tables hold what the customer said, and may hold more.
        """
        run = self._store.last_run()
        if run is None or not feedback.num_rows:
            return ""
        key = (run.run_id, customer_id, feedback.num_rows, scores.num_rows)
        return self._drawn.get(key, lambda: self._draw(customer_id, feedback, scores, run))

    def draw_ahead(self, customer_id: str) -> None:
        """Draw the picture of a customer whose page may be asked for next."""
        self._helper.submit(self._draw_next, customer_id)

    def _draw_next(self, customer_id: str) -> None:
        try:
            self.timeline(customer_id, *self._store.said_by(customer_id, last=WHOLE_HISTORY))
        except KlankbordError:
            return  # the page itself will tell

    def _draw(
        self,
        customer_id: str,
        feedback: pa.Table,
        scores: pa.Table,
        run: RunRecord,
    ) -> str:
        t = self._wording
        if run.as_of is None:
            return ""
        dynamics = self._dynamics(run, run.as_of)
        line = timeline(
            feedback, scores, customer_id, as_of=run.as_of, timezone=t.timezone, dynamics=dynamics
        )
        if not line.points:
            return ""
        levels = [Tick(float(at), t.label("tone", tone)) for at, tone in enumerate(TONES)]
        return charts.timeline_chart(told_timeline(line.points, t.customer(customer_id), t), levels)

    def _dynamics(self, run: RunRecord, as_of: datetime) -> Dynamics:
        """Return what is known; of a new analysis that is learned while the old is still used."""
        known = self._learned
        if known is None:
            return self._learn(run.run_id, as_of)
        if known[0] != run.run_id:
            with self._lock:
                if self._learning is None or self._learning.done():
                    self._learning = self._helper.submit(self._learn_again, run.run_id, as_of)
        return known[1]

    def _learn_again(self, run_id: int, as_of: datetime) -> None:
        try:
            self._learn(run_id, as_of)
        except KlankbordError:
            return
        self._drawn.clear()

    def _learn(self, run_id: int, as_of: datetime) -> Dynamics:
        kept = self._store.kept_dynamics(run_id)
        if kept is not None:
            learned = Dynamics.of(kept)
        else:
            store = self._store
            learned = learn_dynamics(
                store.feedback(), store.scores(), as_of=as_of, timezone=self._wording.timezone
            )
            store.keep_dynamics(run_id, learned.values())
        self._learned = run_id, learned
        return learned
