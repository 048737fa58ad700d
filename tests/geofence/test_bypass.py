"""Bypass, from movements and weighings alone."""

from geofence.bypass import Topology, bypasses, departures
from geofence.movement import Movement, MovementKind
from geofence.shapes import BoundaryShape, GateShape, Shapes, ZoneShape

FENCE = BoundaryShape(
    "围墙",
    ((0.0, 0.0), (40.0, 0.0)),
    1.0,
    gates=(GateShape("出口", "exit", (2.0, 0.0), (8.0, 0.0)), GateShape("入口", "entrance", (12.0, 0.0), (18.0, 0.0))),
)
YARD = ZoneShape("院", "inside", ((0.0, 0.0), (40.0, 0.0), (40.0, 40.0)))
EXIT = ZoneShape("口外", "exit", ((0.0, -9.0), (9.0, -9.0), (9.0, 0.0)))
SITE = Topology.of(Shapes((YARD, EXIT), (FENCE,)))


def crossed(t_ms, direction, gate=None, shape="围墙"):
    return Movement(t_ms, "c:1", MovementKind.CROSSED, shape, direction, gate)


def entered(t_ms, shape="院"):
    return Movement(t_ms, "c:1", MovementKind.ENTERED, shape)


def test_in_and_out_without_weighing():
    [found] = bypasses([crossed(0, "in", "入口"), crossed(90_000, "out", "出口")], [], SITE)
    assert (found.inside_ms, found.transit_ms, found.departure.gate) == (0, 90_000, "出口")
    assert not found.beside_gate
    assert not found.against_use


def test_weighed_between_is_no_bypass():
    assert bypasses([crossed(0, "in"), crossed(90_000, "out")], [50_000], SITE) == []


def test_weighed_before_or_after_does_not_help():
    assert len(bypasses([crossed(10_000, "in"), crossed(90_000, "out")], [5_000, 95_000], SITE)) == 1


def test_every_visit_is_judged_by_its_own_weighing():
    visits = [crossed(0, "in"), crossed(10_000, "out"), crossed(20_000, "in"), crossed(30_000, "out")]
    assert [b.inside_ms for b in bypasses(visits, [5_000], SITE)] == [20_000]


def test_seen_in_the_yard_is_seen_inside():
    [found] = bypasses([entered(1_000), crossed(9_000, "out")], [], SITE)
    assert found.beside_gate
    [found] = bypasses([crossed(9_000, "out", "入口"), entered(1_000)], [], SITE)
    assert found.against_use


def test_only_seen_leaving_says_nothing():
    assert bypasses([crossed(9_000, "out")], [], SITE) == []
    assert len(departures([crossed(9_000, "out")], SITE)) == 1


def test_a_boundary_within_the_site_is_no_way_out():
    inner = BoundaryShape("料棚", ((0.0, 20.0), (40.0, 20.0)), 1.0, perimeter=False)
    topology = Topology.of(Shapes((YARD,), (FENCE, inner)))
    assert bypasses([entered(0), crossed(9_000, "out", shape="料棚")], [], topology) == []


def test_without_a_perimeter_the_exit_zone_is_the_way_out():
    topology = Topology.of(Shapes((YARD, EXIT)))
    [found] = bypasses([entered(0), entered(9_000, "口外")], [], topology)
    assert found.departure.through == "口外"
    assert bypasses([entered(0), entered(9_000, "口外")], [], SITE) == []
