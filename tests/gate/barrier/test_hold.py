"""A person holds what stands before the barrier: it opens for nobody by itself until that is over."""

from dataclasses import replace

import pytest

from gate.barrier.order import SYSTEM, Command
from gate.errors import GatewardenError
from tests.gate.barrier.test_policy import commands, policy, waiting
from tests.gate.fraud.scene import T0


def test_a_held_truck_is_not_let_out_by_itself_and_the_next_one_is() -> None:
    arm, truck = policy(), waiting()
    arm.take(T0 + 50, [truck])
    assert commands(arm.hold(T0 + 100, "王五", "plate and ticket differ")) == [Command.HOLD]
    assert arm.take(T0 + 200, [truck], stable_kg=40_000) == []
    assert arm.against(40_000) == ("held by 王五: plate and ticket differ",)
    arm.take(T0 + 300, [replace(truck, closed=True)])
    after = waiting(id="east-2")
    assert commands(arm.take(T0 + 400, [after], stable_kg=40_000)) == [Command.OPEN]


def test_whoever_comes_is_held_until_somebody_releases() -> None:
    arm = policy()
    arm.hold(T0 + 100, "王五", "road closed")
    assert arm.take(T0 + 200, [waiting()], stable_kg=40_000) == []
    assert commands(arm.release(T0 + 300, "王五", "road open")) == [Command.OPEN]
    assert arm.against(40_000) == ()


@pytest.mark.parametrize(("who", "why"), [("", "x"), ("王五", " "), (SYSTEM, "x")])
def test_a_hold_needs_a_name_and_a_reason(who: str, why: str) -> None:
    with pytest.raises(GatewardenError, match="who holds"):
        policy().hold(T0, who, why)
