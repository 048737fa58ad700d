"""Colour and axles of vehicles: what the network is shown, how looks are joined, how seldom it is asked."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from models.zoo import weights
from vision.attributes import AXLES, COLOURS, HEIGHT_PX, WIDTH_PX, AttributeScores, VehicleAttributes, crop_of
from vision.engine import open_engine
from vision.errors import ModelError, PictureError
from vision.facts import VehicleColour, VehicleLook
from vision.lookbook import MOST_LOOKS, LookBook
from vision.source import Frame, Image
from vision.track import Vehicle


@pytest.fixture(scope="module")
def attributes() -> VehicleAttributes:
    path, card = weights("attributes")
    return VehicleAttributes(open_engine(path, card=card, threads=1), card)


def says(colour: VehicleColour | None, axles: int | None, sure: float = 0.9) -> AttributeScores:
    def spread(count: int, winner: int) -> NDArray[np.float64]:
        shares = np.full(count, (1 - sure) / (count - 1))
        shares[winner] = sure
        return np.log(shares)

    c = len(COLOURS) if colour is None else COLOURS.index(colour)
    a = len(AXLES) if axles is None else AXLES.index(axles)
    return AttributeScores(spread(len(COLOURS) + 1, c), spread(len(AXLES) + 1, a))


def test_the_shipped_model_is_small_and_knows_its_place() -> None:
    path, card = weights("attributes")
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ModelError, match="expected"):
        VehicleAttributes(open_engine(path, card=card), replace(card, classes=("white",)))
    with pytest.raises(ModelError, match="colour_threshold"):
        VehicleAttributes(open_engine(path, card=card), replace(card, settings={}))


@pytest.mark.parametrize("box", [(10, 20, 300, 180), (-40, -9, 30, 400), (630, 350, 700, 400), (5, 5, 5.2, 5.2)])
def test_any_box_of_any_frame_gives_a_crop(box: tuple[float, ...]) -> None:
    crop = crop_of(np.full((360, 640, 3), 9, np.uint8), np.array(box, np.float64))
    assert crop.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert crop.max() == 9


def test_refuses_what_is_no_frame(attributes: VehicleAttributes) -> None:
    with pytest.raises(PictureError, match="BGR"):
        attributes.scores(np.zeros((90, 90), np.uint8), np.array([0.0, 0, 9, 9]))


def test_a_picture_without_colours_has_none(attributes: VehicleAttributes) -> None:
    grey = np.repeat(np.random.default_rng(1).integers(0, 255, (96, 160, 1), np.uint8), 3, 2)
    seen = attributes.scores(grey, np.array([0.0, 0, 160, 96]))
    assert attributes.judge([seen], [1.0]).colour is None


def test_looks_that_cannot_tell_leave_the_word_to_those_that_can(attributes: VehicleAttributes) -> None:
    behind, side = says(VehicleColour.RED, None), says(VehicleColour.RED, 6)
    look = attributes.judge([behind, behind, behind, side], [1.0, 1.0, 1.0, 1.0])
    assert (look.colour, look.axles, look.looks) == (VehicleColour.RED, 6, 4)
    assert attributes.judge([behind, behind], [1.0, 1.0]).axles is None


def test_looks_that_contradict_each_other_say_nothing(attributes: VehicleAttributes) -> None:
    look = attributes.judge([says(VehicleColour.RED, 3), says(VehicleColour.BLUE, 4)], [1.0, 1.0])
    assert look == VehicleLook(looks=2)


class Counting:
    """Says red of everything, and counts how often it is asked."""

    asked = 0

    def scores(self, frame: Image, box: NDArray[np.float64]) -> AttributeScores:
        self.asked += 1
        return says(VehicleColour.RED, None)

    def judge(self, scores: Sequence[AttributeScores], weights: Sequence[float]) -> VehicleLook:
        return VehicleLook(VehicleColour.RED, 0.9, looks=len(scores))


def pass_by(book: LookBook, sizes: Sequence[float], *, person: bool = False) -> None:
    vehicle = Vehicle(0, np.array([0.0, 0, 10, 10]), 0.9, 6 if person else 3)
    vehicle.number = 7
    for i, size in enumerate(sizes):
        frame = Frame.of_image(np.zeros((720, 1280, 3), np.uint8), i * 100)
        vehicle.box, vehicle.seen_ms = np.array([0.0, 0, size, size]), i * 100
        book.see(frame, [vehicle])


def test_the_network_runs_a_handful_of_times_a_pass() -> None:
    network = Counting()
    book = LookBook(network)
    pass_by(book, [100.0 + (i % 3) for i in range(600)])
    assert network.asked == 3
    pass_by(LookBook(network), list(np.linspace(50, 700, 600)))
    assert network.asked <= 3 + 2 * MOST_LOOKS
    look = book.look(7)
    assert look is not None
    assert look.looks == 3
    book.close(7)
    assert book.look(7) is None


def test_people_and_what_is_far_away_are_not_looked_at() -> None:
    network = Counting()
    pass_by(LookBook(network), [20.0] * 30)
    pass_by(LookBook(network), [200.0] * 30, person=True)
    assert network.asked == 0
