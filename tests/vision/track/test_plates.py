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


def tail(lettering: str, confidence: float) -> PlateSlots:
    """A truck driving off: its plate read well while it is near, the letters above it all the time."""
    slots = PlateSlots(PlateVote)
    for step in range(12):
        t_ms, size = step * 200, 80.0 - 4 * step
        if step < 5:
            slots.add(look(t_ms, "冀VWTTY0", 500 - 10 * step, 600 - 40 * step, size))
        slots.add(look(t_ms, lettering, 480 - 10 * step, 420 - 40 * step, 2.4 * size, confidence))
    return slots


def test_large_letters_read_with_three_characters_wrong_are_not_another_plate() -> None:
    """However often they are read: the plate is the surer of the two."""
    slots = tail("晋VVTTV0", 0.5)
    assert [r.text for r in slots.readings(final=True)] == ["冀VWTTY0"]


def test_large_letters_read_surely_are_not_taken_for_the_soiled_plate_below_them() -> None:
    slots = PlateSlots(PlateVote)
    for step in range(6):
        slots.add(look(step * 200, "吉PPP3KR", 500, 600 - 40 * step, 60.0, 0.7))
        if step > 3:
            slots.add(look(step * 200, "云PPP3KR", 500, 440 - 40 * step, 170.0, 0.99))
    assert [r.text for r in slots.readings(final=True)] == ["吉PPP3KR"]
    assert [c.text for c in slots.crops()] == ["吉PPP3KR"]


def test_large_letters_misread_beyond_likeness_are_no_plate_either() -> None:
    slots = PlateSlots(PlateVote)
    for step in range(8):
        slots.add(look(step * 200, "渝KXVYWS", 500, 600 - 40 * step, 60.0))
    for step, text in ((5, "藏K099VS"), (6, "藏K099VS"), (7, "藏K099HS")):
        slots.add(look(step * 200, text, 500, 440 - 40 * step, 160.0, 0.6))
    assert [r.text for r in slots.readings(final=True)] == ["渝KXVYWS"]


def test_a_nearer_vehicle_s_plate_is_larger_and_lower_and_told() -> None:
    slots = PlateSlots(PlateVote)
    for step in range(4):
        slots.add(look(step * 200, "冀VWTTY0", 300, 300 + 10 * step, 40.0))
        slots.add(look(step * 200, "京M5518K", 500, 500 + 10 * step, 80.0, 0.8))
    assert sorted(r.text for r in slots.readings()) == ["京M5518K", "冀VWTTY0"]


def test_large_letters_do_not_make_two_vehicles_of_one() -> None:
    assert tail("晋VVTTV0", 0.99).contradiction() is None


def test_another_plate_in_the_same_picture_is_told_beside_the_first() -> None:
    slots = tail("京M5518K", 0.97)
    assert sorted(r.text for r in slots.readings()) == ["京M5518K", "冀VWTTY0"]


def test_a_plate_three_characters_off_seen_at_another_time_is_another_plate() -> None:
    """A fleet's numbers follow each other: only what is read in one picture may differ so much and be one number."""
    slots = PlateSlots(PlateVote)
    for text, start_ms in (("冀VWTTY0", 0), ("晋VVTTV0", 4000)):
        for step in range(4):
            slots.add(look(start_ms + step * 200, text, 500, 600, 80.0))
    assert len(slots.readings()) == 2


def test_a_plate_let_go_is_beside_nothing_any_more() -> None:
    slots = tail("晋VVTTV0", 0.5)
    plate, letters = slots.slots
    slots.drop(letters)
    assert plate.beside == set()
    assert letters.beside == set()


def test_an_unlikely_text_is_not_told_beside_a_likely_one_and_told_where_it_is_all_there_is() -> None:
    slots = PlateSlots(PlateVote)
    for step in range(4):
        slots.add(look(step * 200, "浙E5G40A", 300, 200, 25.0, 0.05))
    assert [r.text for r in slots.readings()] == ["浙E5G40A"]
    for step in range(3):
        slots.add(look(800 + step * 200, "宁Y40QZZ", 800, 500, 80.0))
    assert [r.text for r in slots.readings()] == ["宁Y40QZZ"]
