"""Pictures of every sort become 8-bit BGR, or are refused by name."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vision.errors import PictureError
from vision.plates.crop import HEIGHT_PX, WIDTH_PX, as_bgr, fit, read_picture, rectify, unrectify


@pytest.mark.parametrize(
    "picture",
    [
        np.full((20, 60), 128, np.uint8),  # grey
        np.full((20, 60, 1), 128, np.uint8),
        np.full((20, 60, 4), 128, np.uint8),  # with transparency
        np.full((20, 60, 3), 128 * 257, np.uint16),  # 16 bits
        np.full((20, 60), 128 * 16, np.uint16),  # 12 bits in 16
        np.full((20, 60, 3), 0.5, np.float32),
        np.full((20, 60), 128.0, np.float64),
    ],
)
def test_every_sort_of_picture_becomes_the_same_grey(picture: np.ndarray) -> None:
    if picture.dtype == np.uint16:
        picture[0, 0] = 65535 if picture.max() > 4095 else 4095
    bgr = as_bgr(picture)
    assert bgr.shape == (20, 60, 3)
    assert bgr.dtype == np.uint8
    assert abs(int(bgr[10, 30, 0]) - 128) <= 1


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((0, 10, 3), np.uint8),
        np.zeros((3, 100, 3), np.uint8),  # three pixels high
        np.zeros((10,), np.uint8),
        np.zeros((10, 10, 7), np.uint8),
        np.zeros((10, 10, 3), np.int64),
        np.zeros((10, 70_000, 1), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused_by_name(picture: np.ndarray) -> None:
    with pytest.raises(PictureError, match="gate camera"):
        as_bgr(picture, "gate camera")


@settings(suppress_health_check=[HealthCheck.too_slow])  # says how busy the machine is, not what the code does
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.float32]),
        hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=24),
    )
)
def test_any_array_is_converted_or_refused(picture: np.ndarray) -> None:
    try:
        bgr = as_bgr(picture)
    except PictureError:
        return
    assert fit(bgr).shape == (HEIGHT_PX, WIDTH_PX, 3)


@pytest.mark.parametrize("values", [[-3.4e38, 0.5], [3.4e38, 1.0], [np.inf, -np.inf], [np.nan, 2.0], [-3.4e38, -1.0]])
def test_samples_of_any_size_are_scaled_without_overflow(values: list[float]) -> None:
    picture = np.array([values * 4] * 8, np.float32)
    assert as_bgr(picture).shape == (8, 8, 3)


def test_files_that_are_no_pictures_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.jpg"
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    cut = tmp_path / "cut.png"
    _, code = cv2.imencode(".png", np.zeros((40, 40, 3), np.uint8))
    cut.write_bytes(code.tobytes()[:40])
    for path in (missing, empty, text, cut, tmp_path):
        with pytest.raises(PictureError, match=path.name):
            read_picture(path)


def test_a_sixteen_bit_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    path.write_bytes(cv2.imencode(".png", np.full((40, 80), 40_000, np.uint16))[1].tobytes())
    assert read_picture(path).shape == (40, 80, 3)


@given(st.floats(-0.5, 0.5), st.floats(60, 300), st.sampled_from([1, 2]))
def test_rectifying_undoes_a_turn(angle: float, width: float, rows: int) -> None:
    height = width * (220 if rows == 2 else 140) / 440
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    quad = (flat - flat.mean(0)) @ turn + 400
    frame = np.zeros((800, 800, 3), np.uint8)
    cv2.fillConvexPoly(frame, quad.astype(np.int32), (255, 255, 255))
    straight = rectify(frame, quad, rows, margin=0.0)
    assert abs(straight.shape[1] / straight.shape[0] - width / height) < 0.1
    assert straight.mean() > 225


def test_rectifying_survives_corners_that_make_no_plate() -> None:
    frame = np.zeros((50, 50, 3), np.uint8)
    assert rectify(frame, np.zeros((4, 2))).size


@given(st.integers(0, 2**32 - 1), st.floats(-0.1, 0.4))
def test_what_is_seen_on_a_straightened_plate_goes_back_to_its_place(seed: int, margin: float) -> None:
    rng = np.random.default_rng(seed)
    corners = np.array([[40, 30], [200, 30], [200, 80], [40, 80]]) + rng.normal(0, 6, (4, 2))
    near, far = margin / (1 + 2 * margin), (1 + margin) / (1 + 2 * margin)
    seen = np.array([[near, near], [far, near], [far, far], [near, far]])
    assert np.allclose(unrectify(seen, corners, margin=margin), corners, atol=0.01)
    frame = np.zeros((120, 240, 3), np.uint8)
    x, y = unrectify(np.array([[0.5, 0.5]]), corners, margin=margin)[0]
    cv2.circle(frame, (round(x), round(y)), 6, (255, 255, 255), -1)
    straight = rectify(frame, corners, margin=margin)
    assert straight[straight.shape[0] // 2, straight.shape[1] // 2].min() > 150
