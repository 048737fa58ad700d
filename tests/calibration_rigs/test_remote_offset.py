"""An offset of 500 kg, switched on while a truck stands on the deck: how often it is found, and how often invented."""

from dataclasses import replace

import numpy as np
import pytest

from calibration_rigs.scenario import Trick
from calibration_rigs.shelf import SHELF
from calibration_rigs.staging import judge, look
from calibration_rigs.take import Take, take

STANDS_S = (22.6, 35.6)  # in the scenario, as the cameras see it
WEIGHED_S = 2.0  # an offset switched on later than this before it drives off gets into no weight
SETTLED_S = 1.0


def found(taken: Take, seed: int, *tricks: Trick) -> bool:
    scenario = taken.scenario.model_copy(update={"tricks": tricks})
    return "remote_control" in judge(look(replace(taken, scenario=scenario), seed)).raised


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_half_a_tonne_is_found_in_95_of_100_at_one_false_in_100() -> None:
    taken, rng = take(SHELF / "remote_control_adds.yaml"), np.random.default_rng(1)
    begins_s = rng.uniform(STANDS_S[0] + SETTLED_S, STANDS_S[1] - WEIGHED_S, 60)
    tricks = [Trick(kind="remote", from_s=float(at_s), kg=500 if i % 2 else -500) for i, at_s in enumerate(begins_s)]
    hits = sum(found(taken, seed, trick) for seed, trick in enumerate(tricks))
    false = sum(found(taken, seed) for seed in range(100))
    assert hits >= 57
    assert false <= 1
