"""Readings of a calibration taken from the scale's own line: a weight counts once it is stable."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from calibration_rigs.errors import CalibrationError
from calibration_rigs.scale_calibration import Measurement
from gate.facts import WeightSample
from gate.scale.live import Clock, LiveScale
from gate.scale.stability import Stability
from gate.site.devices import Scale

STABLE_WITHIN_S = 60.0


async def stable_weight(scale: Scale, clock: Clock, within_s: float = STABLE_WITHIN_S) -> float:
    """The next stable weight of a scale, kg. Raises CalibrationError when none comes in time, saying what did."""
    stability, last = Stability(scale.e_kg), "nothing came from the line"
    try:
        async with contextlib.aclosing(LiveScale(scale, clock).facts()) as facts, asyncio.timeout(within_s):
            async for fact in facts:
                if not isinstance(fact, WeightSample):
                    last = f"the line is {fact.state} {fact.detail}".strip()
                    continue
                last = f"the last weight was {fact.kg:g} kg"
                usable = fact.stable is not False and not fact.overload
                stable_kg = stability.update(fact.t_ms, fact.kg, may_be_stable=usable)
                if stable_kg is not None:
                    return stable_kg
    except TimeoutError:
        pass
    raise CalibrationError(f"scale {scale.id!r}: no stable weight within {within_s:g} s; {last}")


def read_missing(
    scale: Scale, measurements: list[Measurement], ready: Callable[[Measurement], None], clock: Clock
) -> list[Measurement]:
    """Measurements with every missing reading taken live; `ready` returns once the load stands on the deck."""
    out = []
    for measurement in measurements:
        if measurement.shown_kg is None:
            ready(measurement)
            shown_kg = asyncio.run(stable_weight(scale, clock))
            out.append(replace(measurement, shown_kg=shown_kg))
        else:
            out.append(measurement)
    return out
