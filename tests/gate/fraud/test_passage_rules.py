"""Each rule over passages: what raises it, and the honest passages next to it that must not."""

from dataclasses import replace

import pytest

from gate.facts import BeamState, Fact, WeightStep
from gate.records import Passage, Severity
from gate.site.devices import Beam
from geofence.deck import Occupancy, OnDeck
from geofence.movement import Movement, MovementKind
from tests.gate.fraud.scene import (
    PLATE,
    Register,
    at,
    crossed,
    judge,
    passage,
    plate,
    rules_found,
    say,
    site,
    ticket,
    weighing,
)
from vision.facts import DeviceState, PlateColour, VehicleClass, VehicleColour, VehicleLook

LISTED = Register({PLATE: {"kind": "truck", "tare_kg": 15_000.0, "axles": 6, "colour": "yellow"}})


def test_an_honest_passage_raises_nothing() -> None:
    assert say(judge(LISTED), passage()) == []
    assert say(judge(LISTED), passage(closed=True)) == []


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("bypass", {"weighings": ()}),
        ("bypass", {"weighings": (weighing(None),)}),  # rolled over without standing still
        ("boundary", {"movements": (crossed(gate=None),)}),
        ("wrong_way", {"movements": (crossed(gate="entrance"),)}),
        (
            "wrong_way",
            {"movements": (Movement(at(9), "cam:1", MovementKind.AGAINST_LANE, "out", None, None, 4.0, 2000),)},
        ),
        ("unlisted_tanker", {"kind": VehicleClass.TANKER}),
        ("unread_plate", {"plates": (plate(confidence=0.4),), "closed": True}),
        ("unread_plate", {"plates": (), "closed": True}),
        ("cloned_plate", {"plates": (plate(colour=PlateColour.BLUE),)}),
        ("swapped_plate", {"plates": (plate(), plate("晋C90210", 0.95))}),
        ("no_ticket", {"tickets": ()}),
        ("no_ticket", {"tickets": (ticket("expired"),)}),
        ("reused_ticket", {"tickets": (ticket("used"),)}),
        ("crossed_ticket", {"tickets": (ticket(of="晋C90210"),)}),
        ("crossed_ticket", {"tickets": (ticket("other_site", where="west"),)}),
        ("goods_differ", {"weighings": (weighing(46_000),)}),  # 31 t net on a ticket of 30 t
        ("overload", {"weighings": (weighing(49_100),), "tickets": (ticket(tonnes=40),)}),
    ],
)
def test_what_raises_a_rule(rule: str, changes: dict[str, object]) -> None:
    assert rule in rules_found(say(judge(LISTED), passage(**changes)))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("bypass", {"kind": VehicleClass.CAR, "weighings": ()}),  # a car is not weighed
        ("bypass", {"weighings": (), "movements": (crossed("in", "entrance"),)}),
        ("bypass", {"weighings": (), "movements": ()}),  # still inside
        ("boundary", {"movements": (crossed(gate="exit"),)}),
        ("unlisted_tanker", {"kind": VehicleClass.TANKER, "plates": ()}),  # unread is not unlisted
        ("unread_plate", {"plates": ()}),  # the pass is not over
        ("unread_plate", {"plates": (), "closed": True, "end_ms": at(2)}),  # a glimpse
        ("swapped_plate", {"plates": (plate(), plate("晋B7788挂", 0.95))}),  # a trailer's own plate
        ("swapped_plate", {"plates": (plate(), plate("晋C90210", 0.5))}),  # not read surely
        ("no_ticket", {"tickets": (), "movements": ()}),  # has not left
        ("no_ticket", {"tickets": (), "kind": VehicleClass.CAR}),
        ("reused_ticket", {"tickets": (ticket("used"), ticket())}),  # an old one beside a valid one
        ("goods_differ", {"weighings": (weighing(45_060),)}),  # 60 kg over: under 3 e
        ("goods_differ", {"weighings": (weighing(45_500),)}),  # 500 kg of 30 t: within 2 % and 1 t
        ("overload", {"weighings": (weighing(49_060),)}),  # under 3 e over the limit
    ],
)
def test_what_does_not_raise_a_rule(rule: str, changes: dict[str, object]) -> None:
    assert rule not in rules_found(say(judge(LISTED), passage(**changes)))


