from typing import Any

import pytest
import traitlets as t

from weightwidgets.widgets._range import SelectedRange, ValueRange, as_range

NO_RANGES: list[Any] = [
    "half", "ab", 3, (1,), (1, 2, 3), (2, 1), (0, float("inf")), (float("nan"), 1), ("a", "b"), (0, 10**400)
]  # fmt: skip


class Ranges(t.HasTraits):
    value_range = ValueRange()
    selected_range = SelectedRange()


@pytest.mark.parametrize("given", [(0, 1), [0, 1], (0.0, 1.0)])
def test_two_numbers_become_a_pair_of_floats(given: Any) -> None:
    ranges = Ranges(value_range=given, selected_range=given)
    assert ranges.value_range == ranges.selected_range == (0.0, 1.0)
    assert [type(bound) for bound in ranges.value_range] == [float, float]


@pytest.mark.parametrize("wrong", NO_RANGES, ids=repr)
def test_what_is_no_range_is_refused_with_a_sentence_and_the_last_range_stays(wrong: Any) -> None:
    ranges = Ranges(value_range=(0, 1), selected_range=(0, 1))
    with pytest.raises(t.TraitError, match="two finite numbers in order"):
        ranges.value_range = wrong
    with pytest.raises(t.TraitError, match="two finite numbers in order"):
        ranges.selected_range = wrong
    assert ranges.value_range == ranges.selected_range == (0.0, 1.0)


def test_a_value_range_has_names_and_a_selected_range_may_be_none() -> None:
    ranges = Ranges()
    assert (ranges.value_range, ranges.selected_range) == ("full", None)
    ranges.value_range = "central"
    assert ranges.value_range == "central"
    for name, wrong in [("value_range", None), ("selected_range", "full")]:
        with pytest.raises(t.TraitError):
            setattr(ranges, name, wrong)


def test_a_range_of_one_point_is_a_range() -> None:
    assert as_range((0.5, 0.5)) == (0.5, 0.5)
