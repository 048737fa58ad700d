"""All barriers of a running site: policies that hear what the gatehouse concluded, keepers that carry orders out."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gate.barrier.keeper import Keeper
from gate.barrier.policy import BarrierPolicy
from gate.errors import GatewardenError
from gate.facts import Fact
from gate.judging.gatehouse import Outcome
from gate.records import Passage
from gate.scale.weighing import WeighingState
from gate.site.model import Site
from vision.facts import DeviceState

STOP_S = 4.0  # for the last orders when the gate stops


class Barriers:
    """Raises SiteError for an address that can never work. say: takes the facts; clock: UTC milliseconds now.

    net_kg: of a passage whose vehicle stands on a scale that holds so much.
    """

    def __init__(
        self,
        site: Site,
        say: Callable[[Fact], None],
        clock: Callable[[], int],
        net_kg: Callable[[Passage, float], float | None] = lambda _passage, _kg: None,
    ) -> None:
        self._clock = clock
        self._policies = {b.id: BarrierPolicy.of(b, site, net_kg) for b in site.barriers}
        self._keepers = {b.id: Keeper(b, say, clock) for b in site.barriers}
        self._stable_kg: dict[str, float | None] = {}

    def turn(self, outcomes: Iterable[Outcome], scales: Mapping[str, WeighingState]) -> None:
        """Take what the gatehouse has newly concluded, and the scales as they are."""
        if not self._policies:
            return
        parts = list(outcomes)
        passages = [p for o in parts for p in o.passages]
        findings = [f for o in parts for f in o.findings]
        devices = [f for o in parts for f in o.facts if isinstance(f, DeviceState)]
        for name, policy in self._policies.items():
            state = scales.get(policy.barrier.scale or "")
            stable_kg = self._stable_kg[name] = state.stable_kg if state else None
            self._keepers[name].give(policy.take(self._clock(), passages, findings, devices, stable_kg))

    def release(self, barrier: str, who: str, reason: str) -> None:
        """Open a barrier by hand. Raises GatewardenError: no such barrier, nobody, or no reason."""
        policy = self._policy(barrier)
        self._keepers[barrier].give(policy.release(self._clock(), who, reason))

    def hold(self, barrier: str, who: str, reason: str) -> None:
        """Hold the vehicle before a barrier. Raises GatewardenError: no such barrier, nobody, or no reason."""
        policy = self._policy(barrier)
        self._keepers[barrier].give(policy.hold(self._clock(), who, reason))

    def _policy(self, barrier: str) -> BarrierPolicy:
        if barrier not in self._policies:
            raise GatewardenError(f"no barrier {barrier!r}; there are {', '.join(self._policies) or 'none'}")
        return self._policies[barrier]

    def state(self) -> dict[str, Any]:
        """By barrier: whether it was told to open, whether it is blind, and what is against the vehicle before it."""
        return {
            name: {"open": p.is_open, "blind": p.blind, "against": p.against(self._stable_kg.get(name))}
            for name, p in self._policies.items()
        }

    async def run(self) -> None:
        """Carry out orders until cancelled; then what the site wants of a gate that stops."""
        try:
            async with asyncio.TaskGroup() as group:
                for keeper in self._keepers.values():
                    group.create_task(keeper.run())
        finally:
            for name, keeper in self._keepers.items():
                keeper.give(self._policies[name].stop(self._clock()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*(k.flush() for k in self._keepers.values())), STOP_S)
            for keeper in self._keepers.values():
                await keeper.close()
