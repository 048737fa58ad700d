"""The weight in a decoded picture is the weight of that picture's own instant: shown with a stepped weight."""

from pathlib import Path

import cv2
import numpy as np

from vision.overlay import Overlay, OverlayState, WeightAt, WeightTimeline, kilograms
from vision.overlay.text import raster
from vision.record import burn_in
from vision.source import Frame, RecordedSource

START = 1_800_000_000_000
STEP_MS = 500


def shown_weight(picture: np.ndarray, known: list[float]) -> float | None:  # type: ignore[type-arg]
    """Which of the known weights a picture shows, read by comparing its lower left corner with each."""
    place = picture[-30:, :300].max(axis=2)
    best, best_score = None, 0.0
    for kg in known:
        word = raster(kilograms(kg), 20, (255, 255, 255)).max(axis=2)
        score = float(cv2.matchTemplate(place, word[3:-5], cv2.TM_CCOEFF_NORMED).max())
        if score > best_score:
            best, best_score = kg, score
    return best if best_score > 0.85 else None


def test_every_decoded_picture_shows_the_weight_of_its_instant(street: Path, tmp_path: Path) -> None:
    timeline = WeightTimeline()
    weights = {i: 10_000.0 + 1_111.0 * i for i in range(12)}
    for t_ms in range(0, 6000, 50):
        if not 3000 <= t_ms < 4000:  # the line is dead for a second
            timeline.add(WeightAt(START + t_ms, weights[t_ms // STEP_MS], True))

    def state_at(frame: Frame) -> OverlayState:
        weight = timeline.at(frame.t_ms)
        return OverlayState(frame.t_ms, "某矿", "地磅", weight_kg=weight.kg if weight else None)

    out = tmp_path / "burned.mp4"
    count = burn_in(street, START, out, Overlay("zh"), state_at)
    pictures = [i for i in RecordedSource(str(out), "gate", START) if isinstance(i, Frame)]
    assert len(pictures) == count == 90
    for frame in pictures:
        t_ms = frame.t_ms - START
        shown = shown_weight(frame.image, list(weights.values()))
        true = {weights[max(0, min(t + d, 5999)) // STEP_MS] for t in (t_ms,) for d in (-100, 0, 100)}
        if 3050 < t_ms < 3900:
            assert shown is None, f"a stale number at {t_ms} ms"
        elif not 2900 < t_ms < 4100:
            assert shown in true, f"{shown} at {t_ms} ms, expected one of {true}"


def test_the_same_clip_burned_in_twice_gives_the_same_bytes(street: Path, tmp_path: Path) -> None:
    def state_at(frame: Frame) -> OverlayState:
        return OverlayState(frame.t_ms, "Mine", "Scale", plate="晋DK8T20", weight_kg=1000.0)

    made = []
    for name in ("a.mp4", "b.mp4"):
        burn_in(street, START, tmp_path / name, Overlay("en"), state_at)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
