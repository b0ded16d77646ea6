"""Plan the actions of both loops from what a run found.

An action's priority is its expected value, probability x value at stake x likely effect. The value
at stake is size x value weight:
- probability: that the shift is real, that the complaint is one, that the theme grows;
- size: the drop as a share of the tone scale (or of the score's range, or of all complaints),
  with a floor per cause, so that an enthusiastic customer who turns neutral weighs enough;
- value weight: 0.5 to 1.5 by the rank of the customer's value, 1 where it is unknown;
- likely effect: what closed actions of this kind brought, 1 as long as nothing was measured.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from klankbord.loop import signals as found
from klankbord.loop.drafts import forms, short_quote, write_draft
from klankbord.loop.due import WorkCalendar
from klankbord.loop.facts import (
    Complaints,
    CustomerValues,
    Values,
    Voice,
    cues,
    latest_first,
    voices,
)
from klankbord.loop.lifecycle import ActionState
from klankbord.loop.pieces import recent_or_by, scored_feedback
from klankbord.loop.routing import owner_for_cause, owner_for_theme
from klankbord.loop.rules import rules
from klankbord.loop.signals import Signal
from klankbord.loop.win_back import from_lost, lately_lost
from klankbord.moments import TIMEZONE, day_of, in_words, local_day, moment_of
from klankbord.records import Action, Driver, Quote, Theme, ToneShift
from klankbord.schema import Tone
from klankbord.values import leavers


def plan(
    shifts: Sequence[ToneShift],
    themes: Sequence[Theme],
    drivers: Sequence[Driver],
    feedback: pa.Table,
    scores: pa.Table,
    customers: pa.Table,
    *,
    as_of: date | datetime,
    effects: Mapping[str, float] | None = None,
    language: str = "nl",
    address: str = "auto",
    timezone: str = TIMEZONE,
) -> tuple[Action, ...]:
    """Return the actions that follow from a run, inner loop first, weightiest first.

    `language` is that of the reasons (nl or en); drafts follow the customer's own language and, as
    `address` is "auto", form of address (else "u" or "jij"). Days are those of `timezone`.
    `effects` holds the likely effect of kinds of action, see `impact`.
    Of a customer's several grounds the weightiest steps are kept (`most_per_customer`), the
    other grounds are named in the first; whoever has a complaint is not thanked as well.
    """
    moment = moment_of(as_of, timezone)
    values = CustomerValues(customers, feedback)
    left = lately_lost(customers, moment)
    lately = recent_or_by(feedback, moment, left)
    scored = scored_feedback(lately, scores)
    complaints = found.from_open_complaints(scored, values, moment)
    waiting = {signal.customer_id or "" for signal in complaints}
    lost = left.keys() - waiting
    grounds = [
        *found.from_shifts(shifts, moment, lost),
        *complaints,
        *found.from_detractors(lately, scores, values, moment),
        *from_lost(customers, scored, values, moment, waiting),
    ]
    unhappy = frozenset(s.customer_id for s in grounds if s.customer_id and not _thanks(s))
    grounds += found.from_ambassadors(scored, values, moment, unhappy)
    structural = found.from_themes(themes, drivers, latest_first(feedback, themes))
    planner = _Planner(
        values=values,
        complaints=Complaints(scores, (i for s in (*grounds, *structural) for i in s.evidence)),
        quoted_cues=cues(
            scores, (q.feedback_id for s in grounds for q in (s.said, s.earlier) if q)
        ),
        gone=leavers(customers, moment),
        effects=effects or {},
        today=day_of(as_of, timezone),
        language=language,
        timezone=timezone,
    )
    chosen = planner.choose(grounds)
    spoken = voices(feedback, {signals[0].customer_id or "" for signals in chosen}, address)
    inner = [planner.inner(signals, spoken[signals[0].customer_id or ""]) for signals in chosen]
    theme_weights = Values(t.value_eur for t in themes if t.value_eur is not None)
    outer = [planner.outer(signal, theme_weights) for signal in structural]
    return tuple(sorted(inner, key=_order) + sorted(outer, key=_order))


class _Planner:
    """Turns signals into actions; holds what every action of one plan needs."""

    def __init__(
        self,
        *,
        values: CustomerValues,
        complaints: Complaints,
        quoted_cues: Mapping[str, Sequence[str]],
        gone: frozenset[str],
        effects: Mapping[str, float],
        today: date,
        language: str,
        timezone: str,
    ) -> None:
        self._values = values
        self._complaints = complaints
        self._cues = quoted_cues
        self._gone = gone
        self._effects = effects
        self._today = today
        self._timezone = timezone
        self._language = language if language in ("nl", "en") else "nl"
        self._words = rules("reasons")["words"][self._language]
        self._calendar = WorkCalendar()

    def choose(self, grounds: Iterable[Signal]) -> list[list[Signal]]:
        """Return the steps to take, each as its signals, weightiest first."""
        by_customer: defaultdict[str, list[Signal]] = defaultdict(list)
        for signal in grounds:
            if signal.customer_id and self._applies(signal):
                by_customer[signal.customer_id].append(signal)
        chosen = []
        for _, signals in sorted(by_customer.items()):
            signals.sort(
                key=lambda signal: (-self._priority(signal), signal.cause, signal.evidence)
            )
            if not all(_thanks(signal) for signal in signals):
                signals = [signal for signal in signals if not _thanks(signal)]
            steps: dict[str, list[Signal]] = {}
            for signal in signals:
                steps.setdefault(_step(signal), []).append(signal)
            kept = list(steps.values())[: rules("reasons")["most_per_customer"]]
            for extra in list(steps.values())[len(kept) :]:
                kept[0].extend(extra)
            chosen.extend(kept)
        return chosen

    def inner(self, signals: Sequence[Signal], voice: Voice) -> Action:
        """Make the action for one step towards one customer from its signals."""
        first = signals[0]
        evidence = tuple(dict.fromkeys(i for signal in signals for i in signal.evidence))
        complaint = self._complaints.main(first.evidence) or self._complaints.main(evidence)
        step = _step(first)
        urgent = any(self._urgent(signal) for signal in signals)
        due = self._calendar.inner(self._today, urgent=urgent, step=step)
        return Action(
            action_id=_action_id("inner", step, first.customer_id or ""),
            loop="inner",
            kind=step,
            customer_id=first.customer_id,
            theme_id=None,
            owner=owner_for_cause(first.cause, complaint),
            due=due,
            priority=self._priority(first),
            status=ActionState.ACTIEPLAN.value,
            reason=self._reason(signals, complaint),
            evidence=evidence[: rules("reasons")["most_evidence"]],
            wel_niet_later=self._wel_niet_later(step, complaint),
            draft=self._draft(first, step, voice, due, _why(complaint)[0]),
            **self._grounds(first, complaint),
        )

    def outer(self, signal: Signal, weights: Values) -> Action:
        """Make the action that takes away the cause behind one theme."""
        theme = signal.theme
        assert theme is not None  # noqa: S101 - signals of the outer loop carry a theme
        step = _step(signal)
        complaint = self._complaints.main(signal.evidence)
        due = self._calendar.outer(self._today)
        return Action(
            action_id=_action_id("outer", step, theme.theme_id),
            loop="outer",
            kind=step,
            customer_id=None,
            theme_id=theme.theme_id,
            owner=owner_for_theme(theme.owner, complaint),
            due=due,
            priority=self._expected_value(signal, weights.weight(signal.value_eur)),
            status=ActionState.ACTIEPLAN.value,
            reason=self._reason([signal], None),
            evidence=signal.evidence[: rules("reasons")["most_evidence"]],
            wel_niet_later=self._wel_niet_later(step, complaint),
            draft=write_draft(
                step, self._language, forms(self._language)[0], due=due, theme=theme.label
            ),
            **self._grounds(signal, complaint),
        )

    def _grounds(self, signal: Signal, complaint: str | None) -> dict[str, Any]:
        return {
            "cause": signal.cause,
            "why": _why(complaint)[0],
            "complaint_theme": complaint,
            "probability": round(signal.probability, 6),
            "value_eur": self._value(signal),
            "effect": self._effects.get(_step(signal), 1.0),
        }

    def _applies(self, signal: Signal) -> bool:
        step = rules("reasons")["steps"][_step(signal)]
        return step["leaver"] or signal.customer_id not in self._gone

    def _value(self, signal: Signal) -> float | None:
        known = self._values.value(signal.customer_id)
        return signal.value_eur if known is None else known

    def _priority(self, signal: Signal) -> float:
        return self._expected_value(signal, self._values.weight(self._value(signal)))

    def _expected_value(self, signal: Signal, weight: float) -> float:
        effect = self._effects.get(_step(signal), 1.0)
        return round(signal.probability * signal.size * weight * effect, 6)

    def _urgent(self, signal: Signal) -> bool:
        valuable = self._values.is_valuable(self._value(signal))
        return rules("reasons")["causes"][signal.cause]["urgent"] and valuable is not False

    def _reason(self, signals: Sequence[Signal], complaint: str | None) -> str:
        first = signals[0]
        template = rules("reasons")["causes"][first.cause][self._language]
        facts = {name: self._written(name, value) for name, value in first.facts.items()}
        sentence = str(template).format(**facts)
        if first.facts.get("grows"):
            sentence += self._words["and_growing"]
        others = dict.fromkeys(s.cause for s in signals[1:] if s.cause != first.cause)
        if others:
            named = ", ".join(self._words["causes"][cause] for cause in others)
            sentence += self._words["also"].format(causes=named)
        _, why = _why(complaint)
        if self._language in why and not _thanks(first):
            sentence += self._words["why"].format(why=why[self._language])
        return sentence + "."

    def _written(self, name: str, value: object) -> str:
        if name == "metric":
            return str(self._words["metrics"][value])
        if isinstance(value, Tone):
            return str(self._words["tones"][value])
        if isinstance(value, datetime):
            return in_words(local_day(value, self._timezone), self._language)
        if isinstance(value, float):
            text = f"{value:.0%}" if name == "share" else f"{value:+.1f}"
            return text.replace(".", self._words["decimal"]).replace("-", "−")
        return str(value)

    def _wel_niet_later(self, step: str, complaint: str | None) -> str:
        why = _why(complaint)[1] or rules("reasons")["why"]["anders"]
        wel = rules("reasons")["steps"][step][self._language]
        later = why[f"later_{self._language}"]
        return str(self._words["wel_niet_later"].format(wel=wel, later=later))

    def _draft(self, signal: Signal, step: str, voice: Voice, due: date, why: str) -> str:
        said = self._quoted(signal.said)
        earlier = self._quoted(signal.earlier) if _contrasts(signal) else None
        dated = None
        if earlier is not None and earlier[1] is not None and not _thanks(signal):
            dated = (earlier[0], earlier[1])
        return write_draft(
            step,
            voice.language,
            voice.form,
            due=due,
            said=said,
            earlier=dated,
            variant=rules("reasons")["causes"][signal.cause].get("draft", ""),
            why=why,
        )

    def _quoted(self, quote: Quote | None) -> tuple[str, date | None] | None:
        if quote is None:
            return None
        text = short_quote(quote.text, self._cues.get(quote.feedback_id, ()))
        if not text:
            return None
        at = quote.received_at
        return text, None if at is None else local_day(at, self._timezone)


def _step(signal: Signal) -> str:
    return str(rules("reasons")["causes"][signal.cause]["step"])


def _thanks(signal: Signal) -> bool:
    return bool(rules("reasons")["steps"][_step(signal)]["thanks"])


def _contrasts(signal: Signal) -> bool:
    """Tell whether the earlier words may be quoted: in some steps only where they were warm."""
    if signal.earlier is None or not rules("reasons")["steps"][_step(signal)]["earlier_if_warm"]:
        return signal.earlier is not None
    warm = (Tone.POSITIEF, Tone.ENTHOUSIAST)
    return signal.facts.get("before") in warm and signal.earlier.tone in warm


def _why(complaint: str | None) -> tuple[str, Mapping[str, str]]:
    """Return the key and the texts of the reason behind a complaint; empty where none is known."""
    for key, why in rules("reasons")["why"].items():
        if complaint in why["complaint_themes"]:
            return key, why
    return "", {}


def _action_id(loop: str, step: str, subject: str) -> str:
    """Name an action after what it is about, so that the next run finds it again."""
    digest = hashlib.sha256("\x1f".join((loop, step, subject)).encode()).hexdigest()
    return f"{loop}-{digest[:12]}"


def _order(action: Action) -> tuple[float, date, str]:
    return (-action.priority, action.due, action.action_id)
