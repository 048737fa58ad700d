"""A plate one character off another that belongs here: said, never an accusation by itself."""

from dataclasses import replace

import pytest

from gate.facts import TicketUse
from gate.fraud.history import History
from gate.fraud.passage_facts import known_plate
from gate.judging.identity import AS_READ, Identity, identify
from gate.records import Passage
from geofence.movement import MovementKind
from tests.gate.fraud.scene import Register, crossed, judge, passage, plate, rules_found, say
from vision.facts import PlateColour, PlateReading, VehicleClass

READ, OTHER, THIRD = "晋A3156A", "晋A31564", "晋A31569"  # A and 4 look alike, A and 9 do not
TRAILER = PlateReading("晋K0042挂", PlateColour.YELLOW, 2, 0.97, frames=9)


def came(of: str, *, trailer: bool = False, left: bool = False, kind: VehicleClass = VehicleClass.TRUCK) -> Passage:
    plates = (plate(of), *([TRAILER] if trailer else []))
    way = crossed("out" if left else "in", t_s=-900)
    return passage(
        id=f"in-{of}", start_ms=crossed(t_s=-960).t_ms, end_ms=way.t_ms, plates=plates, movements=(way,), kind=kind
    )


def leaving(text: str = READ, *, confidence: float = 0.97, read_by: int = 1, **changes: object) -> Passage:
    return passage(plates=(plate(text, confidence), TRAILER), tickets=(), read_by=read_by, **changes)


def who(seen: Passage, earlier: list[Passage], valid: set[str], tares: dict[str, float] | None = None) -> Identity:
    history = History()
    for one in earlier:
        history.note(one, None)

    def ticket(of: str) -> list[TicketUse]:
        return [TicketUse(0, f"T-{of}", of, "east", "煤", 30, "valid")] if of in valid else []

    register = Register({p: {"tare_kg": kg} for p, kg in (tares or {}).items()})
    return identify(seen, history, register, ticket)


def test_one_camera_reads_a_plate_that_never_came_in_and_its_twin_did() -> None:
    found = who(leaving(), [came(OTHER)], {OTHER})
    assert (found.taken_for, found.alike) == (OTHER, (OTHER,))
    assert READ in found.because
    taken = replace(leaving(), taken_for=found.taken_for, alike=found.alike)
    assert known_plate(taken) == OTHER


def test_among_several_the_trailer_or_the_look_of_the_character_decides_or_nobody() -> None:
    assert who(leaving(), [came(OTHER), came(THIRD)], {OTHER, THIRD}).taken_for == OTHER
    assert who(leaving(), [came(OTHER), came(THIRD, trailer=True)], {OTHER, THIRD}).taken_for == THIRD
    tares = {OTHER: 12_000.0, THIRD: 10_000.0}  # 40 t gross on tickets of 30 t
    assert who(leaving(), [came(OTHER), came(THIRD)], {OTHER, THIRD}, tares).taken_for == THIRD
    both = who(leaving("晋A31561"), [came("晋A31562"), came("晋A31563")], {"晋A31562", "晋A31563"})
    assert (both.taken_for, set(both.alike)) == ("", {"晋A31562", "晋A31563"})


@pytest.mark.parametrize(
    ("seen", "earlier", "valid"),
    [
        (leaving(read_by=2), [came(OTHER)], {OTHER}),  # two cameras read it
        (leaving(), [came(OTHER), came(READ)], {OTHER}),  # it came in itself
        (leaving(), [came(OTHER, left=True)], {OTHER}),  # the other has gone
        (leaving(), [came(OTHER)], set()),  # the other has no ticket
        (leaving(), [came(OTHER, kind=VehicleClass.TANKER)], {OTHER}),  # the other is another kind of vehicle
        (leaving("晋B99999"), [came(OTHER)], {OTHER}),  # no character off, but all of them
        (leaving(movements=(crossed("in"),)), [came(OTHER)], {OTHER}),  # who comes in is not among those inside
    ],
)
def test_everything_else_is_as_it_was_read(seen: Passage, earlier: list[Passage], valid: set[str]) -> None:
    assert who(seen, earlier, valid) == AS_READ


def test_a_ticket_this_passage_has_used_up_is_still_its_own() -> None:
    own = TicketUse(0, "T", READ, "east", "煤", 30, "valid")
    found = who(replace(leaving(), tickets=(own,)), [came(OTHER)], {OTHER})
    assert (found.taken_for, found.alike) == ("", ())


def test_a_plate_that_belongs_here_is_believed_but_said_to_be_unsure_when_read_badly() -> None:
    found = who(leaving(confidence=0.7), [came(OTHER), came(READ)], {OTHER, READ})
    assert (found.taken_for, found.alike) == ("", ())
    assert OTHER in found.because


def test_a_ticket_shown_that_is_of_the_twin_says_who_it_is() -> None:
    shown = TicketUse(0, "T-x", OTHER, "east", "煤", 30, "other_plate")
    assert who(replace(leaving(), tickets=(shown,)), [], {OTHER}).taken_for == OTHER


def test_it_accuses_nobody_and_asks_for_a_look_where_nobody_can_say() -> None:
    accused = rules_found(say(judge(), leaving(closed=True)))
    assert "no_ticket" in accused
    doubtful = replace(leaving(closed=True), alike=(OTHER, THIRD))
    assert rules_found(say(judge(), doubtful)) == {"unread_plate"}


def test_a_deck_left_is_no_gate_left() -> None:
    history = History()
    off_the_deck = replace(crossed("out", gate=None), kind=MovementKind.LEFT, shape="deck")
    history.note(passage(movements=(crossed("in"), off_the_deck)), None)
    assert [v.left for v in history.of("晋A31567")] == [False]
    history.note(passage(movements=(off_the_deck,)), None, fenced=False)
    assert [v.left for v in history.of("晋A31567")] == [False, True]
