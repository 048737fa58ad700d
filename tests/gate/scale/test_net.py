import pytest

from gate.errors import ScaleError
from gate.facts import Weighing
from gate.scale.net import StoredTare, error_limit_kg, net_of_stored, net_of_two

DAY = 86_400_000


def weighing(number: int, start_ms: int, kg: float | None) -> Weighing:
    return Weighing(start_ms + 9, "s1", number, start_ms, kg, None if kg is None else start_ms + 5, kg or 0, (), ())


@pytest.mark.parametrize(("kg", "limit"), [(0, 20), (10_000, 20), (10_020, 40), (40_000, 40), (40_020, 60)])
def test_the_limits_are_those_in_service(kg: float, limit: float) -> None:
    assert error_limit_kg(kg, 20) == limit


def test_two_weighings_give_the_load_whichever_came_first() -> None:
    out = net_of_two(weighing(1, 0, 15_240), weighing(2, DAY, 48_620), 20)
    assert (out.net_kg, out.direction, out.tare_ms, out.error_kg) == (33_380, "out", 5, 100)
    brought = net_of_two(weighing(2, DAY, 15_240), weighing(1, 0, 48_620), 20)
    assert (brought.net_kg, brought.direction, brought.method) == (33_380, "in", "two_weighings")


def test_a_stored_tare_counts_while_it_is_fresh() -> None:
    tare = StoredTare(15_240, 0)
    assert net_of_stored(weighing(1, DAY, 48_620), tare, 20, largest_age_ms=2 * DAY).net_kg == 33_380
    for start_ms in (3 * DAY, -DAY):
        with pytest.raises(ScaleError, match="days old"):
            net_of_stored(weighing(1, start_ms, 48_620), tare, 20, largest_age_ms=2 * DAY)
    with pytest.raises(ScaleError, match="no load"):
        net_of_stored(weighing(1, DAY, 15_280), tare, 20, largest_age_ms=2 * DAY)


@pytest.mark.parametrize(
    ("a", "b", "message"), [(None, 100.0, "weighing 1"), (100.0, None, "weighing 2"), (5, 60, "3 e")]
)
def test_what_makes_no_load_is_refused(a: float | None, b: float | None, message: str) -> None:
    with pytest.raises(ScaleError, match=message):
        net_of_two(weighing(1, 0, a), weighing(2, DAY, b), 20)
    if a is None:
        with pytest.raises(ScaleError, match="no stable weight"):
            net_of_stored(weighing(1, 0, a), StoredTare(1, 0), 20, largest_age_ms=DAY)
