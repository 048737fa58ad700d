"""The plate locator with the weights this house ships, on painted plates."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.synthesis.glyphs import Glyphs
from models.synthesis.paint import Plate, paint
from models.zoo import weights
from vision.engine import open_engine
from vision.errors import ModelError, PictureError
from vision.plates.grammar import KINDS
from vision.plates.locate import PlateLocator, believable


@pytest.fixture(scope="module")
def locator() -> PlateLocator:
    path, card = weights("plate-detector")
    return PlateLocator(open_engine(path, card=card, threads=1), card)


def scene(
    kind: str, text: str, width: float, at: tuple[float, float], turn_deg: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """A truck-like front, 1080p, with one plate; the picture and the plate's corners."""
    rng = np.random.default_rng(3)
    frame = np.full((1080, 1920, 3), 120, np.uint8)
    frame[700:] = 95
    cv2.rectangle(frame, (500, 150), (1400, 900), (70, 60, 130), -1)
    cv2.rectangle(frame, (600, 220), (1300, 480), (45, 40, 35), -1)
    cv2.rectangle(frame, (500, 720), (1400, 900), (60, 60, 62), -1)
    picture = paint(Plate(next(k for k in KINDS if k.name == kind), text), Glyphs(), rng)
    picture = cv2.resize(
        picture, None, fx=width / picture.shape[1], fy=width / picture.shape[1], interpolation=cv2.INTER_AREA
    )
    high, wide = picture.shape[:2]
    turn = np.deg2rad(turn_deg)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    flat = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]]) / 2
    corners = flat @ spin.T + at
    source = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    warp = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    cover = cv2.warpPerspective(np.full((high, wide), 255, np.uint8), warp, (1920, 1080))[:, :, None] / 255
    pasted = cv2.warpPerspective(picture, warp, (1920, 1080))
    frame = (frame * (1 - cover) + pasted * cover).astype(np.uint8)
    return cv2.GaussianBlur(frame, (0, 0), 0.8), corners


@pytest.mark.parametrize(
    ("kind", "text", "width", "turn", "rows"),
    [
        ("large_front", "晋A38K21", 170.0, 0.0, 1),
        ("small", "京N3F2T6", 300.0, 12.0, 1),
        ("large_rear", "蒙K72L05", 200.0, -8.0, 2),
        ("trailer", "冀B61D3挂", 150.0, 0.0, 2),
    ],
)
def test_finds_corners_and_rows(
    locator: PlateLocator, kind: str, text: str, width: float, turn: float, rows: int
) -> None:
    frame, corners = scene(kind, text, width, (950.0, 800.0), turn)
    found = locator.locate(frame)
    near = [plate for plate in found if np.hypot(*(plate.corners.mean(0) - corners.mean(0))) < width / 4]
    assert len(near) == 1
    assert near[0].rows == rows
    height = np.hypot(*(corners[3] - corners[0]))
    assert np.abs(near[0].corners - corners).max() < 0.5 * height
    assert near[0].corners.dtype == np.float64


def test_a_small_plate_is_found_inside_its_vehicle(locator: PlateLocator) -> None:
    frame, corners = scene("large_front", "晋A38K21", 64.0, (950.0, 800.0))
    found = locator.locate(frame, np.array([[700.0, 600, 1200, 900]]))
    assert any(np.hypot(*(plate.corners.mean(0) - corners.mean(0))) < 16 for plate in found)


def test_nothing_in_an_empty_yard(locator: PlateLocator) -> None:
    assert locator.locate(np.full((720, 1280, 3), 90, np.uint8)) == []
    assert locator.locate(np.full((720, 1280, 3), 90, np.uint8), np.zeros((0, 4))) == []


def test_regions_outside_the_frame_show_nothing(locator: PlateLocator) -> None:
    frame = np.full((200, 300, 3), 90, np.uint8)
    assert locator.locate(frame, np.array([[400.0, 300, 500, 400], [10, 10, 10.5, 10.5]])) == []


def test_refuses_what_is_no_frame(locator: PlateLocator) -> None:
    with pytest.raises(PictureError, match="BGR"):
        locator.locate(np.zeros((200, 300), np.uint8))


def test_names_the_setting_a_card_lacks() -> None:
    path, card = weights("plate-detector")
    with pytest.raises(ModelError, match="value_unit"):
        PlateLocator(
            open_engine(path, card=card), replace(card, settings={"size_px": 640, "region_px": 320, "threshold": 0.5})
        )


def test_doubtful_places_are_given_on_demand_and_called_so() -> None:
    path, card = weights("plate-detector")
    frame, corners = scene("large_front", "晋A38K21", 170.0, (950.0, 800.0))
    engine = open_engine(path, card=card, threads=1)
    score = PlateLocator(engine, card).locate(frame)[0].score
    stern = PlateLocator(engine, replace(card, settings={**card.settings, "threshold": min(score * 1.2, 0.99)}))
    assert stern.locate(frame) == []
    doubtful = stern.locate(frame, doubtful=True)[0]
    assert not doubtful.sure
    assert np.hypot(*(doubtful.corners.mean(0) - corners.mean(0))) < 40
    assert believable(sure=False, confidence=0.95)
    assert not believable(sure=False, confidence=0.5)
    assert not believable(sure=False, confidence=None)
    assert believable(sure=True, confidence=None)


def test_a_frame_of_odd_sides_is_seen_like_one_of_even(locator: PlateLocator) -> None:
    frame, corners = scene("small", "京N3F2T6", 200.0, (950, 800))
    even, odd = locator.locate(frame)[0], locator.locate(np.ascontiguousarray(frame[:-1, :-1]))[0]
    assert np.abs(even.corners - corners).max() < 12
    assert np.abs(odd.corners - even.corners).max() < 6
