"""Rules that watch decks, devices and operations over time."""

import pytest

from gate.facts import BeamState, Fact, Operation
from gate.fraud.judge import active_rules, blind_rules, unaided_rules
from gate.records import Finding, Severity
from gate.site.devices import Beam
from gate.site.model import RuleSettings, Site
from geofence.deck import Occupancy, OnDeck
from geofence.movement import MovementKind
from tests.gate.fraud.scene import at, deck, judge, rules_found, sample, seen, site
from vision.facts import DeviceState, VehicleClass

ENTER, LEAVE = MovementKind.ENTERED, MovementKind.LEFT


def run(facts: list[Fact], until_s: float, where: Site | None = None) -> list[Finding]:
    """Feed facts and, between them, a tick every 200 ms."""
    j, out = judge(where=where), []
    pending = sorted(facts, key=lambda f: f.t_ms)
    for tick in range(round(until_s * 5) + 1):
        now = at(tick / 5)
        due = [f for f in pending if f.t_ms <= now]
        pending = pending[len(due) :]
        out += j.take(due, [], now)
    return out


def readings(kg: float, from_s: float, to_s: float) -> list[Fact]:
    return [sample(from_s + i / 5, kg) for i in range(round((to_s - from_s) * 5))]


def test_an_empty_deck_that_reads_a_load() -> None:
    assert "weight_empty_deck" in rules_found(run(readings(100, 0, 20), 20))
    assert "weight_empty_deck" not in rules_found(run(readings(80, 0, 20), 20))  # 4 e is still allowed


def test_a_vehicle_on_the_deck_explains_its_weight_and_the_filter_may_lag_behind_it() -> None:
    visit: list[Fact] = [seen("cam:1", VehicleClass.TRUCK, 1), deck("cam:1", ENTER, 2), deck("cam:1", LEAVE, 15)]
    assert run(visit + readings(40_000, 1.4, 16) + readings(0, 16, 40), 40) == []


def test_a_blind_camera_makes_nobody_on_the_deck_unknown() -> None:
    lost = DeviceState(at(0), "cam", "lost")
    assert "weight_empty_deck" not in rules_found(run([lost, *readings(40_000, 1, 20)], 20))


def test_weight_left_behind_is_found_and_withdrawn_when_cleared() -> None:
    visit: list[Fact] = [seen("cam:1", VehicleClass.TRUCK, 1), deck("cam:1", ENTER, 2), deck("cam:1", LEAVE, 10)]
    found = run(visit + readings(40_000, 2, 10) + readings(60, 10, 30) + readings(0, 30, 40), 40)
    assert [f.state for f in found if f.rule == "no_return_to_zero"] == ["raised", "withdrawn"]


@pytest.mark.parametrize(("state", "found"), [("lost", True), ("stalled", True), ("ended", False), ("ok", False)])
def test_an_indicator_that_falls_silent(state: str, found: bool) -> None:
    facts: list[Fact] = [*readings(0, 0, 5), DeviceState(at(5), "s1", state)]
    assert ("dead_indicator" in rules_found(run(facts, 20))) is found


def test_a_reading_that_ignores_a_truck_rolling_on_is_frozen_and_a_still_truck_is_not() -> None:
    came: list[Fact] = [seen("cam:1", VehicleClass.TRUCK, 14), deck("cam:1", ENTER, 15)]
    assert "dead_indicator" in rules_found(run([*came, *readings(40_000, 0, 40)], 40))
    honest = [*readings(0, 0, 14.8), *readings(40_000, 15, 60)]
    assert "dead_indicator" not in rules_found(run([*came, *honest], 60))


@pytest.mark.parametrize(
    ("kg", "off_m", "kind", "found"),
    [(400, 0.0, "truck", True), (14_000, 0.0, "truck", False), (400, 3.0, "truck", False), (400, 0.0, "car", False)],
)
def test_a_truck_wholly_on_the_deck_that_weighs_almost_nothing(kg: float, off_m: float, kind: str, found: bool) -> None:
    j, out = judge(), []
    for i in range(40):
        on = OnDeck(("cam:1",), kind, 1.0, 17.0, 0.0, off_m, 0.05, 0.05)
        out += j.take([sample(i / 5, kg)], [], at(i / 5), [Occupancy(at(i / 5), "deck", (on,))])
    assert ("bridging" in rules_found(out)) is found


