"""Tickets looked up by a plate last as long as the vehicle is taken for that plate; who is unsure accuses nobody."""

import json
from dataclasses import replace

import pytest

from gate.facts import fact_line, read_fact
from gate.fraud.history import History
from gate.judging.ticket_desk import TicketDesk
from gate.records import Passage
from gate.tickets.book import TicketBook
from gate.tickets.ticket import Ticket, seal
from tests.gate.fraud.scene import Register, at, crossed, judge, passage, plate, rules_found, say, ticket, weighing
from tests.gate.tickets.test_ticket import ISSUER, KEY

READ, TWIN, THIRD = "晋A31569", "晋A31564", "晋A31561"
TARES = Register({READ: {"tare_kg": 8_000.0}, TWIN: {"tare_kg": 15_000.0}, THIRD: {"tare_kg": 8_000.0}})
LOADS = {READ: 7_000, TWIN: 25_000, THIRD: 7_000}  # kg


class Gate:
    """A desk with the tickets of three plates that differ in one character, and those of them that came in."""

    def __init__(self, *inside: str) -> None:
        day_ms = 86_400_000
        self.book = TicketBook(issuers=(ISSUER,))
        for of, kg in LOADS.items():
            span_ms = at(0) - day_ms, at(0) - day_ms, at(0) + day_ms
            self.book.add(seal(Ticket(f"T-{of}", "east", of, "煤", kg, *span_ms), KEY))
        self.history = History()
        self.desk = TicketDesk("east", self.book, TARES, self.history)
        for of in inside:
            self.came_in(of)

    def came_in(self, of: str) -> None:
        way = crossed("in", t_s=-900)
        seen = (plate(of),)
        self.history.note(
            passage(id=f"in-{of}", start_ms=at(-960), end_ms=way.t_ms, plates=seen, movements=(way,)), None
        )

    def hand(self, seen: Passage, t_s: float = 60) -> Passage:
        served, _ = self.desk.serve(seen, at(t_s))
        self.desk.settle(served, at(t_s))
        if served.closed:
            self.desk.forget(served.id)
            self.history.note(served, None)
        return served

    def used_by(self) -> dict[str, str]:
        return {ticket_: use.passage for ticket_, use in self.book.uses().items()}


def leaving(of: str = READ, confidence: float = 0.97, **changes: object) -> Passage:
    """Read by one camera, not weighed yet, over the fence."""
    return passage(**{"plates": (plate(of, confidence),), "tickets": (), "weighings": (), "read_by": 1, **changes})


def states(seen: Passage) -> list[tuple[str, str, str]]:
    return [(t.ticket, t.state, t.by) for t in seen.tickets]


def accused(seen: Passage) -> set[str]:
    return rules_found(say(judge(), seen)) & {"reused_ticket", "no_ticket", "goods_differ", "crossed_ticket"}


def test_a_second_load_on_a_ticket_is_found_where_nobody_doubts_the_plate() -> None:
    gate = Gate()
    first = gate.hand(leaving(read_by=2, closed=True))
    assert states(first) == [(f"T-{READ}", "valid", "plate")]
    again = gate.hand(leaving(id="east-2", closed=True))
    assert states(again) == [(f"T-{READ}", "used", "plate")]
    assert accused(again) == {"reused_ticket", "no_ticket"}


def test_a_ticket_used_up_by_a_misread_plate_is_given_back_when_the_weight_shows_whose_it_is() -> None:
    gate = Gate(TWIN)
    gate.hand(leaving())
    assert gate.used_by() == {f"T-{READ}": "east-1"}  # the load is not known yet
    weighed = gate.hand(leaving(weighings=(weighing(40_000),), closed=True))
    assert (weighed.taken_for, states(weighed)) == (TWIN, [(f"T-{TWIN}", "valid", "doubtful_plate")])
    assert gate.used_by() == {f"T-{TWIN}": "east-1"}
    rightful = gate.hand(leaving(id="east-2", read_by=2, closed=True))
    assert states(rightful) == [(f"T-{READ}", "valid", "plate")]
    assert accused(weighed) == accused(rightful) == set()


def test_a_better_reading_takes_the_first_ones_ticket_along() -> None:
    gate = Gate()
    gate.hand(leaving(confidence=0.7))
    better = gate.hand(leaving(TWIN, 0.99))
    assert states(better) == [(f"T-{TWIN}", "valid", "plate")]
    assert gate.used_by() == {f"T-{TWIN}": "east-1"}


