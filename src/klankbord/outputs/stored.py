"""The latest run as the workspace remembers it: everything a report needs without analysing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from klankbord.errors import WorkspaceError
from klankbord.outputs.findings import Findings, work_out
from klankbord.outputs.heard import Heard
from klankbord.records import RejectedRow
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.shifts import ShiftFindings
    from klankbord.store import Workspace

_OF_THE_RUN = ("language", "languages", "timezone", "fdr", "encoder", "tone_model", "tier")


@dataclass(frozen=True)
class StoredRun:
    """What the latest analysis noted down of itself."""

    as_of: datetime
    provenance: Mapping[str, Any]

    @property
    def notice(self) -> str:
        """The warning that stood on top of its report."""
        return str(self.provenance.get("notice", ""))

    @property
    def rejected(self) -> list[RejectedRow]:
        """The rows it rejected, by file and reason alone."""
        found: list[RejectedRow] = []
        for file, reason, count in self.provenance.get("rejected", ()):
            found.extend([RejectedRow(str(file), 0, "", str(reason))] * int(count))
        return found

    def settings(self, now: Settings) -> Settings:
        """Return the settings it ran with, as far as they shape what is stored.

        Whether ids are kept, and where the key is, is a matter of `now`; so is the company's
        name, unless none is given.
        """
        held = self.provenance.get("settings", {})
        known = {field.name for field in fields(Settings)}
        old = {name: held[name] for name in _OF_THE_RUN if name in held and name in known}
        if "languages" in old:
            old["languages"] = tuple(old["languages"])
        return replace(now, **old, company=now.company or str(held.get("company", "")))

    def counted(self, name: str) -> int:
        """Return a number that the run found, 0 where it noted none."""
        return int(self.provenance.get("findings", {}).get(name, 0))


def latest_run(store: Workspace) -> StoredRun:
    """Return the latest run; raises WorkspaceError where nothing was analysed."""
    run = store.last_run()
    if run is None or run.as_of is None:
        raise WorkspaceError("nothing has been analysed yet", hint="klankbord analyse --help")
    return StoredRun(run.as_of, run.provenance)


def rejected_by_reason(rejected: Iterable[RejectedRow]) -> list[tuple[str, str, int]]:
    """Return how many rows of each file were rejected for each reason, for a run to note down."""
    counts = Counter((row.file, row.reason) for row in rejected)
    return sorted((file, reason, count) for (file, reason), count in counts.items())


def restore(store: Workspace, heard: Heard, run: StoredRun, settings: Settings) -> Findings:
    """Return the findings of the run, with what people decided about themes and shifts since."""
    complaining = run.counted("complaining") or store.complaining()
    return work_out(
        heard,
        _shifts(store, heard, run, settings),
        store.themes(),
        heard.segments,
        complaining,
        settings=settings,
    )


def _shifts(store: Workspace, heard: Heard, run: StoredRun, settings: Settings) -> ShiftFindings:
    from klankbord.shifts import ShiftFindings, timelines_of

    dismissed = {verdict.shift_id for verdict in store.verdicts() if not verdict.real}
    shifts = tuple(shift for shift in store.shifts() if shift.shift_id not in dismissed)
    return ShiftFindings(
        shifts=shifts,
        expected_false=float(sum(1 - shift.probability for shift in shifts)),
        customers_judged=run.counted("customers_judged"),
        customers_too_few=run.counted("customers_too_few"),
        timelines=timelines_of(
            {shift.customer_id for shift in shifts},
            heard.feedback,
            heard.scores,
            as_of=heard.moment,
            timezone=settings.timezone,
        ),
        conversations_recovered=run.counted("conversations_recovered"),
    )
