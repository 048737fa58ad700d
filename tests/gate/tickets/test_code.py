import cv2
import numpy as np
import pytest

from gate.tickets.code import code, code_png, code_text, read_codes
from gate.tickets.ticket import seal
from tests.gate.tickets.test_ticket import KEY, TICKET

TOKEN = seal(TICKET, KEY)


def picture(module_px: int) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(code_png(TOKEN, module_px), np.uint8), cv2.IMREAD_GRAYSCALE)


def test_the_code_is_small_enough_for_a_cheap_printer() -> None:
    made = code(TOKEN)
    assert made.version <= 9
    assert made.symbol_size(scale=3, border=4)[0] <= 384  # dots across a 58 mm thermal printer


@pytest.mark.parametrize("module_px", [2, 3, 6])
def test_a_printed_code_is_read_back(module_px: int) -> None:
    assert read_codes(picture(module_px)) == [TOKEN]


def test_a_phone_held_askew_before_a_noisy_camera_is_read() -> None:
    rng = np.random.default_rng(5)
    scene = np.full((720, 1280), 90, np.uint8)
    shown = picture(5)
    side = shown.shape[0]
    corners = np.array([[420, 180], [760, 210], [730, 540], [400, 500]], np.float32)
    warp = cv2.getPerspectiveTransform(np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32), corners)
    warped = cv2.warpPerspective(shown, warp, (1280, 720), borderValue=90)
    scene = cv2.GaussianBlur((warped * 0.8 + 20).astype(np.uint8), (0, 0), 1.0)
    noisy = np.clip(scene + rng.normal(0, 8, scene.shape), 0, 255).astype(np.uint8)
    assert read_codes(noisy) == [TOKEN]


def test_a_dirty_code_is_read() -> None:
    dirty = picture(6)
    middle = dirty.shape[0] // 2
    dirty[middle : middle + 36, middle : middle + 36] = 255
    assert read_codes(dirty) == [TOKEN]


def test_nothing_is_read_where_there_is_nothing() -> None:
    assert read_codes(np.zeros((100, 100), np.uint8)) == []


def test_a_terminal_shows_the_code() -> None:
    assert len(code_text(TOKEN).splitlines()) > 20
