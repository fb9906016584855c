import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from palette.recommendations.codes import sought


@given(
    st.lists(st.integers(-9, 9), max_size=12).map(sorted),
    st.lists(st.integers(-12, 12), max_size=9),
    st.sampled_from(["left", "right"]),
)
def test_a_search_in_the_part_that_holds_the_values_is_one_in_all(
    ordered: list[int], values: list[int], side: str
):
    ordered, values = (np.array(given, dtype=np.int64) for given in (ordered, values))
    assert_array_equal(sought(ordered, values, side), np.searchsorted(ordered, values, side=side))