@pytest.mark.parametrize(("confidence", "state"), [(0.9, "valid"), (0.7, "used"), (0.65, "used")])
def test_of_two_that_are_both_doubtful_the_surer_has_the_ticket_and_nobody_is_accused(
    confidence: float, state: str
) -> None:
    gate = Gate(TWIN, READ)
    first = gate.hand(leaving(confidence=0.7, closed=True))
    assert states(first) == [(f"T-{READ}", "valid", "doubtful_plate")]
    second = gate.hand(leaving(id="east-2", confidence=confidence, closed=True))
    assert states(second) == [(f"T-{READ}", state, "doubtful_plate")]
    assert gate.used_by() == {f"T-{READ}": "east-2" if state == "valid" else "east-1"}
    assert accused(first) == accused(second) == set()


def test_a_plate_that_nobody_doubts_has_the_ticket_of_a_doubtful_one() -> None:
    gate = Gate(TWIN, READ)
    gate.hand(leaving(confidence=0.7, closed=True))
    sure = gate.hand(leaving(id="east-2", read_by=2, closed=True))
    assert states(sure) == [(f"T-{READ}", "valid", "plate")]
    third = gate.hand(leaving(id="east-3", read_by=2, closed=True))
    assert accused(third) == {"reused_ticket", "no_ticket"}


def test_where_nobody_can_say_whose_the_plate_is_no_ticket_is_used_up() -> None:
    gate = Gate(THIRD)
    doubtful = gate.hand(leaving(confidence=0.9, weighings=(weighing(15_000),), closed=True))
    assert doubtful.alike == (THIRD,)
    assert states(doubtful) == [(f"T-{READ}", "valid", "doubtful_plate")]
    assert gate.used_by() == {}
    assert rules_found(say(judge(), doubtful)) == {"unread_plate"}
    believed = Gate(THIRD).hand(leaving(confidence=0.98, weighings=(weighing(15_000),), closed=True))
    assert believed.alike == ()
    assert believed.unsure
    assert rules_found(say(judge(), believed)) == set()


def test_a_code_shown_is_a_second_witness_of_the_plate() -> None:
    gate = Gate(TWIN)
    code = replace(ticket(of=READ), ticket=f"T-{READ}", by="code")
    seen = gate.hand(leaving(tickets=(code,), weighings=(weighing(40_000),)))
    assert (seen.taken_for, seen.unsure) == ("", ())
    assert gate.used_by() == {f"T-{READ}": "east-1"}


def test_a_code_shown_has_the_ticket_that_was_used_up_by_a_doubtful_plate() -> None:
    gate = Gate(TWIN, READ)
    gate.hand(leaving(confidence=0.7, closed=True))
    token = gate.book.token(f"T-{READ}")
    shown = gate.desk.show("east-2", at(70), READ, token)
    assert (shown.ticket, shown.state, shown.by) == (f"T-{READ}", "valid", "code")
    gate.hand(leaving(id="east-2", tickets=(shown,), closed=True))
    assert gate.used_by() == {f"T-{READ}": "east-2"}
    assert gate.desk.show("east-3", at(80), READ, token).state == "used"


def test_a_code_shown_by_who_has_left_on_it_already_is_its_own() -> None:
    gate = Gate()
    gate.hand(leaving(read_by=2))
    token = gate.book.token(f"T-{READ}")
    assert gate.desk.show("east-1", at(61), READ, token).state == "valid"
    assert gate.desk.show("east-2", at(61), READ, token).state == "used"


def test_who_has_left_on_its_ticket_and_is_looked_up_again_has_not_used_it_twice() -> None:
    gate = Gate()
    gate.hand(leaving(read_by=2))
    blurred = plate("晋B00000", 0.5)
    again = gate.hand(passage(plates=(blurred, plate(READ, 0.97)), tickets=(), read_by=2, closed=True))
    assert states(again) == [(f"T-{READ}", "valid", "plate")]
    assert accused(again) == set()


def test_a_restarted_gate_knows_whose_use_was_doubtful() -> None:
    gate, again = Gate(TWIN, READ), Gate(TWIN, READ)
    closed = gate.hand(leaving(confidence=0.7, closed=True))
    again.desk.settle(closed, closed.end_ms)
    assert states(again.hand(leaving(id="east-2", read_by=2))) == [(f"T-{READ}", "valid", "plate")]


