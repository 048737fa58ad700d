"""The barrier's policy as a state machine: whatever happens, nobody is shut in and it opens by itself for nobody."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gate.barrier.order import SYSTEM, Command, Order
from gate.barrier.policy import FAILED_MS, BarrierPolicy
from gate.errors import GatewardenError
from gate.records import Finding, Passage, Severity
from gate.site.devices import Barrier
from geofence.movement import Movement, MovementKind
from tests.gate.fraud.scene import T0, passage, plate, ticket
from vision.facts import DeviceState

ARM = Barrier(id="arm", address="mqtt:127.0.0.1:1883/arm", zone="deck", scale="s1", automatic=True)
WATCHED = frozenset({"cam", "s1"})


def policy(**changes: object) -> BarrierPolicy:
    made = BarrierPolicy(ARM.model_copy(update=changes), WATCHED, needs_ticket=True)
    assert [o.command for o in made.take(T0)] == [Command.HOLD]
    return made


def waiting(**changes: object) -> Passage:
    """A weighed truck with a ticket that stands before the barrier."""
    entered = Movement(T0, "cam:1", MovementKind.ENTERED, "deck")
    return passage(movements=(entered,), weighings=(), **changes)


def commands(orders: list[Order]) -> list[Command]:
    return [o.command for o in orders]


def finding(severity: Severity, of: str | None = "east-1", state: str = "raised") -> Finding:
    return Finding("f", T0, "east", "partly_on_deck", severity, 0.9, "", "", of, state=state, evidence=("s1",))


def test_it_opens_for_a_truck_with_nothing_against_it_once_and_closes_when_it_is_gone() -> None:
    arm, truck = policy(), waiting()
    assert commands(arm.take(T0 + 100, [truck], stable_kg=40_000)) == [Command.OPEN]
    assert arm.take(T0 + 20_000, [truck], stable_kg=40_000) == []
    assert arm.take(T0 + 30_000, [replace(truck, closed=True)]) == []
    assert arm.take(T0 + 35_900) == []
    assert commands(arm.take(T0 + 36_000)) == [Command.CLOSE]


@pytest.mark.parametrize(
    ("truck", "kg", "why"),
    [
        (waiting(), None, "weight not stable"),
        (waiting(tickets=(ticket("expired"),)), 40_000.0, "no valid ticket"),
        (waiting(plates=(plate(confidence=0.4),)), 40_000.0, "plate not read"),
        (waiting(unsure=("two vehicles may be one",)), 40_000.0, "two vehicles may be one"),
    ],
)
def test_it_holds_and_says_why(truck: Passage, kg: float | None, why: str) -> None:
    arm = policy()
    assert arm.take(T0 + 100, [truck], stable_kg=kg) == []
    assert arm.against(kg) == (why,)


def test_a_standing_finding_holds_a_withdrawn_or_slight_one_does_not() -> None:
    for found, held in (
        (finding(Severity.WARNING), True),
        (finding(Severity.SERIOUS, of=None), True),
        (finding(Severity.NOTICE), False),
    ):
        arm = policy()
        orders = arm.take(T0 + 100, [waiting()], [found], stable_kg=40_000)
        assert (commands(orders) == []) is held
        if held:
            orders = arm.take(T0 + 200, [], [replace(found, state="withdrawn")], stable_kg=40_000)
            assert commands(orders) == [Command.OPEN]


def test_two_before_it_and_a_site_that_wants_people_to_open() -> None:
    second = replace(waiting(), id="east-2")
    assert policy().take(T0, [waiting(), second], stable_kg=40_000) == []
    assert policy(automatic=False).take(T0, [waiting()], stable_kg=40_000) == []


def test_a_release_needs_a_name_and_a_reason() -> None:
    arm = policy(automatic=False)
    for who, why in (("", "because"), ("王五", " "), (SYSTEM, "because")):
        with pytest.raises(GatewardenError, match="reason"):
            arm.release(T0, who, why)
    (order,) = arm.release(T0, "王五", "fire brigade")
    assert order.fact().action == "barrier_released"
    assert (order.fact().actor, order.fact().detail) == ("王五", "fire brigade")


def test_a_failure_leaves_the_arm_to_its_button_or_opens_it_where_the_site_says_so() -> None:
    for wanted, expected in (("stay", [Command.DARK]), ("open", [Command.OPEN])):
        arm = policy(on_failure=wanted)
        assert arm.take(T0, devices=[DeviceState(T0, "cam", "lost")]) == []
        assert commands(arm.take(T0 + FAILED_MS)) == expected
        assert arm.take(T0 + FAILED_MS + 60_000) == []  # said once; and an open arm stays open while nobody can see
        back = arm.take(T0 + 90_000, devices=[DeviceState(T0 + 90_000, "cam", "ok")])
        assert commands(back) == ([Command.HOLD] if wanted == "stay" else [])
        assert commands(arm.stop(T0 + 91_000)) == [Command.DARK]


class Gate(RuleBasedStateMachine):
    """Vehicles come and go, devices fail and recover, people release; the arm as its orders have it."""

    @initialize(automatic=st.booleans(), on_failure=st.sampled_from(["stay", "open"]))
    def begin(self, automatic: bool, on_failure: str) -> None:
        arm = ARM.model_copy(update={"automatic": automatic, "on_failure": on_failure})
        self.policy = BarrierPolicy(arm, WATCHED, needs_ticket=True)
        self.t_ms, self.present, self.count = T0, {}, 0
        self.down: dict[str, int] = {}
        self.kg: float | None = None
        self.findings: dict[str, Severity] = {}
        self.up = False

    def turn(self, **news: object) -> None:
        orders = self.policy.take(self.t_ms, stable_kg=self.kg, **news)  # type: ignore[arg-type]
        failed = any(self.t_ms - since >= FAILED_MS for since in self.down.values())
        for order in orders:
            if order.command is Command.CLOSE:
                assert not self.present
                assert not failed
                self.up = False
            elif order.command is Command.OPEN:
                (one,) = self.present.values() if not failed else (None,)
                assert self.policy.barrier.on_failure == "open" if failed else self.policy.barrier.automatic
                assert one is None or (self.kg is not None and one.tickets[0].state == "valid")
                assert one is None or self.findings.get(one.id, 0) < ARM.hold_from
                self.up = True

    @rule(ms=st.integers(1, 20_000))
    def wait(self, ms: int) -> None:
        self.t_ms += ms
        self.turn()

    @rule(state=st.sampled_from(["valid", "used"]), sure=st.booleans())
    def come(self, state: str, sure: bool) -> None:
        self.count += 1
        truck = waiting(tickets=(ticket(state),), plates=(plate(confidence=0.9 if sure else 0.3),))
        truck = replace(truck, id=f"east-{self.count}")
        self.present[truck.id] = truck
        self.turn(passages=[truck])

    @rule()
    def go(self) -> None:
        if self.present:
            _, truck = self.present.popitem()
            self.turn(passages=[replace(truck, closed=True)])

    @rule(kg=st.one_of(st.none(), st.floats(1_000, 60_000)))
    def weigh(self, kg: float | None) -> None:
        self.kg = kg
        self.turn()

    @rule(severity=st.sampled_from(list(Severity)), state=st.sampled_from(["raised", "withdrawn"]))
    def accuse(self, severity: Severity, state: str) -> None:
        if self.present:
            name = next(iter(self.present))
            self.findings.pop(name, None)
            if state == "raised":
                self.findings[name] = severity
            self.turn(findings=[replace(finding(severity, name, state), id=name)])

    @rule(device=st.sampled_from(["cam", "s1", "other"]), works=st.booleans())
    def device(self, device: str, works: bool) -> None:
        if works or device == "other":
            self.down.pop(device, None)
        else:
            self.down.setdefault(device, self.t_ms)
        self.turn(devices=[DeviceState(self.t_ms, device, "ok" if works else "lost")])

    @rule()
    def release(self) -> None:
        (order,) = self.policy.release(self.t_ms, "王五", "by hand")
        assert order.command is Command.OPEN
        self.up = True

    @invariant()
    def the_arm_is_where_the_policy_thinks(self) -> None:
        if hasattr(self, "policy"):
            assert self.policy.is_open is self.up


Gate.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestGate = Gate.TestCase


@pytest.mark.parametrize(
    ("kg", "why"),
    [
        (45_000.0, ()),  # 30 t net on a ticket of 30 t
        (45_600.0, ()),  # 2 % over
        (45_800.0, ("net 30,800 kg, 800 kg over its ticket of 30 t",)),
        (14_000.0, ()),  # less than ticketed is no reason to hold it
    ],
)
def test_a_net_over_its_ticket_holds_it_and_says_by_how_much(kg: float, why: tuple[str, ...]) -> None:
    arm = BarrierPolicy(
        ARM,
        WATCHED,
        needs_ticket=True,
        net_kg=lambda _, gross: gross - 15_000.0,
        over={"over_share": 0.02, "over_kg": 1000.0},
    )
    arm.take(T0)
    orders = arm.take(T0 + 100, [waiting()], stable_kg=kg)
    assert arm.against(kg) == (("the barrier was opened for it already",) if orders else why)
    assert (commands(orders) == [Command.OPEN]) is (not why)


def test_too_much_on_board_traps_nobody_when_what_it_needs_fails() -> None:
    arm = BarrierPolicy(ARM.model_copy(update={"on_failure": "open"}), WATCHED, needs_ticket=True)
    arm.net_kg, arm.over = (lambda _, gross: gross), {"over_share": 0.02, "over_kg": 1000.0}
    arm.take(T0)
    assert arm.take(T0 + 100, [waiting()], stable_kg=46_000.0) == []
    lost = DeviceState(T0 + 200, "cam", "lost")
    arm.take(T0 + 200, devices=[lost], stable_kg=46_000.0)
    assert commands(arm.take(T0 + 200 + FAILED_MS, stable_kg=46_000.0)) == [Command.OPEN]
    assert commands(arm.release(T0 + 300, "王五", "weighed again by hand")) == [Command.OPEN]
