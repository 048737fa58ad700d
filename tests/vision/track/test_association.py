"""The assignment is the cheapest there is, as SciPy's own finds it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from vision.track.association import assign

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(SIZES.flatmap(lambda s: arrays(np.float64, s, elements=st.floats(0, 4, width=32))))
def test_the_sum_is_the_least(costs: np.ndarray) -> None:
    pairs = assign(costs, np.ones(costs.shape, dtype=bool))
    rows, columns = linear_sum_assignment(costs)
    assert len(pairs) == min(costs.shape)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    assert sum(costs[p] for p in pairs) == pytest.approx(costs[rows, columns].sum(), abs=1e-6)


@given(
    SIZES.flatmap(lambda s: st.tuples(arrays(np.float64, s, elements=st.floats(0, 4, width=32)), arrays(np.bool_, s)))
)
def test_what_is_forbidden_is_never_paired_and_all_that_can_be_is(made: tuple[np.ndarray, np.ndarray]) -> None:
    costs, allowed = made
    pairs = assign(costs, allowed)
    assert all(allowed[p] for p in pairs)
    rows, columns = linear_sum_assignment(np.where(allowed, costs, 1e6))
    assert len(pairs) == int(allowed[rows, columns].sum())


def test_nothing_with_nothing() -> None:
    assert assign(np.zeros((0, 3)), np.ones((0, 3), dtype=bool)) == []
    assert assign(np.zeros((3, 0)), np.ones((3, 0), dtype=bool)) == []
