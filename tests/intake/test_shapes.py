"""The shape of a household: one serializer of the process checks those of all threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.utils import translation

from bench.world import family
from intake.api.serializers import HouseholdInputSerializer, household_input, household_sent


def test_threads_do_not_mix_their_households() -> None:
    """Each finds what a serializer of its own finds."""

    def expected(number: int) -> Any:
        typed = HouseholdInputSerializer(data=sent[number])
        typed.is_valid(raise_exception=True)
        return household_input(typed.validated_data)

    sent = [family(number) for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(household_sent, sent))
    assert found == [(expected(number), None) for number in range(60)]


def test_one_household_leaves_nothing_to_the_next() -> None:
    """Lists that were not sent are new ones."""
    bare = {**family(1), "phones": ["+93700000001"]}
    first, _ = household_sent(bare)
    assert first is not None
    first.phones.append("+93700000002")  # type: ignore[attr-defined]
    without = {key: bare[key] for key in bare if key != "phones"}
    for _again in range(2):
        other, _ = household_sent(without)
        assert other is not None
        assert list(other.phones) == []
        other.phones.append("+93700000003")  # type: ignore[attr-defined]


def test_problems_are_told_in_the_language_of_each_request() -> None:
    """Nothing of an earlier language is kept."""
    wrong = {**family(1), "phones": ["1" * 60]}
    texts = []
    for language in ("en", "ru", "en"):
        with translation.override(language):
            found, problems = household_sent(wrong)
            assert found is None
            texts.append(str(problems["phones"][0][0]))
    assert texts[0] == texts[2] != texts[1]


def test_what_is_no_household_is_a_problem() -> None:
    """A list, a text and nothing at all: as the serializer alone says it."""
    for wrong in ([], "x", None, 3, {}):
        typed = HouseholdInputSerializer(data=wrong)
        assert not typed.is_valid()
        assert household_sent(wrong) == (None, typed.errors)
