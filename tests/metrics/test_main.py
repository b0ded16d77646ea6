import numpy as np
import pytest

from klankbord.metrics import main_metric


@pytest.mark.parametrize(
    ("answers", "metric"),
    [
        ({"nps": 20, "stars": 900}, "nps"),
        ({"nps": 19, "stars": 900}, "stars"),
        ({"nps": 3}, "nps"),
        ({"stars": 5, "csat": 5}, "csat"),
        ({}, ""),
    ],
)
def test_main_metric(answers: dict[str, int], metric: str) -> None:
    given = np.array([name for name, count in answers.items() for _ in range(count)], dtype=object)
    assert main_metric(given) == metric