def test_what_the_log_says_of_how_a_ticket_came_is_read_back_and_old_lines_say_nothing_of_it() -> None:
    old = fact_line(ticket())
    assert "by" not in json.loads(old)
    assert read_fact(old) == ticket()
    told = replace(ticket(), by="doubtful_plate")
    assert read_fact(fact_line(told)) == told


def test_who_comes_in_for_the_next_load_has_not_presented_the_last_ones_ticket() -> None:
    gate = Gate()
    gate.hand(leaving(read_by=2, closed=True))
    coming = gate.hand(leaving(id="east-2", movements=(crossed("in"),), closed=True))
    assert states(coming) == [(f"T-{READ}", "used", "plate")]
    assert accused(coming) == set()
    code = replace(ticket("used", of=READ), by="code")
    assert accused(gate.hand(leaving(id="east-3", movements=(crossed("in"),), tickets=(code,)))) == {"reused_ticket"}


def test_a_code_compared_with_a_plate_misread_at_first_is_not_crossed() -> None:
    early = replace(ticket("other_plate", of=READ), by="code")
    assert accused(leaving(tickets=(early,))) == {"no_ticket"}
    assert "crossed_ticket" in accused(leaving(TWIN, tickets=(early,)))


def test_a_plate_nobody_knows_whose_load_is_a_twins_is_looked_at_before_it_is_accused() -> None:
    gate = Gate()
    unknown = "晋A3156A"  # read for 4
    seen = gate.hand(leaving(unknown, 0.92, weighings=(weighing(40_000),), closed=True))
    assert seen.alike == (TWIN,)
    assert accused(seen) == set()
    other_load = gate.hand(leaving(unknown, 0.92, id="east-2", weighings=(weighing(36_000),), closed=True))
    assert accused(other_load) == {"no_ticket"}


def test_two_trucks_that_leave_together_do_not_make_a_ticket_carry_two_loads() -> None:
    """The surer one takes the use over; when the doubtful one turns out to be another, nothing is free again."""
    gate = Gate(TWIN)
    gate.desk.serve(leaving(id="east-2", read_by=2), at(50))
    gate.hand(leaving(confidence=0.7))
    gate.hand(leaving(id="east-2", read_by=2), 61)
    gate.hand(leaving(confidence=0.7, weighings=(weighing(40_000),), closed=True), 62)
    assert gate.used_by() == {f"T-{READ}": "east-2", f"T-{TWIN}": "east-1"}
    again = gate.hand(leaving(id="east-3", read_by=2, closed=True), 90)
    assert accused(again) == {"reused_ticket", "no_ticket"}


def test_a_restarted_gate_gives_the_ticket_to_the_surer_of_two_that_left_on_it() -> None:
    gate, again = Gate(TWIN, READ), Gate(TWIN, READ)
    for closed in (leaving(confidence=0.7, closed=True), leaving(id="east-2", read_by=2, closed=True)):
        handed = gate.hand(closed)
        again.desk.settle(handed, handed.end_ms)
    assert again.used_by() == gate.used_by() == {f"T-{READ}": "east-2"}
    assert states(again.hand(leaving(id="east-3", read_by=2))) == [(f"T-{READ}", "used", "plate")]


def test_a_claim_that_fails_or_never_leaves_takes_nothing_from_who_left() -> None:
    gate = Gate(TWIN, READ)
    gate.hand(leaving(confidence=0.7, closed=True))
    refused = gate.desk.show("east-2", at(70), "京B99999", gate.book.token(f"T-{READ}"))
    assert refused.state == "other_plate"
    assert gate.used_by() == {f"T-{READ}": "east-1"}
    gate.hand(leaving(id="east-3", read_by=2, movements=(crossed("in"),), closed=True))
    assert gate.used_by() == {f"T-{READ}": "east-1"}


@pytest.mark.parametrize("inside", [(), (TWIN, READ)])
def test_a_ticket_goes_along_when_two_passages_turn_out_to_be_one(inside: tuple[str, ...]) -> None:
    gate = Gate(*inside)
    gate.hand(leaving(id="east-2", confidence=0.7))
    gate.desk.merge("east-2", "east-1", at(61))
    assert gate.used_by() == {f"T-{READ}": "east-1"}
    whole = gate.hand(leaving(confidence=0.7, closed=True), 62)
    assert [state for _, state, _ in states(whole)] == ["valid"]
    assert accused(whole) == set()
    taken = gate.hand(leaving(id="east-3", read_by=2, closed=True), 90)
    assert states(taken)[0][1] == ("valid" if inside else "used"), "what was doubtful still is"
