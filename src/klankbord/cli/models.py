"""`klankbord models`: what is bundled, with hashes, licences and measured quality."""

from __future__ import annotations

from klankbord.cli.output import table


def models() -> None:
    """List the bundled models and check their weights against the sha256 on their cards."""
    from klankbord.models import installed_models

    cards = installed_models()
    for card in cards:
        card.verify()
    table(
        "Bundled models, weights as on their cards",
        ("model", "version", "languages", "MB", "licences of the data", "fingerprint"),
        [
            (
                card.name,
                card.version,
                " ".join(card.languages),
                f"{card.size / 1e6:.1f}",
                ", ".join(sorted({part.licence for part in card.data})),
                card.fingerprint,
            )
            for card in cards
        ],
    )
    table(
        "Measured quality, printed by scripts/evaluate_models.py",
        ("model", "measure", "data", "value"),
        [
            (card.name, score.measure, score.data, f"{score.value:.3f}")
            for card in cards
            for score in card.scores
        ],
    )
