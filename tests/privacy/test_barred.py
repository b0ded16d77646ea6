import pyarrow as pa
import pytest

from klankbord.privacy import Barred, Pseudonymiser
from klankbord.schema import CUSTOMERS, FEEDBACK, conform

KEY = Pseudonymiser(b"k" * 32)
ROWS = [
    ("f1", "K-A", "G-1"),
    ("f2", None, "G-1"),  # what was said to them
    ("f3", "K-A", None),
    ("f4", "K-B", "G-2"),
    ("f5", None, "G-2"),
    ("f6", "K-A", "G-3"),
    ("f7", "K-B", "G-3"),
    ("f8", None, "G-3"),  # what was said to both
    ("f9", None, None),
]


def let_in(*names: str) -> tuple[str, list[str]]:
    """Return the feedback and the customers that may be stored, where `names` are barred."""
    ids, customers, talks = zip(*ROWS, strict=True)
    rest = {"source": "s", "channel": "chat", "author_role": "customer", "verbatim": "x",
            "attributes": "{}"}  # fmt: skip
    feedback = pa.table(
        {"feedback_id": ids, "customer_id": customers, "conversation_id": talks}
        | {name: [value] * len(ids) for name, value in rest.items()}
    )
    people = pa.table({"customer_id": ["K-A", "K-B"], "attributes": ["{}", "{}"]})
    feedback, people = conform(feedback, FEEDBACK), conform(people, CUSTOMERS)
    masks = Barred(map(KEY.bar_hash, names), KEY).masks(feedback, people)
    kept = feedback.filter(masks[0])["feedback_id"].to_pylist()
    return "".join(kept).replace("f", ""), people.filter(masks[1])["customer_id"].to_pylist()


def test_a_customer_and_what_was_said_to_them_alone():
    assert let_in("K-A") == ("45789", ["K-B"])


def test_feedback_without_its_customer():
    assert let_in("f9", "f4") == ("123678", ["K-A", "K-B"])


@pytest.mark.parametrize("names", [(), ("K-C",), ("G-1",), ("",)])
def test_nobody_else(names):
    assert let_in(*names) == ("123456789", ["K-A", "K-B"])


def test_without_the_key_a_hash_tells_nothing():
    assert KEY.bar_hash("K-A") != Pseudonymiser(b"o" * 32).bar_hash("K-A")
    assert "K-A" not in KEY.bar_hash("K-A")
