"""Judge the drops found inside real support chats: write them out to read, count what was read.

    python scripts/read_conversations.py --data DIR --out FILE     # conversations to read
    python scripts/read_conversations.py --read FILE               # the counts

FILE is tab-separated: conversation, what Klankbord said (flagged; of the others the likeliest and
the least likely), the probability, the turns, and an empty last column for the reader's verdict:
drop, none or unclear. A verdict is of the customer's own turns: neutraal or better somewhere, and
ontevreden or worse from a later turn to the end. FILE holds the data's texts: keep it to yourself.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from klankbord import tone
from klankbord.models import load_tone_model
from klankbord.schema import FEEDBACK, ShiftKind
from klankbord.shifts.conversation import converse
from klankbord.shifts.histories import gather
from klankbord.shifts.policy import Claims, keep
from translation_pairs import rows

MOST = 30  # of each kind to read
SAID = ("flagged", "not flagged, likeliest", "not flagged, least likely")
AS_OF = datetime(2025, 7, 1, tzinfo=UTC)
COLUMNS = ("conversation", "said", "probability", "turns", "verdict")


def feedback_of(path: Path) -> pa.Table:
    """Return the chats as feedback: a customer per conversation, a minute per turn."""
    start = AS_OF - timedelta(days=30)
    count: Counter[str] = Counter()
    records = []
    for row in rows(path):
        talk = row["conversation"]
        turn = count[talk]
        count[talk] += 1
        records.append(
            {
                "feedback_id": f"{talk}-{turn:04}",
                "source": "chats",
                "channel": "chat",
                "customer_id": talk,
                "author_role": row["sender"],
                "conversation_id": talk,
                "turn": turn,
                "verbatim": row["text"],
                "language": row["language"],
                "received_at": start + timedelta(minutes=turn),
                "attributes": "{}",
            }
        )
    return pa.Table.from_pylist(records, schema=FEEDBACK)


def write(data: Path, out: Path, tier: str, fdr: float) -> None:
    """Write the conversations to read."""
    feedback = feedback_of(data / "eval" / "service_chats_en_nl.tsv")
    scores = tone.score(feedback, load_tone_model(tier=tier))
    found = converse(gather(feedback, scores, AS_OF).pieces)
    claims = Claims(ShiftKind.GESPREK, found.customer, found.probability)
    flagged = keep(claims.probability, fdr)
    rest = sorted(
        set(range(len(claims.customer))) - set(flagged.tolist()),
        key=lambda at: -claims.probability[at],
    )
    names = gather(feedback, scores, AS_OF).customers.to_pylist()
    told: dict[str, list[str]] = {}
    tones = dict(zip(scores["feedback_id"].to_pylist(), scores["tone"].to_pylist(), strict=True))
    for row in feedback.to_pylist():
        who = "K" if row["author_role"] == "customer" else "M"
        level = tones.get(row["feedback_id"]) or "-"
        told.setdefault(row["customer_id"], []).append(f"{who} [{level}] {row['verbatim']}")
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        likely, unlikely = rest[: min(MOST, len(rest) // 2)], rest[-min(MOST, len(rest) // 2) :]
        for said, which in zip(SAID, (flagged[:MOST], likely, unlikely), strict=True):
            for at in which:
                name = names[claims.customer[at]]
                chance = f"{claims.probability[at]:.3f}"
                writer.writerow((name, said, chance, " / ".join(told[name]), ""))
    print(f"{len(claims.customer)} conversations judged, {len(flagged)} flagged")


def count(path: Path) -> None:
    """Print how many verdicts agree with what was said."""
    said: Counter[tuple[str, str]] = Counter()
    for row in rows(path):
        said[row["said"], row["verdict"].strip() or "not read"] += 1
    print("| Klankbord said | reader: drop | none | unclear | not read |")
    print("|---|---:|---:|---:|---:|")
    for kind in SAID:
        counts = [said[kind, verdict] for verdict in ("drop", "none", "unclear", "not read")]
        print(f"| {kind} | " + " | ".join(map(str, counts)) + " |")


def main() -> None:
    """Write or count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with eval/service_chats_en_nl.tsv")
    parser.add_argument("--out", type=Path, help="file to write, outside the repository")
    parser.add_argument("--read", type=Path, help="such a file with verdicts")
    parser.add_argument("--tier", default="cascade")
    parser.add_argument("--fdr", type=float, default=0.10)
    options = parser.parse_args()
    if options.read:
        count(options.read)
    elif options.data and options.out:
        write(options.data, options.out, options.tier, options.fdr)
    else:
        parser.error("give --data and --out, or --read")


if __name__ == "__main__":
    main()
