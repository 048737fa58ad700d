import pytest

from gate.scale.plausibility import FactorWatch
from tests.gate.scale.curves import truck


def told(levels: list[float]) -> list[str]:
    watch, t_ms, out = FactorWatch(20), 0, []
    for kg in levels:
        for _ in range(20):
            t_ms += 100
            said = watch.update(t_ms, kg)
            out += [said] if said else []
    return out


@pytest.mark.parametrize(
    ("after", "word"),
    [
        (4862.0, "decimal"),
        (486_200.0, "decimal"),
        (48.62, "tonnes"),
        (48620 * 2.2046226218, "pounds"),
        (22_053.66, "pounds"),
    ],
)
def test_a_changed_unit_or_decimal_place_is_told_once(after: float, word: str) -> None:
    (said,) = told([0, 48620, after])
    assert word in said


@pytest.mark.parametrize("after", [0, 24_310.0, 48_640, 49_120, 97_240, -48_620])
def test_other_changes_are_not(after: float) -> None:
    assert told([0, 48620, after]) == []


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_truck_is_not(seed: int) -> None:
    watch = FactorWatch(20)
    samples = truck([6500.0, 9000, 9000, 8200, 8200, 8200], [0.0, 3.3, 4.65, 10.4, 11.71, 13.02], seed=seed)
    assert [s for s in samples if watch.update(s.t_ms, s.kg)] == []
