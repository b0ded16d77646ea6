"""Measure the bundled models and, with `--write-cards`, put the figures on their cards."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from klankbord.models import Encoder, load_encoder, load_tone_model
from tone_figures import Figure, on_cues, on_dev, on_held_out, speed
from translation_pairs import rows

COMMAND = "python scripts/evaluate_models.py --data DIR"


def encoder_figures(encoder: Encoder, data: Path) -> list[Figure]:
    """Return similarity on STS and retrieval on FLORES."""
    figures: list[Figure] = []
    for part in ("dev", "test"):
        for language in ("nl", "en", "de"):
            pairs = list(rows(data / "eval" / f"sts_{language}_{part}.tsv"))
            left = encoder.encode([pair["sentence1"] for pair in pairs])
            right = encoder.encode([pair["sentence2"] for pair in pairs])
            wanted = [float(pair["similarity_0_5"]) for pair in pairs]
            value = spearmanr((left * right).sum(axis=1), wanted).statistic
            figures.append(("Spearman", f"STS {language} {part}", float(value)))
    for part in ("dev", "devtest"):
        lines = list(rows(data / "eval" / f"flores_{part}.tsv"))
        dutch = encoder.encode([line["nl"] for line in lines])
        for language in ("en", "de", "fr"):
            other = encoder.encode([line[language] for line in lines])
            hit = (dutch @ other.T).argmax(axis=1) == np.arange(len(lines))
            figures.append(("accuracy@1", f"FLORES {part} nl->{language}", float(hit.mean())))
    return figures


def shown(figures: list[Figure]) -> str:
    """Return a Markdown table of the figures."""
    lines = ["| Measure | Data | Value |", "|---|---|---|"]
    for measure, data, value in figures:
        lines.append(f"| {measure} | {data} | {value:,.0f} |" if value > 5 else
                     f"| {measure} | {data} | {value:.3f} |")  # fmt: skip
    return "\n".join(lines)


def write_card(folder: Path, figures: list[Figure], command: str = COMMAND) -> None:
    """Put the figures into `card.json` and between the marks of `README.md`."""
    path = folder / "card.json"
    card = json.loads(path.read_text("utf-8"))
    card["scores"] = [
        {"measure": measure, "data": data, "value": round(value, 4)}
        for measure, data, value in figures
        if not measure.endswith("per second")  # differs from machine to machine
    ]
    path.write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    readme = folder / "README.md"
    text = readme.read_text("utf-8")
    blocks = {
        "data": "\n".join(
            ["| Data | Texts | Licence |", "|---|---|---|"]
            + [f"| {use['name']} | {use['rows']:,} | {use['licence']} |" for use in card["data"]]
        ),
        "scores": f"Printed by `{command}`:\n\n{shown(figures)}",
        "files": "\n".join(
            ["| File | sha256 |", "|---|---|"]
            + [f"| {name} | `{digest}` |" for name, digest in card["sha256"].items()]
        ),
    }
    for name, block in blocks.items():
        before, rest = text.split(f"<!-- {name} -->\n", 1)
        _, after = rest.split(f"<!-- end {name} -->", 1)
        text = f"{before}<!-- {name} -->\n{block}\n<!-- end {name} -->{after}"
    readme.write_text(text, "utf-8")


def main() -> None:
    """Print every figure as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/ and tone/")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--own", type=Path, default=Path("corpora/tone"))
    parser.add_argument("--only", default="", help="name of one model folder")
    parser.add_argument("--write-cards", action="store_true")
    options = parser.parse_args()
    for name in ("encoder-static", "encoder-transformer"):
        folder = options.models / name
        if options.only in ("", name) and folder.is_dir():
            encoder = load_encoder(str(folder))
            finish(folder, encoder_figures(encoder, options.data), encoder.fingerprint, options)
    for name, tiers in (("tone-fast", ("fast",)), ("tone-accurate", ("accurate", "cascade"))):
        folder = options.models / name
        if options.only not in ("", name) or not folder.is_dir():
            continue
        figures: list[Figure] = []
        for tier in tiers:
            model = load_tone_model(folder, tier=tier)
            of_tier = [*on_dev(model, options.data), *on_held_out(model, options.data, options.own)]
            of_tier += [*on_cues(model), *speed(model, options.data)]
            mark = f"{tier}: " if len(tiers) > 1 else ""
            figures += [(f"{mark}{measure}", where, value) for measure, where, value in of_tier]
        finish(folder, figures, model.fingerprint, options)


def finish(
    folder: Path, figures: list[Figure], fingerprint: str, options: argparse.Namespace
) -> None:
    """Print the figures, and put them on the card where that is asked."""
    print(f"## {folder.name} {fingerprint}\n\n{shown(figures)}\n", flush=True)
    if options.write_cards:
        write_card(folder, figures)


if __name__ == "__main__":
    main()
