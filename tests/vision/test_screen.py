"""The live picture: the weight in it is that of its own instant, although readings reach the worker later."""

from pathlib import Path

import av
import numpy as np
import pytest

from tests.vision.overlay.test_burn_in import shown_weight
from vision.config import CameraConfig
from vision.messages import LiveBegin, LiveFragment, Watch, Weights
from vision.overlay import WeightAt
from vision.screen import Screen
from vision.source import Frame

START = 1_800_000_000_000
STEP_MS = 500
FRAME_MS = 66


@pytest.mark.parametrize("late_ms", [0, 40, 100])
def test_a_stepped_weight_is_shown_within_a_tenth_of_a_second(late_ms: int, tmp_path: Path) -> None:
    config = CameraConfig("gate", "地磅", "某矿", "play:clip.mp4", (640, 360), live_width=640)
    screen = Screen(config)
    list(screen.tell(Watch(True, marks=False)))
    weights = {step: 10_000.0 + 1_111.0 * step for step in range(8)}
    readings = [WeightAt(START + t, weights[t // STEP_MS], True) for t in range(0, 4000, 50)]
    grey = np.full((360, 640, 3), 90, np.uint8)
    sent: list[LiveBegin | LiveFragment] = []
    for now_ms in range(START, START + 4000, 11):
        while readings and readings[0].t_ms + late_ms <= now_ms:
            list(screen.tell(Weights((readings.pop(0),))))
        if (now_ms - START) // 11 % (FRAME_MS // 11) == 0:
            screen.show(Frame.of_image(grey, now_ms), [])
        sent += [m for m in screen.due(now_ms) if isinstance(m, LiveBegin | LiveFragment)]
    begin, fragments = sent[0], [m.fragment for m in sent if isinstance(m, LiveFragment)]
    assert isinstance(begin, LiveBegin)
    stream = tmp_path / "live.mp4"
    stream.write_bytes(begin.init + b"".join(f.data for f in fragments))
    with av.open(str(stream)) as container:
        pictures = [f.to_ndarray(format="bgr24") for f in container.decode(video=0)]
    assert len(pictures) == len(fragments) > 50
    for fragment, picture in zip(fragments, pictures, strict=True):
        t_ms = fragment.t_ms - START
        true = {weights[max(0, min(t_ms + off, 3999)) // STEP_MS] for off in (-100, 0, 100)}
        assert shown_weight(picture, list(weights.values())) in true, f"at {t_ms} ms"