def test_a_goods_vehicle_at_the_pump_must_be_listed() -> None:
    at_pump = passage(movements=(Movement(at(5), "cam:1", MovementKind.ENTERED, "pump"),))
    assert "restricted_refuel" in rules_found(say(judge(), at_pump))
    assert "restricted_refuel" not in rules_found(say(judge(LISTED), at_pump))


def test_a_vehicle_in_an_area_that_is_kept_clear_is_told_with_the_area_s_name() -> None:
    entered = Movement(at(5), "cam:1", MovementKind.ENTERED, "store", "in")
    (found,) = [f for f in say(judge(LISTED), passage(movements=(entered,))) if f.rule == "forbidden_area"]
    assert "炸药库" in found.zh
    assert "Magazine" in found.en
    elsewhere = replace(entered, shape="pump")
    assert "forbidden_area" not in rules_found(say(judge(LISTED), passage(movements=(elsewhere,))))


def test_a_finding_is_raised_once_and_withdrawn_when_a_late_weighing_comes() -> None:
    j = judge(LISTED)
    first = say(j, passage(weighings=()))
    assert [(f.rule, f.state, f.severity) for f in first] == [("bypass", "raised", Severity.SERIOUS)]
    assert say(j, passage(weighings=())) == []
    assert [(f.rule, f.state, f.id) for f in say(j, passage())] == [("bypass", "withdrawn", first[0].id)]


def test_findings_name_the_numbers_and_thresholds_that_decided() -> None:
    (finding,) = say(judge(LISTED), passage(weighings=(weighing(46_000),)))
    assert finding.numbers["over_kg"] == 1_000
    assert finding.thresholds["over_share"] == 0.02
    assert "46" not in finding.plate
    assert "31,000 kg" in finding.zh
    assert "31,000 kg" in finding.en


def looks(*, mine: OnDeck | None = None, others: int = 0, persons: tuple[str, ...] = ()) -> list[Occupancy]:
    """What the cameras saw on the deck over the second in which the weight was taken."""
    own = mine or on_deck("cam:1")
    vehicles = (own, *(on_deck(f"cam:{7 + i}") for i in range(others)))
    return [Occupancy(at(19 + i / 5), "deck", vehicles, persons) for i in range(6)]


def on_deck(key: str, off_m: float = 0.0) -> OnDeck:
    return OnDeck((key,), "truck", 1.0, 18.0 + off_m, 0.0, off_m, 0.05, 0.05)


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ("person_on_deck", looks(persons=("cam:9",))),
        ("two_on_deck", looks(others=1)),
        ("partly_on_deck", looks(mine=on_deck("cam:1", 0.6))),
        (None, looks()),
        (None, looks(mine=on_deck("cam:1", 0.15))),  # within 0.2 m
        (None, [*looks(persons=("cam:9",))[:3], *looks()[3:]]),  # stepped off before the weight was taken
    ],
)
def test_what_was_on_the_deck_while_the_weight_was_taken(rule: str | None, seen: list[Occupancy]) -> None:
    found = rules_found(judge(LISTED).take([], [passage()], at(60), seen))
    assert found == ({rule} if rule else set())


def test_a_finding_stands_when_its_deck_is_long_forgotten() -> None:
    j = judge(LISTED)
    assert rules_found(j.take([], [passage()], at(60), looks(persons=("cam:9",)))) == {"person_on_deck"}
    later = [Occupancy(at(100 + i), "deck") for i in range(3_100)]
    assert j.take([], [passage(closed=True)], at(4_000), later) == []


BEAMS = {
    "beams": (
        Beam(id="near", start=(1, 5), end=(7, 5), scale="s1"),
        Beam(id="far", start=(1, 23), end=(7, 23), scale="s1"),
    )
}


def barriers(*broken: str, t_s: float = 10) -> list[Fact]:
    """What the light barriers at the deck's ends last said before the weight was taken."""
    return [BeamState(at(t_s), name, name in broken) for name in ("near", "far")]


