"""Run the stages of the main job on one export, one after the other, and say what each costs.

    python scripts/bench_stages.py EXPORT.csv --tier fast

Prints JSON: stage -> seconds, processor seconds, peak MB. The stages are called as functions, in
one process, so that they can be told apart; `klankbord analyse` puts them to work together.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench_process import Clock, Cost

START = "starting, models"
Watch = Callable[[str], AbstractContextManager[None]]  # told which stage is inside


def main() -> int:
    """Print the cost of every stage."""
    parser = argparse.ArgumentParser(description="Run the stages of the main job one by one.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--tier", default="fast", choices=("fast", "cascade", "accurate"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        costs = stages(arguments.export, Path(folder), arguments.tier)
    print(json.dumps({stage: asdict(cost) for stage, cost in costs.items()}))
    return 0


def stages(export: Path, folder: Path, tier: str) -> dict[str, Cost]:
    """Take `export` through every stage; files and workspace come in `folder`."""
    clock = Clock()
    with clock(START):
        from klankbord.models import load_encoder, load_tone_model
        from klankbord.settings import Settings
        from klankbord.store import Workspace

        settings = Settings(tier=tier, key_file=str(folder / "key"))
        encoder = load_encoder()
        model = load_tone_model(tier=tier, encoder=encoder)
    with Workspace.open(folder / "klankbord.db") as store:
        take_in(store, export, settings, clock)
        score(store, model, clock)
        _find_and_tell(store, folder, encoder, model, settings, clock)
    return clock.costs


def take_in(store: Any, export: Path, settings: Any, clock: Watch) -> None:  # noqa: ANN401
    """Read `export` into `store`, batch by batch."""
    from klankbord.importing.file import BATCH_ROWS
    from klankbord.language import Identifier
    from klankbord.privacy import Pseudonymiser, without_personal_data
    from klankbord.sources import FeedbackIds, read

    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file)
    ids, identifier = FeedbackIds(), Identifier(settings.languages)
    batches = read(export, timezone=settings.timezone, batch_rows=BATCH_ROWS)
    while True:
        with clock("reading"):
            batch = next(batches, None)
        if batch is None:
            return
        with clock("pseudonyms"):
            identities = pseudonymiser.identities(batch.feedback)
            feedback = pseudonymiser.feedback(batch.feedback)
        with clock("personal data"):
            feedback, _ = without_personal_data(feedback, pseudonymiser.code)
            feedback = ids.assign(feedback)
        with clock("language"):
            feedback = identifier.identify(feedback)
        with clock("storing"), store.transaction():
            store.add_feedback(feedback)
            store.remember_identities(identities, pseudonymiser)


def score(store: Any, model: Any, clock: Watch) -> None:  # noqa: ANN401
    """Score all that `store` holds."""
    from klankbord import language, tone
    from klankbord.pipeline import SHARD_ROWS

    with clock("storing"):
        waiting = store.unscored(model.fingerprint)
    for first in range(0, len(waiting), SHARD_ROWS):
        with clock("storing"):
            feedback = store.pieces(waiting[first : first + SHARD_ROWS])
        with clock("tone"):
            scores = tone.score(feedback, model)
        with clock("segments"):
            segments = language.segment(feedback)
        with clock("tone of segments"):
            segments = tone.score_segments(segments, model, feedback=feedback, scores=scores)
        with clock("storing"), store.transaction():
            store.save_scores(scores)
            store.save_segments(segments)


def _find_and_tell(
    store: Any,  # noqa: ANN401
    folder: Path,
    encoder: Any,  # noqa: ANN401
    model: Any,  # noqa: ANN401
    settings: Any,  # noqa: ANN401
    clock: Watch,
) -> None:
    from klankbord import drivers, loop, shifts, themes
    from klankbord.language.dutch import NounPhrases
    from klankbord.models import load_dutch
    from klankbord.outputs import Told, hear, work_out, write_outputs
    from klankbord.pipeline import moved

    told: dict[str, Any] = {"language": settings.language, "timezone": settings.timezone}
    with clock("storing"):
        heard = hear(store, None, datetime.now(UTC))
    what = (heard.feedback, heard.scores)
    with clock("tone shifts"):
        changed = shifts.find_shifts(*what, heard.customers, fdr=settings.fdr,
                                     as_of=heard.moment, **told)  # fmt: skip
    with clock("themes"):
        phrases = NounPhrases(load_dutch)
        found = themes.discover(*what, heard.segments, encoder, customers=heard.customers,
                                as_of=heard.moment, phrases=phrases, **told)  # fmt: skip
    with clock("drivers"):
        findings = work_out(heard, changed, found.themes, found.segments, found.complaining,
                            settings=settings, model=model)  # fmt: skip
    with clock("actions"):
        of_main = drivers.of_main_metric(findings.drivers)
        actions = loop.plan(changed.shifts, found.themes, of_main, *what, heard.customers,
                            as_of=heard.moment, **told)  # fmt: skip
    with clock("storing"), store.transaction():
        store.save_segments(moved(found.segments, heard.segments))
        store.save_shifts(changed.shifts)
        store.save_themes(found.themes)
        store.merge_actions(actions, at=heard.moment)
        listed = store.actions()
    with clock("report and exports"):
        write_outputs(folder, heard, findings, Told(listed, (), (), settings))


if __name__ == "__main__":
    sys.exit(main())
