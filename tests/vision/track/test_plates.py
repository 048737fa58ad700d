"""Which look belongs to which plate of a vehicle."""

import numpy as np

from vision.facts import PlateColour, PlateReading
from vision.plates.vote import PlateVote, scores_of
from vision.track import PlateLook, PlateSlots


def look(t_ms: int, text: str, x: float, y: float, width: float, confidence: float = 0.97) -> PlateLook:
    """One look at a plate whose middle lies at x, y."""
    half = np.array([[-0.5, -0.16], [0.5, -0.16], [0.5, 0.16], [-0.5, 0.16]]) * width
    scores = scores_of(PlateReading(text, PlateColour.YELLOW, 1, confidence))
    crop = np.zeros((40, 120, 3), np.uint8)
    return PlateLook(t_ms, half + np.array([x, y]), scores, text, crop, float(np.clip((width / 110) ** 2, 0.05, 1.5)))


def test_the_number_in_large_letters_on_the_tail_has_no_say_in_the_plate() -> None:
    """Above the plate, wider, one character taken for another: it is read beside the plate, in the same pictures."""
    slots = PlateSlots(PlateVote)
    for step in range(8):
        t_ms, size = step * 200, 80.0 - 5 * step
        slots.add(look(t_ms, "吉PPP3KR", 500 - 10 * step, 600 - 40 * step, size))
        if step in (4, 6):
            slots.add(look(t_ms, "云PPP3KR", 480 - 10 * step, 420 - 40 * step, 2.4 * size))
    (first, *others) = slots.readings(final=True)
    assert first.text == "吉PPP3KR"
    assert first.frames == 8
    assert others == [], "one plate, not two"


def test_a_plate_that_was_hidden_for_a_while_is_the_same_plate() -> None:
    slots = PlateSlots(PlateVote)
    for t_ms, x in ((0, 100), (200, 110), (1500, 400), (1700, 410)):
        slots.add(look(t_ms, "晋DK8T20", x, 300, 70))
    assert len(slots.slots) == 1
    assert slots.readings()[0].frames == 4
