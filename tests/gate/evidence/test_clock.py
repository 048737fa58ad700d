"""The clock's offset is what the kernel says, and unknown where it does not say."""

import sys

import pytest

from gate.evidence.clock import SYNCHRONISED, UNKNOWN, UNSYNCHRONISED, camera_clocks, clock_offset, judged
from gate.evidence.draft import CameraClock

NANO, UNSYNC = 0x2000, 0x0040


@pytest.mark.parametrize(
    ("returned", "status", "offset", "source", "offset_ms", "uncertainty_ms"),
    [
        (0, NANO, -1_500_000, SYNCHRONISED, 1.5, 12.0),  # 1.5 ms must be taken away: the clock is ahead
        (0, 0, 2_250, SYNCHRONISED, -2.25, 12.0),  # without STA_NANO in microseconds
        (1, NANO, 0, SYNCHRONISED, 0.0, 12.0),  # a leap second is near
        (5, UNSYNC | NANO, 0, UNSYNCHRONISED, None, None),
        (5, 0, 0, UNSYNCHRONISED, None, None),
        (0, UNSYNC, 0, UNSYNCHRONISED, None, None),
    ],
)
def test_what_the_kernel_says(
    returned: int, status: int, offset: int, source: str, offset_ms: float | None, uncertainty_ms: float | None
) -> None:
    found = judged(returned, status, offset, 12_000, 77, {})
    assert (found.source, found.offset_ms, found.uncertainty_ms) == (source, offset_ms, uncertainty_ms)
    assert found.measured_ms == 77


def test_this_machine_says_something_or_that_it_does_not_know() -> None:
    found = clock_offset(5, {"gate": CameraClock("rtcp", 12.0)})
    known = found.source == SYNCHRONISED
    assert found.source in ({SYNCHRONISED, UNSYNCHRONISED, UNKNOWN} if sys.platform.startswith("linux") else {UNKNOWN})
    assert (found.offset_ms is not None, found.uncertainty_ms is not None) == (known, known)
    assert found.cameras == {"gate": CameraClock("rtcp", 12.0)}


def test_cameras_that_tell_no_clock_are_left_out() -> None:
    health = {"a": {"fps": 15.0, "clock_offset_ms": -40.5}, "b": {"fps": 15.0}}
    assert camera_clocks(health) == {"a": CameraClock("rtcp", -40.5)}
