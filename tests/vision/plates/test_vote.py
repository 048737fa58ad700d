"""Votes over a pass: order means nothing, good crops outweigh bad ones, confidence grows slowly and stays honest."""

import random
from dataclasses import replace

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from vision.facts import PlateColour, PlateReading
from vision.plates.grammar import BY_NAME, decode, kinds_of
from vision.plates.vote import MAX_VOTES, PlateVote, combine, independent_looks, scores_of, sharpness


def said(text: str, sure: float = 0.9, second: str | None = None, weak: dict[int, float] | None = None) -> PlateReading:
    characters = tuple((weak or {}).get(i, sure) for i in range(len(text)))
    kind = kinds_of(text)[0]
    confidence = float(np.prod(characters))
    return PlateReading(text, kind.colour, kind.rows, confidence, characters, second)


def outcome(readings: list[PlateReading]) -> PlateReading:
    vote = PlateVote()
    for reading in readings:
        vote.add(reading)
    result = vote.result()
    assert result is not None
    return result


texts = st.sampled_from(["晋A12345", "晋A1234挂", "豫KD1234", "粤Z1234港", "皖AD12345"])


@given(texts, st.floats(0.3, 0.999), st.integers(1, 30))
def test_crops_that_agree_are_believed(text: str, sure: float, count: int) -> None:
    result = outcome([said(text, sure)] * count)
    assert result.text == text
    assert result.frames == count
    assert result.colour is kinds_of(text)[0].colour
    assert 0 <= result.confidence <= 1


TIED = [("晋A12345", 0.4375), ("晋A1234挂", 0.35202435357798556), ("豫KD1234", 0.4375)]


@example(TIED, random.Random(3))
@given(st.lists(st.tuples(texts, st.floats(0.2, 0.99)), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_votes_is_nothing(cast: list[tuple[str, float]], luck: random.Random) -> None:
    readings = [said(text, sure) for text, sure in cast]
    shuffled = list(readings)
    luck.shuffle(shuffled)
    first, second = outcome(readings), outcome(shuffled)
    assert first == second
    assert kinds_of(first.text)


@given(texts, st.floats(0.5, 0.97))
def test_more_agreeing_looks_never_lower_confidence_and_never_reach_certainty(text: str, sure: float) -> None:
    confidences = [outcome([said(text, sure)] * count).confidence for count in (1, 2, 4, 8, 40)]
    assert confidences == sorted(confidences)
    assert confidences[-1] < 1


def test_one_wrong_character_in_a_few_crops_is_outvoted() -> None:
    right, wrong = "晋A18345", "晋A1B345"
    readings = [said(right, 0.9)] * 4 + [said(wrong, 0.9, second=right, weak={3: 0.6})] * 3
    result = outcome(readings)
    assert result.text == right
    assert result.second == wrong


def test_each_character_may_come_from_another_crop() -> None:
    first = said("晋A12345", 0.95, second="晋A12845", weak={4: 0.5})
    second = said("晋A72845", 0.95, second="晋A12845", weak={2: 0.5})
    third = said("晋A12845", 0.95)
    assert outcome([first, second, third]).text == "晋A12845"


def test_a_sharp_crop_outweighs_several_smeared_ones() -> None:
    vote = PlateVote()
    vote.add(said("豫A12345", 0.97), weight=1.0)
    for _ in range(3):
        vote.add(said("冀A12345", 0.6), weight=0.05)
    result = vote.result()
    assert result is not None
    assert result.text == "豫A12345"


def test_disagreement_lowers_confidence() -> None:
    agreed = outcome([said("晋A12345", 0.97)] * 6)
    quarrel = outcome([said("晋A12345", 0.97)] * 4 + [said("晋A12346", 0.97)] * 2)
    assert quarrel.text == "晋A12345"
    assert quarrel.confidence < agreed.confidence


def test_early_only_when_sure_and_seen_often_enough() -> None:
    vote = PlateVote()
    assert vote.result() is None
    for _ in range(2):
        vote.add(said("晋A12345", 0.999))
        assert vote.early() is None
    vote.add(said("晋A12345", 0.999))
    early = vote.early()
    assert early is not None
    assert early.text == "晋A12345"
    doubtful = PlateVote()
    for _ in range(5):
        doubtful.add(said("晋A12345", 0.6))
    assert doubtful.early() is None


def test_a_standing_truck_does_not_fill_memory() -> None:
    vote = PlateVote()
    for index in range(500):
        vote.add(replace(said("晋A12345", 0.9), corners=((float(index), 0.0),) * 4))
    result = vote.result()
    assert result is not None
    assert result.frames == 500
    assert len(vote._ballots) == MAX_VOTES


@given(st.lists(st.floats(1e-6, 10), min_size=1, max_size=200))
def test_looks_grow_slowly_with_votes(weights: list[float]) -> None:
    looks = independent_looks(np.array(weights))
    assert 0.99 <= looks <= 4


def test_combining_one_changes_nothing() -> None:
    scores = scores_of(said("晋A1234挂", 0.8, second="晋A1284挂"))
    together = combine([scores], np.array([0.3]))
    assert np.allclose(together.text, scores.text, atol=1e-6)
    assert decode(together).kind is BY_NAME["trailer"]


def test_a_reading_without_character_probabilities_still_votes() -> None:
    reading = PlateReading("晋A12345", PlateColour.YELLOW, 1, 0.8)
    assert outcome([reading, reading]).text == "晋A12345"


def test_sharp_crops_weigh_more_than_soft_ones() -> None:
    rng = np.random.default_rng(3)
    sharp = np.kron(rng.integers(0, 2, (8, 30)), np.ones((6, 4))).astype(np.uint8)[:, :, None].repeat(3, 2) * 200
    soft = (sharp * 0.3 + sharp.mean() * 0.7).astype(np.uint8)
    import cv2

    soft = cv2.GaussianBlur(soft, (0, 0), 3)
    assert sharpness(sharp) > 2 * sharpness(soft)
