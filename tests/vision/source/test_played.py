"""A clip played as live keeps step with the clock, round after round."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from vision.errors import SourceError
from vision.source import Frame, Packet, SystemClock, clip_duration_ms, open_source


def test_its_position_is_the_time_since_the_epoch_modulo_its_length(street: Path) -> None:
    clock = SystemClock()
    length = clip_duration_ms(str(street))
    assert abs(length - 6000) <= 67
    epoch = clock.now_ms() - 2 * length - (length - 700)  # 0.7 s before the end of the third round
    source = open_source(f"play:{street}", device="gate", start_ms=epoch, clock=clock)
    seen: list[tuple[int, int, int]] = []
    rounds = set()
    for item in source:
        if isinstance(item, Packet):
            rounds.add(item.connection)
        if isinstance(item, Frame):
            seen.append((item.t_ms, round(item.pts_ms), clock.now_ms()))
            if len(seen) == 25:
                source.close()
    assert len(rounds) == 2
    for t_ms, pts_ms, now_ms in seen:
        assert abs((t_ms - epoch) % length - pts_ms) <= 1
        assert -5 <= now_ms - t_ms < 600
    times = [t for t, _, _ in seen]
    assert all(a < b for a, b in pairwise(times))


def test_it_runs_no_faster_than_the_clock(street: Path) -> None:
    clock = SystemClock()
    source = open_source(f"play:{street}", device="gate", start_ms=clock.now_ms(), clock=clock)
    began, count = time.monotonic(), 0
    for item in source:
        count += isinstance(item, Frame)
        if count == 15:
            break
    source.close()
    assert time.monotonic() - began > 0.85


def test_a_clip_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"play:/nowhere\.mp4"):
        open_source("play:/nowhere.mp4", device="gate", start_ms=0, clock=SystemClock())
