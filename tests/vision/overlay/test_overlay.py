"""The burn-in: what is drawn, how large, and never a stale number."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.overlay import Mark, Overlay, OverlayState, WeightAt, WeightTimeline, kilograms, local_time, plate_text

STATE = OverlayState(
    1_800_000_000_000, "某煤矿", "出口地磅", plate="晋DK8T20", ticket="MT-2026-0183", weight_kg=48_620.0, stable=True
)


def picture(width: int = 1280, height: int = 720, light: int = 128) -> np.ndarray:  # type: ignore[type-arg]
    return np.full((height, width, 3), light, np.uint8)


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (640, 360), (352, 288), (64, 48), (2, 2)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_any_size_of_picture_can_be_drawn_on(size: tuple[int, int], language: str) -> None:
    drawn = Overlay(language).draw(picture(*size), STATE)  # type: ignore[arg-type]
    assert drawn.shape == (size[1], size[0], 3)


@pytest.mark.parametrize(
    "change",
    [
        {"weight_kg": 48_640.0},
        {"weight_kg": None},
        {"stable": False},
        {"plate": "晋DK8T21"},
        {"plate": ""},
        {"ticket": "MT-2026-0184"},
        {"gross_kg": 48_620.0},
        {"tare_kg": 15_000.0},
        {"net_kg": 33_620.0},
        {"site": "别的矿"},
        {"camera": "入口"},
        {"t_ms": STATE.t_ms + 100},
        {"marks": (Mark(((100, 100), (300, 300)), "货车"),)},
    ],
)
def test_every_field_shows(change: dict[str, object]) -> None:
    overlay = Overlay("zh")
    before = overlay.draw(picture(), STATE).copy()
    after = overlay.draw(picture(), replace(STATE, **change))  # type: ignore[arg-type]
    assert (before != after).sum() > 60


@pytest.mark.parametrize("light", [0, 128, 255])
def test_text_stands_out_whatever_is_behind_it(light: int) -> None:
    drawn = Overlay("zh").draw(picture(light=light), STATE)
    weight = drawn[-45:, 20:220]
    assert weight.max() > 240
    assert np.median(weight) < 90


def test_figures_are_tall_enough_for_a_phone() -> None:
    drawn = Overlay("zh").draw(picture(light=0), replace(STATE, stable=None))
    rows = np.flatnonzero((drawn[-55:, 20:230] > 200).all(axis=2).any(axis=1))
    height_on_phone = (rows[-1] - rows[0]) * 390 / 1280  # a phone shows the picture 390 points wide
    assert height_on_phone >= 8


def test_marks_are_scaled_with_the_picture() -> None:
    state = replace(STATE, stable=None, marks=(Mark(((960, 500), (1200, 700))),))
    drawn = Overlay("zh").draw(picture(640, 360), state, full_width=1280)
    green = np.argwhere(drawn.astype(int)[..., 1] - drawn[..., 2] > 100)
    assert np.abs(green.min(axis=0) - (250, 480)).max() <= 2


@given(st.lists(st.tuples(st.integers(0, 5000), st.floats(0, 1e5)), max_size=60), st.integers(-500, 5500))
def test_a_weight_is_of_its_instant_or_not_shown(samples: list[tuple[int, float]], asked: int) -> None:
    timeline = WeightTimeline()
    for t_ms, kg in samples:
        timeline.add(WeightAt(t_ms, kg))
    found = timeline.at(asked)
    nearest = min((abs(t - asked) for t, _ in samples), default=None)
    if nearest is None or nearest > 100:
        assert found is None
    else:
        assert found is not None
        assert abs(found.t_ms - asked) == nearest


def test_old_readings_are_forgotten() -> None:
    timeline = WeightTimeline(keep_ms=1000)
    for t_ms in range(0, 100_000, 50):
        timeline.add(WeightAt(t_ms, 1.0))
    assert timeline.at(50_000) is None
    assert timeline.at(99_950) is not None
    assert len(timeline._samples) <= 24


def test_how_numbers_plates_and_times_are_written() -> None:
    assert kilograms(48_620.0) == "48,620 kg"
    assert kilograms(-20.0) == "-20 kg"
    assert kilograms(None) == "—"
    assert plate_text("晋DK8T20") == "晋D·K8T20"
    assert local_time(1_800_000_000_123, "Asia/Shanghai") == "2027-01-15 16:00:00.1"


def test_drawing_is_quick(benchmark: object) -> None:
    overlay, base = Overlay("zh"), picture()
    weights = iter(range(10**6))

    def draw() -> None:
        kg = 48_620.0 - 20 * next(weights)
        overlay.draw(base, replace(STATE, weight_kg=kg, t_ms=STATE.t_ms + int(kg)))

    benchmark.pedantic(draw, rounds=40, warmup_rounds=5)  # type: ignore[attr-defined]
    assert benchmark.stats.stats.median < 0.004  # type: ignore[attr-defined]
    assert cv2.FontFace("sans").getName() == "sans"


def test_no_vehicle_is_not_a_plate_that_could_not_be_read() -> None:
    unread, nobody = replace(STATE, plate=""), replace(STATE, plate="", vehicle=False)
    pictures = [Overlay("zh").draw(np.zeros((360, 640, 3), np.uint8), state) for state in (unread, nobody)]
    assert not np.array_equal(*pictures)