@pytest.mark.parametrize(
    ("said", "sigma_m", "found"),
    [
        (barriers("far"), 1.5, {"far"}),  # no camera can tell, but it stands in the beam
        (barriers("far"), 0.05, set()),  # the camera sees it wholly on: somebody else stands in the beam
        (barriers(), 1.5, set()),
        ([*barriers("far"), *barriers(t_s=19.5)], 1.5, set()),  # free again before the weight was taken
        ([*barriers("far"), DeviceState(at(18), "far", "lost")], 1.5, set()),  # nobody reads it any more
        ([], 1.5, set()),
    ],
)
def test_who_stands_in_a_light_barrier_while_weighed_may_not_be_wholly_on(
    said: list[Fact], sigma_m: float, found: set[str]
) -> None:
    mine = OnDeck(("cam:1",), "truck", 1.0, 17.5, 0.0, 0.0, sigma_m, sigma_m, deck_m=18.0)
    got = judge(LISTED, site().model_copy(update=BEAMS)).take(said, [passage()], at(60), looks(mine=mine))
    assert {e for f in got if f.rule == "partly_on_deck" for e in f.evidence if e != "cam:1"} == found


def test_free_light_barriers_at_both_ends_speak_against_an_axle_off() -> None:
    mine = OnDeck(("cam:1",), "truck", 1.0, 17.5, 0.0, 0.0, 1.5, 1.5, deck_m=18.0)
    fuller = replace(weighing(), steps=(WeightStep(at(12), 0.0, 40_000.0), WeightStep(at(25), 40_000.0, 47_000.0)))
    for said, found in (([], True), (barriers(), False), (barriers()[:1], True)):
        j = judge(LISTED, site().model_copy(update=BEAMS))
        got = rules_found(j.take(said, [passage(weighings=(fuller,))], at(60), looks(mine=mine)))
        assert ("partly_on_deck" in got) is found


@pytest.mark.parametrize(
    ("fuller_kg", "sigma_m", "found"), [(47_000, 1.5, True), (47_000, 0.05, False), (40_500, 1.5, False)]
)
def test_an_axle_off_that_no_camera_sees_is_told_by_the_weight_rolling_over(
    fuller_kg: float, sigma_m: float, found: bool
) -> None:
    mine = OnDeck(("cam:1",), "truck", 1.0, 17.5, 0.0, 0.0, sigma_m, sigma_m, deck_m=18.0)
    steps = (WeightStep(at(12), 0.0, 40_000.0), WeightStep(at(25), 40_000.0, fuller_kg))
    rolled = replace(weighing(), steps=steps)
    got = rules_found(judge(LISTED).take([], [passage(weighings=(rolled,))], at(60), looks(mine=mine)))
    assert ("partly_on_deck" in got) is found


def curve(*plateaus: tuple[float, float, float]) -> tuple[tuple[int, float], ...]:
    return tuple((at(a + i / 10), kg) for a, b, kg in plateaus for i in range(round((b - a) * 10)))


@pytest.mark.parametrize(("jump_kg", "found"), [(500, True), (-500, True), (100, False)])
def test_a_jump_while_the_vehicle_stands_still(jump_kg: float, found: bool) -> None:
    still = (
        Movement(at(12), "cam:1", MovementKind.STOPPED),
        Movement(at(30), "cam:1", MovementKind.MOVED_OFF),
        crossed(),
    )
    jumping = replace(weighing(), curve=curve((10, 20, 40_000.0), (20, 32, 40_000.0 + jump_kg)))
    got = rules_found(say(judge(LISTED), passage(movements=still, weighings=(jumping,))))
    assert ("remote_control" in got) is found


STOOD = (Movement(at(12), "cam:1", MovementKind.STOPPED), Movement(at(30), "cam:1", MovementKind.MOVED_OFF), crossed())


def stood_at(start_m: float, moved_m: float = 0.0, sigma_m: float = 0.4) -> list[Occupancy]:
    """A truck of 17 m seen on the 18 m deck from 12 to 30 s; its start from 20 s on lies elsewhere."""
    return [
        Occupancy(
            at(t), "deck", (OnDeck(("cam:1",), "truck", m, m + 17, -min(m, 0.0), 0.0, sigma_m, 2.0, deck_m=18.0),)
        )
        for t, m in ((12 + i / 5, start_m + moved_m * (i >= 40)) for i in range(90))
    ]


