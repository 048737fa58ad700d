"""Whose a box is that is nobody's by its key."""

import numpy as np

from geofence.reunion import Memory, Pairs, surprise

SIZE_PX = 60.0


def pairs(sizes_away, gaps_ms, *, sizes_per_s=0.0, known=False, own=False):
    """Boxes to the right of where vehicles vanished that drove to the right."""
    count = len(gaps_ms)
    away = np.array(sizes_away, float) * SIZE_PX
    whole = np.full(count, SIZE_PX)
    return Pairs(
        offset=np.column_stack([away, np.zeros(count)]),
        velocity=np.tile([sizes_per_s * SIZE_PX / 1000, 0.0], (count, 1)),
        gap_ms=np.array(gaps_ms),
        size=whole,
        before=whole,
        known=np.full(count, known),
        own=np.full(count, own),
        alike=np.ones(count, bool),
    )


def test_nearby_it_is_who_vanished_last():
    far = surprise(pairs([1.0, 1.0], [500, 1_500]), Memory())
    assert far[1] < far[0]  # so soon nobody is likely to be that far off
    near = surprise(pairs([0.1, 0.1, 0.1], [500, 1_500, 2_900]), Memory())
    assert near[0] < near[1] < near[2]


def test_missing_longer_does_not_make_up_for_being_farther_off():
    odd = surprise(pairs([2.38, 2.74], [2_267, 2_934]), Memory())
    assert odd[0] < odd[1]


def test_one_that_was_slow_may_have_stopped_since():
    carried, stopped = surprise(pairs([1.4, 0.15], [2_333, 2_333], sizes_per_s=0.6), Memory())
    between = surprise(pairs([0.7], [2_333], sizes_per_s=0.6), Memory())
    assert np.isclose(carried, stopped, atol=0.1)
    assert between > carried


def test_one_that_was_fast_cannot_have_stopped_at_once():
    odd = surprise(pairs([4.0, 2.0], [1_000, 1_000], sizes_per_s=4.0), Memory())
    assert odd[0] < odd[1]


def test_what_is_too_far_too_late_or_unlike_is_not_believed():
    assert np.isinf(surprise(pairs([6.0, 0.7, 0.0], [3_000, 3_001, 120_001]), Memory())).all()
    assert np.isfinite(surprise(pairs([0.5], [120_000]), Memory())).all()
    assert np.isinf(surprise(pairs([0.0], [3_001], sizes_per_s=0.5), Memory())).all()


def test_a_key_goes_to_another_only_very_near_to_that_and_rather_stays_with_its_own():
    assert np.isinf(surprise(pairs([0.7], [1_000], known=True), Memory())).all()
    other = surprise(pairs([0.5], [1_000], known=True), Memory())
    own = surprise(pairs([0.5], [1_000], known=True, own=True), Memory())
    assert own < other
