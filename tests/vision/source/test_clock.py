"""Stream time to UTC: monotone, near arrival, robust to breaks and to clocks that are set."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vision.source.clock import StreamClock, follow


def feed(arrivals: list[tuple[float, float]]) -> list[int]:
    clock = StreamClock()
    return [clock.forward(round(pts + clock.offset_ms(pts, at))) for pts, at in arrivals]


@given(
    st.lists(st.tuples(st.floats(-5e3, 5e3), st.floats(0, 400)), min_size=2, max_size=80),
    st.floats(0, 1e6),
)
def test_times_always_rise(steps: list[tuple[float, float]], base: float) -> None:
    pts, now, seen = base, 1_800_000_000_000.0, []
    for leap, wait in steps:
        pts += leap
        now += wait
        seen.append((pts, now))
    out = feed(seen)
    assert all(a < b for a, b in pairwise(out))


@given(st.lists(st.floats(0, 250), min_size=100, max_size=100))
def test_jitter_of_arrival_is_taken_out(jitter: list[float]) -> None:
    start = 1_800_000_000_000.0
    seen = [(i * 40.0, start + i * 40.0 + j) for i, j in enumerate(jitter)]
    out = feed(seen)
    gaps = [b - a for a, b in pairwise(out[50:])]
    assert max(gaps) <= 47
    assert min(gaps) >= 34
    assert start - 6 <= out[-1] - 99 * 40.0 <= start + 250


def test_pictures_buffered_while_connecting_do_not_shift_the_time_for_long() -> None:
    burst = [(i * 66.0, 10_000.0) for i in range(15)]  # a second of pictures, all at once
    live = [(i * 66.0, 10_000.0 + (i - 14) * 66.0) for i in range(15, 60)]
    out = feed(burst + live)
    assert abs(out[-1] - live[-1][1]) <= 2


def test_a_camera_that_begins_its_time_anew_is_followed() -> None:
    before = [(1e7 + i * 40.0, 1e9 + i * 40.0) for i in range(50)]
    after = [(i * 40.0, 1e9 + 4000.0 + i * 40.0) for i in range(50)]
    out = feed(before + after)
    assert abs(out[-1] - after[-1][1]) <= 2


def test_a_camera_whose_clock_drifts_stays_near_arrival() -> None:
    seen = [(i * 40.0, 1e9 + i * 40.0 * 1.0005) for i in range(15_000)]  # ten minutes, 500 ppm
    assert abs(feed(seen)[-1] - seen[-1][1]) < 20


def test_the_shared_clock_follows_forward_jumps_and_never_goes_back() -> None:
    assert follow(1000.0, 9000.0, 10.0) == 9000.0
    assert follow(1000.0, 1500.0, 10.0) == 1000.5
    assert follow(9000.0, 1000.0, 10.0) == 8999.5  # the elapsed 10 ms were added before: time still rises
