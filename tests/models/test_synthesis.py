"""Drawn plates: every kind, lettered where the standard says, the same for the same seed, never a measured text."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.synthesis.backgrounds import Backgrounds
from models.synthesis.crops import CropSource, encode, training_negatives
from models.synthesis.glyphs import Glyphs
from models.synthesis.layout import cells
from models.synthesis.paint import SCALE_PX_PER_MM, Plate, paint
from models.synthesis.real import corrections, measured_texts, read_labels
from models.synthesis.texts import draw_kind, draw_text
from models.synthesis.view import draw_quad, nudge, photograph, recut
from models.synthesis.weather import degrade
from tests.data import data_folder
from vision.plates.grammar import ALPHABET, KINDS, PROVINCES, Kind, kinds_of

kinds = st.sampled_from(KINDS)
seeds = st.integers(0, 2**32 - 1)


@given(kinds, seeds)
def test_drawn_texts_are_texts_of_their_kind(kind: Kind, seed: int) -> None:
    assert kind.allows(draw_text(np.random.default_rng(seed), kind))


@given(kinds, seeds)
def test_cells_lie_on_the_plate_apart_from_each_other(kind: Kind, seed: int) -> None:
    text = draw_text(np.random.default_rng(seed), kind)
    placed = cells(kind, text)
    assert "".join(cell.character for cell in placed) == text
    width, height = kind.size_mm
    for cell in placed:
        assert cell.x_mm >= 0
        assert cell.y_mm >= 0
        assert cell.x_mm + cell.width_mm <= width
        assert cell.y_mm + cell.height_mm <= height
    for left, right in pairwise(placed):
        assert right.x_mm >= left.x_mm + left.width_mm or right.y_mm >= left.y_mm + left.height_mm


def test_provinces_and_kinds_are_balanced() -> None:
    rng = np.random.default_rng(1)
    drawn = [draw_kind(rng) for _ in range(3000)]
    assert {kind.name for kind in drawn} == {kind.name for kind in KINDS}
    firsts = [draw_text(rng, KINDS[0])[0] for _ in range(6200)]
    counts = [firsts.count(province) for province in PROVINCES]
    assert min(counts) > 90
    assert max(counts) < 6 * min(counts)


def test_a_forbidden_text_is_never_drawn() -> None:
    embassy = next(kind for kind in KINDS if kind.name == "embassy")
    first = draw_text(np.random.default_rng(9), embassy)
    assert draw_text(np.random.default_rng(9), embassy, frozenset({first})) != first


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_painted_in_its_size_with_ink_on_it(kind: Kind) -> None:
    rng = np.random.default_rng(4)
    picture = paint(Plate(kind, draw_text(rng, kind)), Glyphs(None), rng)
    assert picture.shape[:2] == tuple(round(side * SCALE_PX_PER_MM) for side in reversed(kind.size_mm))
    assert picture.std() > 10


def test_fonts_serve_where_there_are_no_glyph_pictures() -> None:
    glyphs = Glyphs(None)
    masks = [glyphs.cut("row", character, 34, 68) for character in ALPHABET if character]
    assert all(mask.shape == (68, 34) and mask.max() > 128 for mask in masks)
    provinces = [glyphs.cut("row", character, 34, 68) for character in PROVINCES]
    apart = [np.abs(a.astype(int) - b).mean() for i, a in enumerate(provinces) for b in provinces[:i]]
    assert min(apart) > 5


@given(seeds)
def test_the_plate_lies_where_the_view_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    white = np.full((105, 330, 3), 255, np.uint8)
    view = photograph(white, rng, np.zeros((40, 100, 3), np.uint8), 440, 140)
    height, width = view.crop.shape[:2]
    x, y = (view.corners.mean(0) * (width, height)).astype(int)
    assert view.crop[min(max(y, 0), height - 1), min(max(x, 0), width - 1)].min() > 200
    edges = np.roll(view.corners, -1, axis=0) - view.corners
    turns = np.roll(edges, -1, axis=0)
    assert np.all(edges[:, 0] * turns[:, 1] - edges[:, 1] * turns[:, 0] > 0), "corners run clockwise"


@given(seeds, st.floats(0.1, 1.0))
def test_weather_keeps_a_picture_a_picture(seed: int, strength: float) -> None:
    rng = np.random.default_rng(seed)
    crop = rng.integers(0, 255, (48, 150, 3), dtype=np.uint8)
    worn, _ = degrade(crop, rng, strength)
    assert worn.dtype == np.uint8
    assert worn.ndim == 3
    assert min(worn.shape[:2]) >= 8
    assert nudge(worn, rng).shape == worn.shape


@given(seeds, st.sampled_from([1, 2]))
def test_a_plate_cut_again_lies_where_its_corners_were_moved_to(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    height_mm = 220 if rows == 2 else 140
    view = photograph(
        np.full((105 * rows, 330, 3), 255, np.uint8), rng, np.zeros((40, 100, 3), np.uint8), 440, height_mm
    )
    straight, warp = recut(view.crop, view.corners, rows, rng)
    corners = cv2.perspectiveTransform(view.corners[None], warp)[0]
    height, width = straight.shape[:2]
    x, y = (corners.mean(0) * (width, height)).astype(int)
    assert straight[y, x].min() > 200
    assert np.abs(corners - [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]).max() < 0.5


@given(seeds)
def test_views_stay_plates(seed: int) -> None:
    quad = draw_quad(np.random.default_rng(seed), 440, 140)
    assert np.ptp(quad[:, 0]) > np.ptp(quad[:, 1]) * 0.5


def test_crops_without_any_data_are_the_same_for_the_same_seed() -> None:
    first, second = (
        [source.draw(np.random.default_rng(6)) for _ in range(12)] for source in (CropSource(None, 1),) * 2
    )
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.text, b.text)


def test_negatives_say_nothing_and_plates_spell_their_text() -> None:
    source = CropSource(None, 2)
    rng = np.random.default_rng(2)
    samples = [source.draw(rng) for _ in range(120)]
    assert any(not sample.plate for sample in samples)
    for sample in samples:
        text = "".join(ALPHABET[index] for index in sample.text)
        assert bool(text) == sample.plate
        assert not text or kinds_of(text)


def test_measured_texts_never_train() -> None:
    data = data_folder()
    forbidden = measured_texts(data)
    assert len(forbidden) > 500
    source = CropSource(data, 1)
    assert not forbidden & {crop.text for crop, _ in source._real}
    assert not forbidden & {crop.text for crop in source.held_out}
    assert not {crop.text for crop, _ in source._real} & {crop.text for crop in source.held_out}


def test_corrections_name_crops_that_exist() -> None:
    folder = data_folder()
    for image, text in corrections().items():
        scene = image.startswith("easypr/")  # a scene's label is named with the picture: two plates may stand in one
        path = folder / "scenes" / image.partition(":")[0] if scene else folder / "plates" / image
        assert path.is_file(), image
        assert not text or kinds_of(text), image
    dev = {crop.path.name: crop.text for crop in read_labels(folder / "plates", "dev")}
    assert all(dev[Path(image).name] == text for image, text in corrections().items() if image.startswith("dev/"))


def test_half_of_the_negatives_only_measure() -> None:
    data = data_folder()
    assert len(training_negatives(data)) == 299


def test_boards_and_patches_need_no_pictures() -> None:
    rng = np.random.default_rng(5)
    backgrounds = Backgrounds(None, rng)
    assert backgrounds.board(rng).shape == (80, 220, 3)
    assert backgrounds.patch(rng).ndim == 3


def test_texts_are_encoded_left_aligned() -> None:
    assert [ALPHABET[index] for index in encode("晋A1234挂")] == [*"晋A1234挂", ""]
