"""What goes wrong at a gate without anybody meaning it: clocks, tickets that come late or twice, tables from elsewhere.

Units, decimal shifts, negative and too heavy readings: tests/gate/scale (plausibility, weighing).
"""

from dataclasses import replace
from pathlib import Path

import pytest

from gate.facts import Fact, TicketUse
from gate.judging.gatehouse import Gatehouse, Outcome
from gate.tickets.vehicles import load_vehicles
from tests.gate.fraud.scene import PLATE, at, site, ticket
from tests.gate.judging.test_gatehouse import HONEST, REGISTER, by_time, drive, weights

HOUR_MS = 3_600_000


class Office:
    """Tickets of one plate that are registered at some instant; a ticket carries one load."""

    def __init__(self, registered_s: float, tickets: int = 1) -> None:
        self.registered_ms, self.tickets = at(registered_s), tickets
        self.used: list[str] = []

    def check_plate(self, t_ms: int, plate: str, _site: str) -> list[TicketUse]:
        if plate != PLATE or t_ms < self.registered_ms:
            return []
        shown = replace(ticket(), t_ms=t_ms)
        return [replace(shown, state="used", detail=self.used[0]) if self.used else shown] * self.tickets

    def use(self, _ticket: str, _t_ms: int, passage: str) -> None:
        self.used.append(passage)


def standing(*outcomes: Outcome) -> set[str]:
    last = {f.id: f for o in outcomes for f in o.findings}
    return {f.rule for f in last.values() if f.state != "withdrawn"}


def run(office: Office, *parts: list[Fact], end_s: float = 60) -> list[Outcome]:
    house = Gatehouse(site(), office, REGISTER)
    return [*(house.take(part) for part in parts), house.tick(at(end_s)), house.finish(at(end_s))]


def test_a_ticket_registered_while_the_truck_is_on_the_scale_counts() -> None:
    assert standing(*run(Office(12), HONEST)) == set()


def test_a_ticket_registered_after_the_truck_has_left_withdraws_the_finding() -> None:
    house = Gatehouse(site(), Office(21), REGISTER)
    early = [house.take([f for f in HONEST if f.t_ms < at(21)])]
    assert standing(*early) == {"no_ticket"}
    late = [house.take([f for f in HONEST if f.t_ms >= at(21)]), house.tick(at(60)), house.finish(at(60))]
    assert standing(*early, *late) == set()


def test_a_ticket_that_never_comes_is_missed() -> None:
    assert "no_ticket" in standing(*run(Office(9_999), HONEST))


def test_the_same_ticket_told_twice_is_one_ticket_and_carries_one_load() -> None:
    office = Office(0, tickets=2)
    outcomes = run(office, HONEST)
    assert standing(*outcomes) == set()
    assert len(set(office.used)) == 1
    again = by_time(drive("cam:2", 62, stop_s=8) + [replace(w, t_ms=w.t_ms + 60_000) for w in weights((4, 18), 40)])
    assert "reused_ticket" in standing(*run(office, again, end_s=130))


@pytest.mark.parametrize("jump_ms", [-HOUR_MS, HOUR_MS])
def test_a_clock_set_by_an_hour_between_two_trucks_costs_neither_its_passage(jump_ms: int) -> None:
    moved = [
        replace(f, t_ms=f.t_ms + 60_000 + jump_ms) for f in by_time(drive("cam:2", 2, stop_s=8) + weights((4, 18), 40))
    ]
    house = Gatehouse(site(), Office(-9_999), REGISTER)
    end_ms = at(120) + jump_ms
    outcomes = [house.take(HONEST), house.take(moved), house.tick(end_ms), house.finish(end_ms)]
    closed = [p for o in outcomes for p in o.passages if p.closed]
    assert [[w.stable_kg for w in p.weighings] for p in closed] == [[40_000], [40_000]]


@pytest.mark.parametrize("jump_ms", [-HOUR_MS, HOUR_MS])
def test_a_clock_set_by_an_hour_in_the_middle_of_a_passage_stops_nothing(jump_ms: int) -> None:
    moved = [f if f.t_ms < at(10) else replace(f, t_ms=f.t_ms + jump_ms) for f in HONEST]
    house = Gatehouse(site(), Office(-9_999), REGISTER)
    end_ms = at(60) + jump_ms
    before = moved[: next(i for i, f in enumerate(HONEST) if f.t_ms >= at(10))]
    outcomes = [house.take(before), house.take(moved[len(before) :]), house.tick(end_ms), house.finish(end_ms)]
    assert [p.plate for o in outcomes for p in o.passages if p.closed][-1] == PLATE


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8-sig", "utf-16"])
def test_a_register_of_another_encoding_is_read_or_refused_by_name(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "vehicles.csv"
    path.write_bytes("车牌,车型,皮重\n晋A31567,truck,15000\n".encode(encoding))
    known, faults = load_vehicles(path)
    assert faults == []
    assert known.tare_kg("晋A31567") == 15_000
