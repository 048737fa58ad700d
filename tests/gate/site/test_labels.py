"""Names on a picture of a site: none covers another, each stands at what it names or a line leads there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.site.draw import camera_picture, plan_picture
from gate.site.labels import Labels
from gate.site.load import parse_site
from tests.gate.site.test_site_shapes import SITE

RED = (0, 0, 255)


def grey():
    return np.full((720, 1280, 3), 90, np.uint8)


def overlaps(boxes):
    return [
        (a, b)
        for n, a in enumerate(boxes)
        for b in boxes[:n]
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]


def test_a_dozen_names_for_one_corner_stand_apart_and_lines_lead_there():
    picture = grey()
    labels = Labels(picture)
    corner = np.array([[620.0, 360.0], [640.0, 360.0]])
    for number in range(12):
        labels.name(f"way_out_{number} 出口", corner, RED)
    boxes = labels.draw()
    assert len(boxes) == 12
    assert overlaps(boxes) == []
    assert max(np.hypot((b[0] + b[2]) / 2 - 630, (b[1] + b[3]) / 2 - 360) for b in boxes) < 350
    far = [b for b in boxes if min(abs(b[1] - 360), abs(b[3] - 360)) > 40]
    assert far  # and between each of those and the corner there is its line
    red = (picture == RED).all(axis=2)
    for x0, y0, x1, y1 in boxes:
        red[y0:y1, x0:x1] = False
    assert red.sum() > 20


def test_a_name_beside_a_line_does_not_stand_on_it():
    labels = Labels(grey())
    line = np.column_stack([np.linspace(100, 1100, 200), np.full(200, 300.0)])
    labels.name("围墙", line[np.argsort(np.abs(line[:, 0] - 600))], RED, beside=True)
    [(_, y0, _, y1)] = labels.draw()
    assert y1 < 300 or y0 > 300


def test_titles_keep_their_corner_and_marks_give_way():
    labels = Labels(grey())
    labels.title("标题", 0, 0, RED)
    labels.mark("10", 5, 5, RED, 0.6)
    labels.mark("20", 300, 5, RED, 0.6)
    labels.name("区", np.array([[5.0, 5.0]]), RED)
    title, twenty, name = labels.draw()
    assert title[0] <= 0
    assert twenty[0] > 250
    assert overlaps([title, twenty, name]) == []


def test_what_is_out_of_the_picture_is_not_named():
    labels = Labels(grey())
    labels.name("远", np.array([[-50.0, 20.0], [5000.0, 20.0]]), RED)
    assert labels.draw() == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1279), st.floats(0, 719)), min_size=1, max_size=25), st.booleans())
def test_no_name_covers_another_or_leaves_the_picture(places, beside):
    labels = Labels(grey())
    for number, place in enumerate(places):
        labels.name(f"区 {number}", np.array([place]), RED, beside=beside)
    boxes = labels.draw()
    assert len(boxes) == len(places)
    assert overlaps(boxes) == []
    assert all(x0 >= -1 and y0 >= -1 and x1 <= 1281 and y1 <= 721 for x0, y0, x1, y1 in boxes)


@pytest.mark.parametrize("which", ["camera", "plan"])
def test_no_name_of_a_site_covers_another(monkeypatch, which):
    told = []
    draw = Labels.draw
    monkeypatch.setattr(Labels, "draw", lambda self: told.append(draw(self)))
    site = parse_site(SITE)
    if which == "camera":
        camera_picture(site, site.cameras[0], grey())
    else:
        plan_picture(site)
    [boxes] = told
    assert len(boxes) > 6
    assert overlaps(boxes) == []