@pytest.mark.parametrize(
    ("said", "seen", "found"),
    [
        (barriers(), stood_at(0.6), True),
        (barriers(), stood_at(0.6, -0.3), True),  # within what the cameras may be wrong
        (barriers(), stood_at(2.6, -1.6), False),  # it rolled on: an axle came with it
        (barriers(), stood_at(2.6, -1.6, sigma_m=1.8), True),  # so far off that nobody can tell
        (barriers(), stood_at(-1.2), False),  # half on an edge
        (barriers("far"), stood_at(0.6), False),  # in the light barrier at the deck's end
        ([*barriers("far"), *barriers(t_s=20.1)], stood_at(0.6), False),  # until the axle was on
        ([*barriers("far"), *barriers(t_s=15)], stood_at(0.6), True),  # long before
        (barriers(), [], True),
    ],
)
def test_an_axle_that_rolls_on_or_stands_on_an_edge_is_no_remote_control(
    said: list[Fact], seen: list[Occupancy], *, found: bool
) -> None:
    jumping = replace(weighing(), curve=curve((10, 20, 40_000.0), (20, 32, 47_000.0)))
    j = judge(LISTED, site().model_copy(update=BEAMS))
    got = rules_found(j.take(said, [passage(movements=STOOD, weighings=(jumping,))], at(60), seen))
    assert ("remote_control" in got) is found


def test_a_jump_whose_looks_are_kept_no_more_is_not_told_anew() -> None:
    jumping = passage(movements=STOOD, weighings=(replace(weighing(), curve=curve((10, 20, 0.0), (20, 32, 500.0))),))
    for seen, found in (([Occupancy(at(100), "deck")], False), ([Occupancy(at(5), "deck")], True)):
        assert ("remote_control" in rules_found(judge(LISTED).take([], [jumping], at(120), seen))) is found


def test_axles_that_roll_off_behind_a_nose_that_stands_still_in_the_picture_are_no_jump() -> None:
    movements = (
        Movement(at(12), "cam:1", MovementKind.STOPPED),
        Movement(at(18), "cam:1", MovementKind.LEFT, "deck"),
        Movement(at(18.2), "cam:1", MovementKind.MOVED_OFF),
        Movement(at(20), "cam:1", MovementKind.STOPPED),  # cut off by the picture's edge, its box stands still
        Movement(at(30), "cam:1", MovementKind.MOVED_OFF),
        crossed(),
    )
    rolling = replace(weighing(), curve=curve((10, 22, 40_000.0), (22, 32, 30_000.0)))
    assert "remote_control" not in rules_found(say(judge(LISTED), passage(movements=movements, weighings=(rolling,))))


def test_a_plate_barely_guessed_at_on_another_vehicle_is_no_clone() -> None:
    for confidence, found in ((0.95, True), (0.3, False)):
        j = judge(LISTED)
        other = passage(id="east-0", plates=(plate(confidence=confidence),), closed=True)
        say(j, replace(other, start_ms=at(10), end_ms=at(40)))
        assert ("cloned_plate" in rules_found(say(j, passage(plates=(plate(confidence=0.95),))))) is found


@pytest.mark.parametrize(
    ("look", "kg", "found"),
    [
        (VehicleLook(axles=6, axles_confidence=0.96, looks=4), 49_100, True),
        (VehicleLook(axles=6, axles_confidence=0.7, looks=4), 49_100, False),  # not counted surely
        (VehicleLook(axles=4, axles_confidence=0.96, looks=4), 31_050, False),  # under 3 e over the limit
        (VehicleLook(looks=4), 60_000, False),
        (None, 60_000, False),
    ],
)
def test_axles_the_camera_counts_stand_in_for_the_register(look: VehicleLook | None, kg: float, *, found: bool) -> None:
    said = say(judge(Register()), passage(weighings=(weighing(kg),), tickets=(ticket(tonnes=60),), look=look))
    assert ("overload" in rules_found(said)) is found


@pytest.mark.parametrize(
    ("colour", "confidence", "looks", "found"),
    [
        (VehicleColour.BLUE, 0.95, 4, True),
        (VehicleColour.ORANGE, 0.95, 4, False),  # red in another light
        (VehicleColour.RED, 0.95, 4, False),
        (VehicleColour.BLUE, 0.7, 4, False),
        (VehicleColour.BLUE, 0.95, 1, False),  # a glimpse
        (None, 0.0, 4, False),
    ],
)
def test_a_vehicle_of_another_colour_than_registered_is_a_clone(
    colour: VehicleColour | None, confidence: float, looks: int, *, found: bool
) -> None:
    register = Register({PLATE: {"kind": "truck", "body": "red"}})
    said = say(judge(register), passage(look=VehicleLook(colour, confidence, looks=looks)))
    assert ("cloned_plate" in rules_found(said)) is found


