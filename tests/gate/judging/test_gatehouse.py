"""The whole chain: the same facts give the same findings, however they arrive."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import SiteError
from gate.facts import Fact, Operation, WeightSample, fact_line, read_fact
from gate.fraud.judge import check_rules
from gate.judging.daylog import fact_log, mend, passage_log, read_facts
from gate.judging.gatehouse import Gatehouse, Outcome
from gate.judging.memory import next_numbers, recall
from gate.judging.rejudge import changes, rejudge, standing
from gate.site.model import RuleSettings
from gate.tickets.book import TicketBook
from tests.gate.fraud.scene import PLATE, T0, Register, at, plate, site
from vision.facts import DeviceState, Sighting, VehicleClass

REGISTER = Register({PLATE: {"kind": "truck", "tare_kg": 15_000.0, "axles": 6, "colour": "yellow"}})


def gatehouse() -> Gatehouse:
    return Gatehouse(site(), TicketBook(), REGISTER)


def drive(vehicle: str, from_s: float, *, stop_s: float = 0.0, x_m: float = 4.0) -> list[Fact]:
    """A truck that drives north over the deck (5 to 23 m), may stop on it, and leaves over the fence at 28 m."""
    out: list[Fact] = []
    y_m, t_s = 2.0, from_s
    while y_m < 34:
        box = (x_m * 100, 700 - y_m * 16 - 80, x_m * 100 + 120, 700 - y_m * 16)
        final = y_m + 0.6 >= 34
        kind = VehicleClass.TRUCK
        out.append(Sighting(at(t_s), "cam", vehicle, kind, 0.9, box, (x_m, round(y_m, 2)), (plate(),), final))
        standing_still = stop_s > 0 and y_m >= 14
        stop_s -= 0.2 if standing_still else 0.0
        y_m += 0.0 if standing_still else 0.6
        t_s += 0.2
    return out


def weights(loaded: tuple[float, float] | None, until_s: float) -> list[Fact]:
    kg = [40_000.0 if loaded and loaded[0] <= i / 10 < loaded[1] else 0.0 for i in range(round(until_s * 10))]
    return [WeightSample(at(i / 10), "s1", w) for i, w in enumerate(kg)]


def told(*outcomes: Outcome) -> list[str]:
    return [f"{f.rule} {f.state} {f.t_ms}" for o in outcomes for f in o.findings]


def by_time(facts: list[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda f: f.t_ms)


HONEST = by_time(drive("cam:1", 2, stop_s=8) + weights((4, 18), 40))
BYPASS = by_time(drive("cam:1", 2, x_m=1.0) + weights(None, 40))


def test_a_weighed_truck_is_joined_with_its_weight_and_one_that_goes_round_is_found() -> None:
    house = gatehouse()
    outcomes = [house.take(HONEST), house.finish(at(40))]
    last = [p for o in outcomes for p in o.passages][-1]
    assert last.closed
    assert last.plate == PLATE
    assert last.weights is not None
    assert (last.weights.gross_kg, last.weights.tare_kg) == (40_000, 15_000)
    assert not any("bypass" in t for t in told(*outcomes))
    house = gatehouse()
    assert any("bypass raised" in t for t in told(house.take(BYPASS), house.finish(at(40))))


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, min(len(HONEST), len(BYPASS)) - 1), max_size=8), st.booleans())
def test_the_size_of_the_batches_changes_nothing(cuts: list[int], honest: bool) -> None:
    facts = HONEST if honest else BYPASS
    whole = gatehouse()
    expected = told(whole.take(facts), whole.finish(at(40)))
    pieces = gatehouse()
    # Facts of one instant always come together, as the live process hands them over.
    bounds = sorted({0, len(facts), *(c for c in cuts if facts[c].t_ms != facts[c - 1].t_ms)})
    outcomes = []
    for a, b in pairwise(bounds):
        outcomes.append(pieces.take(facts[a:b]))
        outcomes.append(pieces.tick(facts[b - 1].t_ms))
    outcomes.append(pieces.finish(at(40)))
    assert told(*outcomes) == expected


def test_judging_again_from_the_log_gives_the_same_findings_and_shows_what_a_switch_changes(tmp_path: Path) -> None:
    house = gatehouse()
    outcomes = [house.take(BYPASS), house.finish(at(40))]
    lines = [fact_line(f) for o in outcomes for f in o.facts]
    facts = [read_fact(line) for line in lines]
    where = site().model_copy(update={"registers": site().registers.model_copy(update={"tickets": None})})
    again = standing(rejudge(where, tmp_path, facts))
    assert "bypass" in {f.rule for f in again.values()}
    off = where.model_copy(update={"rules": {"bypass": RuleSettings(enabled=False)}})
    gone = changes(again, standing(rejudge(off, tmp_path, facts)))
    assert [(c.kind, c.finding.rule) for c in gone] == [("gone", "bypass")]


def test_settings_for_no_known_rule_or_threshold_are_refused() -> None:
    for rules in ({"bypas": RuleSettings()}, {"bypass": RuleSettings(thresholds={"speed": 1})}):
        with pytest.raises(SiteError, match=r"site\.yaml.*there are"):
            check_rules(rules, "site.yaml")


def test_a_new_process_takes_up_open_visits_and_used_vehicle_numbers(tmp_path: Path) -> None:
    facts, passages = fact_log(tmp_path), passage_log(tmp_path)
    half = [f for f in HONEST if f.t_ms < at(12)]
    facts.append(half)
    facts.close()
    house = gatehouse()
    outcome = recall(house, facts, passages, at(13))
    assert outcome.passages[-1].plate == PLATE
    assert next_numbers(outcome.facts) == {"cam": 2}
    rest = [house.take([f for f in HONEST if f.t_ms >= at(12)]), house.finish(at(40))]
    closed = [p for o in rest for p in o.passages if p.closed]
    assert [p.weights.gross_kg for p in closed if p.weights] == [40_000]


def test_a_half_written_line_is_cut_off_and_a_day_has_its_own_file(tmp_path: Path) -> None:
    log = fact_log(tmp_path)
    log.append([DeviceState(T0, "cam", "ok"), Operation(T0 + 86_400_000, "system", "started")])
    log.close()
    first, second = sorted(tmp_path.glob("facts-*.jsonl"))
    with first.open("ab") as file:
        file.write(b'{"fact":"DeviceSta')
    mend(first)
    assert [f.t_ms for f in read_facts(first)] == [T0]
    assert [f.t_ms for f in read_facts(second)] == [T0 + 86_400_000]
