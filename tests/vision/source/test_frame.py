"""Pictures at a smaller size: filtered for detectors, quick for people."""

import av
import numpy as np
import pytest

from vision.source import Frame


def yuv(picture: np.ndarray) -> Frame:
    """A frame as a decoder gives it."""
    return Frame(av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p"), 0, 0)


def stripes(width: int = 1280, height: int = 720) -> np.ndarray:
    """Columns of one pixel, black and white in turn."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, ::2] = 255
    return picture


def test_detectors_get_no_pattern_that_is_not_there() -> None:
    frame = yuv(stripes())
    assert frame.at(960).shape == frame.preview(960).shape == (540, 960, 3)
    assert frame.at(960).std() < 0.75 * frame.preview(960).std()


def test_both_show_the_same_picture() -> None:
    ramp = np.tile(np.linspace(0, 255, 1280, dtype=np.uint8)[None, :, None], (720, 1, 3))
    ramp[200:400, 300:700] = (30, 60, 200)
    frame = yuv(ramp)
    difference = np.abs(frame.at(640).astype(int) - frame.preview(640).astype(int))
    assert difference.mean() < 1.5


@pytest.mark.parametrize("layout", ["yuv420p", "yuvj420p", "yuv422p", "nv12", "gray"])
def test_any_kind_of_picture_can_be_previewed(layout: str) -> None:
    frame = Frame(av.VideoFrame.from_ndarray(stripes(640, 360), format="bgr24").reformat(format=layout), 0, 0)
    assert frame.preview(320).shape == (180, 320, 3)
    assert frame.preview(9999).shape == (360, 640, 3)
