"""The stages that look for something in what was heard: tone shifts, themes, drivers, actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klankbord.outputs import Findings, Heard, work_out
from klankbord.records import Action, KnownTheme, Mapped, Progress, in_turn
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.models import Encoder, ToneModel
    from klankbord.store import Workspace
    from klankbord.themes import ThemeFindings


@dataclass(frozen=True)
class Found:
    """What the stages made of what was heard."""

    findings: Findings
    themes: ThemeFindings
    known: tuple[KnownTheme, ...]  # themes as they were when the run began
    planned: tuple[Action, ...]

    def lasting(self, now: Sequence[KnownTheme]) -> tuple[KnownTheme, ...]:
        """Return the themes to keep, with what people decided `now`, while the run was busy."""
        from klankbord import themes

        return themes.decided(themes.kept(self.themes.known, self.known, now))


def find(
    store: Workspace,
    heard: Heard,
    encoder: Encoder,
    tone_model: ToneModel,
    settings: Settings,
    progress: Progress,
    mapped: Mapped = in_turn,
) -> Found:
    """Run the stages that look for something in what was heard.

    `mapped`, which may be that of an engine, does what is done by customer, by head theme and by
    complaint.
    """
    from klankbord import drivers, loop, shifts, themes
    from klankbord.language.dutch import NounPhrases
    from klankbord.models import load_dutch
    from klankbord.shards import placer

    told: dict[str, Any] = {"language": settings.language, "timezone": settings.timezone}
    found_shifts = shifts.find_shifts(
        heard.feedback,
        heard.scores,
        heard.customers,
        fdr=settings.fdr,
        verdicts=store.verdicts(),
        as_of=heard.moment,
        mapped=mapped,
        progress=progress,
        **told,
    )
    known = store.known_themes()
    found_themes = themes.discover(
        heard.feedback,
        heard.scores,
        heard.segments,
        encoder,
        customers=heard.customers,
        known=known,
        as_of=heard.moment,
        phrases=NounPhrases(load_dutch),
        place=placer(settings, encoder, mapped),
        mapped=mapped,
        progress=progress,
        **told,
    )
    findings = work_out(
        heard,
        found_shifts,
        found_themes.themes,
        found_themes.segments,
        found_themes.complaining,
        settings=settings,
        model=tone_model,
    )
    return Found(
        findings=findings,
        themes=found_themes,
        known=known,
        planned=loop.plan(
            found_shifts.shifts,
            found_themes.themes,
            drivers.of_main_metric(findings.drivers),
            heard.feedback,
            heard.scores,
            heard.customers,
            as_of=heard.moment,
            effects=_effects(store, heard, settings),
            address=settings.address,
            **told,
        ),
    )


def _effects(store: Workspace, heard: Heard, settings: Settings) -> dict[str, float]:
    """Return how well each kind of action likely works, of those carried out so far."""
    from klankbord.loop.impact import effects, measure_impact

    moments = store.acted_at()
    if not moments:
        return {}
    return effects(
        measure_impact(
            store.actions(),
            moments,
            heard.feedback,
            heard.scores,
            heard.customers,
            as_of=heard.moment,
            timezone=settings.timezone,
        )
    )
