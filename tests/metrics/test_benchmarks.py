import re
from datetime import date

import pytest

from klankbord.metrics.benchmarks import UnknownSectorError, contradictions, sector


@pytest.mark.parametrize(
    ("name", "retention"),
    [
        ("all", 75.5),
        ("media", 84),
        ("professional-services", 84),
        ("automotive-transport", 83),
        ("finance", 78),
        ("software", 77),
        ("hospitality", 55),
        ("e-commerce", 30),
    ],
)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_the_texts_say_of_sectors(name: str, retention: float, language: str):
    claims = sector(name, language)
    assert claims[0].low == claims[0].high == retention
    assert {claim.sector for claim in claims} == {name}


def test_a_sector_by_its_dutch_name_or_an_unknown_one():
    assert sector(" Horeca", "nl") == sector("hospitality", "nl")
    with pytest.raises(UnknownSectorError) as caught:
        sector("kapper", "nl")
    assert "software" in caught.value.known


@pytest.mark.parametrize("language", ["nl", "en"])
def test_claims_that_contradict_each_other_are_all_there(language: str):
    by_topic: dict[str, set[tuple[float | None, float | None, str]]] = {}
    for claim in contradictions(language):
        assert claim.source
        assert claim.date == "" or re.fullmatch(r"\d{4}(-\d\d-\d\d)?", claim.date)
        if len(claim.date) == 10:
            date.fromisoformat(claim.date)
        by_topic.setdefault(claim.topic, set()).add((claim.low, claim.high, claim.remark))
    assert all(len(said) > 1 for said in by_topic.values())
    ends = {claim[:2] for claim in by_topic["acquisition_cost"]}
    assert ends == {(5, 25), (5, 5), (5, 7)}
    assert {claim[0] for claim in by_topic["left_for_indifference"]} == {68, 70}
    assert "churn_definition" in by_topic
