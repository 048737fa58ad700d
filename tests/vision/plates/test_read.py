"""The shipped reader on invented plates: every kind, straight and tilted, and on what is no plate."""

from dataclasses import replace

import numpy as np
import pytest

from models.synthesis.backgrounds import Backgrounds
from models.synthesis.glyphs import Glyphs
from models.synthesis.paint import Plate, paint
from models.synthesis.view import photograph
from models.synthesis.weather import degrade
from models.zoo import weights
from tests.data import data_folder
from vision.card import Card
from vision.engine import Engine, open_engine
from vision.errors import ModelError, PictureError
from vision.plates.grammar import BY_NAME, kinds_of
from vision.plates.read import PlateReader

# Two plates of each kind.
PLATES = [
    ("small", "晋AK4837"),
    ("small", "蒙B90D26"),
    ("large_front", "陕K72915"),
    ("large_rear", "豫GX3086"),
    ("large_rear", "冀D51942"),
    ("trailer", "鲁H2075挂"),
    ("trailer", "青A6318挂"),
    ("coach", "渝C1974学"),
    ("new_energy_small", "粤BD40917"),
    ("new_energy_large", "琼A28463F"),
    ("police", "赣A0652警"),
    ("hong_kong_macau", "粤Z8164港"),
    ("hong_kong_macau", "粤Z3907澳"),
    ("farm", "甘0741386"),
    ("civil_aviation", "民航B4027"),
]


@pytest.fixture(scope="module")
def engine() -> tuple[Engine, Card]:
    path, card = weights("reader")
    return open_engine(path, card=card), card


@pytest.fixture(scope="module")
def reader(engine: tuple[Engine, Card]) -> PlateReader:
    return PlateReader(*engine)


@pytest.mark.parametrize(("kind", "text"), PLATES)
def test_reads_each_kind_as_it_leaves_the_press(reader: PlateReader, kind: str, text: str) -> None:
    glyphs = Glyphs(data_folder() / "plates" / "glyphs")
    reading = reader.read([paint(Plate(BY_NAME[kind], text), glyphs, np.random.default_rng(5))])[0]
    assert reading is not None
    assert reading.text == text
    assert reading.rows == BY_NAME[kind].rows
    assert len(reading.char_confidences) == len(text)
    assert reading.second is not None
    assert kinds_of(reading.second)


def test_reads_tilted_and_loosely_cut_crops(reader: PlateReader) -> None:
    glyphs = Glyphs(data_folder() / "plates" / "glyphs")
    rng = np.random.default_rng(11)
    backgrounds = Backgrounds(None, rng)
    right = total = 0
    for kind, text in PLATES * 4:
        plate = paint(Plate(BY_NAME[kind], text), glyphs, rng)
        view = photograph(plate, rng, backgrounds.patch(rng), *BY_NAME[kind].size_mm)
        reading = reader.read([view.crop])[0]
        right += reading is not None and reading.text == text
        total += 1
    assert right / total > 0.9


def test_more_looks_read_more_of_what_is_tilted_and_worn(engine: tuple[Engine, Card]) -> None:
    glyphs = Glyphs(data_folder() / "plates" / "glyphs")
    rng = np.random.default_rng(17)
    backgrounds = Backgrounds(None, rng)
    crops = [
        degrade(
            photograph(
                paint(Plate(BY_NAME[kind], text), glyphs, rng), rng, backgrounds.patch(rng), *BY_NAME[kind].size_mm
            ).crop,
            rng,
            0.6,
        )[0]
        for kind, text in PLATES * 10
    ]
    right = {}
    for looks in (False, True):
        readings = PlateReader(*engine, second_look=looks).read(crops)
        right[looks] = sum(
            reading is not None and reading.text == text
            for reading, (_, text) in zip(readings, PLATES * 10, strict=True)
        )
    assert right[True] > right[False]


def test_crops_of_any_sort_end_in_a_reading_or_none(engine: tuple[Engine, Card]) -> None:
    everything = PlateReader(engine[0], replace(engine[1], settings={"plate_threshold": 0.0}))
    rng = np.random.default_rng(3)
    shapes = rng.integers(4, (60, 200), (40, 2))
    noise = [rng.integers(0, 255, (height, width, 3), dtype=np.uint8) for height, width in shapes]
    flat = [np.full((4 + side, 4 + 3 * side, 3), side, np.uint8) for side in range(0, 60, 6)]
    assert len(everything.read(noise + flat)) == 50


def test_corners_are_where_the_plate_is(reader: PlateReader) -> None:
    glyphs = Glyphs(data_folder() / "plates" / "glyphs")
    rng = np.random.default_rng(12)
    plate = paint(Plate(BY_NAME["large_rear"], "晋A12345"), glyphs, rng)
    view = photograph(plate, rng, np.full((80, 200, 3), 60, np.uint8), 440, 220)
    reading = reader.read([view.crop])[0]
    assert reading is not None
    size = np.array([view.crop.shape[1], view.crop.shape[0]])
    assert np.abs(np.array(reading.corners) / size - view.corners).max() < 0.08


def test_what_shows_no_plate_is_refused(reader: PlateReader) -> None:
    rng = np.random.default_rng(13)
    noise = rng.integers(0, 255, (40, 120, 3), dtype=np.uint8)
    flat = np.full((40, 120, 3), 90, np.uint8)
    stripes = np.tile(np.repeat(np.array([20, 220], np.uint8), 10), (40, 6))[:, :, None].repeat(3, 2)
    assert reader.read([noise, flat, stripes]) == [None, None, None]


def test_grey_deep_tiny_and_huge_crops_are_taken(reader: PlateReader) -> None:
    glyphs = Glyphs(data_folder() / "plates" / "glyphs")
    crop = paint(Plate(BY_NAME["small"], "晋AK4837"), glyphs, np.random.default_rng(5))
    grey = crop.mean(2).astype(np.uint8)
    huge = np.kron(crop, np.ones((12, 12, 1), np.uint8))
    readings = reader.read([grey, grey.astype(np.uint16) * 257, huge, crop[:5, :5]])
    assert [r.text for r in readings[:3] if r is not None] == ["晋AK4837"] * 3


def test_no_crops_give_no_readings(reader: PlateReader) -> None:
    assert reader.read([]) == []


def test_a_crop_that_is_no_picture_is_named(reader: PlateReader) -> None:
    with pytest.raises(PictureError, match="crop 1"):
        reader.read([np.zeros((40, 120, 3), np.uint8), np.zeros((2, 2, 3), np.uint8)])


def test_a_card_of_another_alphabet_is_refused(engine: tuple[Engine, Card]) -> None:
    with pytest.raises(ModelError, match="alphabet"):
        PlateReader(engine[0], replace(engine[1], classes=("a", "b")))
