"""Which readings are one plate."""

from hypothesis import given
from hypothesis import strategies as st

from gate.passage.plates import SAME_PLATE, distance, known, merge
from vision.facts import PlateColour, PlateReading

texts = st.text("京津皖粤晋ABD0Q8BZ2S517T挂", max_size=8)


def reading(text: str, confidence: float = 0.95, frames: int = 1) -> PlateReading:
    return PlateReading(text, PlateColour.YELLOW, 1, confidence, frames=frames)


@given(texts, texts)
def test_distance_is_symmetric_and_zero_only_for_equal_texts(a: str, b: str) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)


@given(texts, texts, texts)
def test_distance_obeys_the_triangle(a: str, b: str, c: str) -> None:
    assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-9


def test_confusable_characters_are_near_and_others_are_not() -> None:
    assert distance("晋A0D123", "晋AD0123") <= SAME_PLATE
    assert distance("晋A12345", "晋A12346") > SAME_PLATE


@given(st.lists(st.builds(reading, texts.filter(bool), st.floats(0, 1), st.integers(1, 9)), max_size=8))
def test_merging_keeps_every_crop_and_puts_trailers_last(readings: list[PlateReading]) -> None:
    merged = merge(readings)
    assert sum(r.frames for r in merged) == sum(r.frames for r in readings)
    trailers = [r.text.endswith("挂") for r in merged]
    assert trailers == sorted(trailers)


def test_a_vehicle_is_known_by_its_tractor_not_its_trailer() -> None:
    plates = merge([reading("晋B7788挂", 0.99), reading("晋A31567", 0.9), reading("晋A31S67", 0.7)])
    assert [p.text for p in plates] == ["晋A31567", "晋B7788挂"]
    assert known(plates) == "晋A31567"
    assert known([reading("晋A31567", 0.3)]) == ""