def test_light_barriers_it_went_through_make_bridging_surer() -> None:
    for said, confidence in (([], 0.85), ([BeamState(at(-3), "near", True), BeamState(at(-1), "near", False)], 0.95)):
        beam = Beam(id="near", start=(1, 5), end=(7, 5), scale="s1")
        j, out = judge(where=site().model_copy(update={"beams": (beam,)})), []
        j.take(said, [], at(-1))
        for i in range(40):
            on = OnDeck(("cam:1",), "truck", 1.0, 17.0, 0.0, 0.0, 0.05, 0.05)
            out += j.take([sample(i / 5, 60)], [], at(i / 5), [Occupancy(at(i / 5), "deck", (on,))])
        (found,) = (f for f in out if f.rule == "bridging")
        assert found.confidence == confidence
        assert ("near" in found.evidence) is bool(said)


def test_rules_that_light_barriers_would_help_are_named() -> None:
    assert {r.id for r, _ in unaided_rules(site())} == {"bridging", "partly_on_deck", "remote_control"}
    wired = Beam(id="near", start=(1, 5), end=(7, 5), scale="s1", address="mqtt:127.0.0.1:1883/near")
    assert unaided_rules(site().model_copy(update={"beams": (wired,)})) == []


def test_a_scale_whose_step_changes_was_calibrated_anew() -> None:
    honest = [sample(i / 5, 20.0 * (i * 7 % 31)) for i in range(400)]
    altered = [sample(80 + i / 5, 10.0 * (i * 7 % 31) + 0.0) for i in range(400)]
    assert "changed_calibration" not in rules_found(run(list(honest), 80))
    assert "changed_calibration" in rules_found(run([*honest, *altered], 160))


def test_a_covered_camera_speaks_after_ten_seconds_and_falls_silent_when_it_sees_again() -> None:
    covered, ok = DeviceState(at(5), "cam", "covered"), DeviceState(at(30), "cam", "ok")
    found = run([covered, ok], 40)
    assert [(f.rule, f.state, f.t_ms >= at(15)) for f in found] == [
        ("blind_camera", "raised", True),
        ("blind_camera", "withdrawn", True),
    ]


def test_camera_and_scale_gone_together_are_critical() -> None:
    both: list[Fact] = [DeviceState(at(5), "cam", "lost"), DeviceState(at(6), "s1", "lost")]
    worst = [f for f in run(both, 60) if f.rule == "cut_line"]
    assert [(f.severity, f.state) for f in worst] == [(Severity.CRITICAL, "raised")]
    assert "cut_line" not in rules_found(run(both[:1], 60))


def test_a_changed_configuration_is_told_with_who_did_it() -> None:
    found = run(
        [Operation(at(1), "system", "configuration_changed", "site.yaml"), Operation(at(2), "system", "started")], 5
    )
    assert [f.rule for f in found] == ["insider"]
    assert "site.yaml" in found[0].zh


def test_a_rule_without_its_signal_is_silent_and_named_blind() -> None:
    bare = site().model_copy(update={"scales": (), "registers": site().registers.model_copy(update={"tickets": None})})
    blind = {rule.id: {s.value for s in missing} for rule, missing in blind_rules(bare)}
    assert blind["bypass"] == {"W"}
    assert blind["goods_differ"] == {"W", "T"}
    assert not {a.rule.id for a in active_rules(bare)} & blind.keys()


def test_a_site_may_switch_a_rule_off_or_set_its_threshold() -> None:
    off = site().model_copy(update={"rules": {"weight_empty_deck": RuleSettings(enabled=False)}})
    assert run(readings(100, 0, 20), 20, off) == []
    wide = site().model_copy(update={"rules": {"weight_empty_deck": RuleSettings(thresholds={"over_e": 10})}})
    assert run(readings(100, 0, 20), 20, wide) == []