@pytest.mark.parametrize(("listed", "found"), [("tanker", False), ("car", True), ("truck", False), ("", False)])
def test_a_tanker_on_a_cars_plate_is_a_clone(listed: str, *, found: bool) -> None:
    register = Register({PLATE: {"kind": listed}})
    assert ("cloned_plate" in rules_found(say(judge(register), passage(kind=VehicleClass.TANKER)))) is found


def visits(kgs: list[float], *, left: bool) -> list[Passage]:
    """Closed earlier visits of the plate, one an hour."""
    way = (crossed("out"),) if left else (crossed("in", "entrance"),)
    return [
        replace(
            passage(movements=way, weighings=(weighing(kg),), closed=True, id=f"east-past-{i}"),
            start_ms=at(-3600 * (len(kgs) - i)),
            end_ms=at(-3600 * (len(kgs) - i) + 60),
        )
        for i, kg in enumerate(kgs)
    ]


def test_a_padded_tare_stands_out_from_the_plates_own_history() -> None:
    arriving = passage(movements=(crossed("in", "entrance"),), tickets=())
    for kg, found in ((15_400, True), (15_060, False)):
        j = judge(LISTED)
        say(j, *visits([15_000, 15_020, 14_980, 15_000], left=False))
        assert ("tare_padding" in rules_found(say(j, replace(arriving, weighings=(weighing(kg),))))) is found


def test_one_load_weighed_twice_without_leaving() -> None:
    again = passage(movements=(), id="east-2")
    for left, found in ((False, True), (True, False)):
        j = judge(LISTED)
        say(j, *visits([40_000], left=left))
        assert ("repeat_weighing" in rules_found(say(j, again))) is found


@pytest.mark.parametrize(
    ("kg", "tonnes", "found"),
    [(25_500, 32, True), (25_500, 10, False), (38_000, 32, False)],
)
def test_half_of_what_a_plate_always_takes_out_on_a_full_ticket_is_a_bridge(
    kg: float, tonnes: float, found: bool
) -> None:
    j = judge(LISTED)
    say(j, *visits([47_500, 47_480, 47_520], left=True))
    leaving = passage(weighings=(weighing(kg),), tickets=(ticket(tonnes=tonnes),))
    assert ("bridging" in rules_found(say(j, leaving))) is found


def test_a_vehicle_that_never_came_where_plates_are_read_has_hidden_none() -> None:
    hidden = passage(plates=(), weighings=(), closed=True)
    assert "unread_plate" in rules_found(say(judge(LISTED), hidden))
    far = replace(hidden, movements=(crossed(gate=None),))
    assert "unread_plate" not in rules_found(say(judge(LISTED), far))


def test_who_offends_again_within_a_month_weighs_more() -> None:
    def offence(number: int, day: int) -> Passage:
        went = passage(id=f"east-{number}", weighings=(), closed=True)
        return replace(went, start_ms=at(day * 86_400), end_ms=at(day * 86_400 + 55))

    j = judge(LISTED)
    days = (0, 3, 20, 70)
    found = [say(j, offence(n, day), t_s=day * 86_400 + 60)[0] for n, day in enumerate(days)]
    assert [f.severity for f in found] == [Severity.SERIOUS, Severity.CRITICAL, Severity.CRITICAL, Severity.SERIOUS]
    assert [f.numbers.get("earlier_offences") for f in found] == [None, 1.0, 2.0, None]
    assert "no. 3 in 30 days" in found[2].en


def test_one_bad_look_at_the_plate_takes_back_nothing() -> None:
    judged = judge()
    assert "unlisted_tanker" in rules_found(say(judged, passage(kind=VehicleClass.TANKER)))
    blurred = passage(kind=VehicleClass.TANKER, plates=(plate(confidence=0.5),))
    assert say(judged, blurred) == []
    over = say(judged, replace(blurred, closed=True))
    assert [(f.rule, f.state) for f in over if f.rule == "unlisted_tanker"] == [("unlisted_tanker", "withdrawn")]


def test_a_plate_that_may_be_one_of_several_is_to_be_looked_at() -> None:
    found = say(judge(LISTED), passage(alike=("晋A31564",), closed=True))
    doubt = next(f for f in found if f.rule == "unread_plate")
    assert PLATE in doubt.zh
    assert "晋A31564" in doubt.zh
    assert not {"no_ticket", "crossed_ticket", "goods_differ"} & rules_found(found)
