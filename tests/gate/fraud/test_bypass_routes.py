"""By which gate, boundary or exit a vehicle left unweighed, as the site file's shapes say."""

import pytest

from gate.records import Finding
from gate.site import parse_site
from geofence.movement import Movement, MovementKind
from tests.gate.fraud.scene import SITE, at, crossed, judge, passage

INNER = """  - {id: inner, ground: [[20, 3], [-10, 3]], perimeter: false}
scales:"""
NO_FENCE = (
    SITE[: SITE.index("boundaries:")]
    + "  - {id: road, kind: exit, ground: [[0, 28], [10, 28], [10, 40], [0, 40]]}\n"
    + SITE[SITE.index("scales:") :]
)
INSIDE = Movement(at(5), "cam:1", MovementKind.ENTERED, "pump", "in")


def bypass(site: str, *movements: Movement) -> list[Finding]:
    told = judge(where=parse_site(site)).take([], [passage(movements=movements, weighings=())], at(60))
    return [f for f in told if f.rule == "bypass"]


@pytest.mark.parametrize(
    ("movement", "words"),
    [
        (crossed(), "through exit"),
        (crossed(gate="entrance"), "through the entrance entrance"),
        (crossed(gate=None), "over fence, where there is no gate"),
    ],
)
def test_the_way_out_is_named(movement: Movement, words: str) -> None:
    (finding,) = bypass(SITE, INSIDE, movement)
    assert words in finding.en
    assert finding.numbers["inside_s"] == 45.0  # since it was at the pump


def test_a_line_inside_the_site_is_no_way_out() -> None:
    over = Movement(at(50), "cam:1", MovementKind.CROSSED, "inner", "out")
    assert bypass(SITE.replace("scales:", INNER), INSIDE, over) == []


def test_who_came_back_has_not_left() -> None:
    assert bypass(SITE, crossed(), crossed("in", t_s=52)) == []


def test_a_site_without_a_fence_is_left_by_its_exit_zone() -> None:
    (finding,) = bypass(NO_FENCE, INSIDE, Movement(at(50), "cam:1", MovementKind.ENTERED, "road", "in"))
    assert "by the exit road" in finding.en
