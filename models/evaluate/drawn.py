"""Readers on drawn plates: every kind and every province equally often, where real crops show only a few of them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.synthesis.backgrounds import Backgrounds
from models.synthesis.glyphs import Glyphs
from models.synthesis.paint import Plate, paint
from models.synthesis.real import measured_texts
from models.synthesis.texts import draw_text
from models.synthesis.view import photograph
from models.synthesis.weather import degrade
from vision.plates.grammar import KINDS, PROVINCES

_EACH = 24
_SEED = 20_000
_STRENGTH = 0.4

Read = Callable[[Sequence[NDArray[np.uint8]], Sequence[int]], list[tuple[str, bool]]]


def measure_drawn(read: Read, data: Path) -> dict[str, Any]:
    """Exact texts by kind and by province; the seed is none that trains."""
    rng = np.random.default_rng(_SEED)
    glyphs, backgrounds = Glyphs(data / "plates" / "glyphs"), Backgrounds(None, rng)
    forbidden = measured_texts(data)
    plates, crops = [], []
    for kind in KINDS:
        for _ in range(_EACH):
            plate = Plate(kind, draw_text(rng, kind, forbidden))
            view = photograph(paint(plate, glyphs, rng), rng, backgrounds.patch(rng), *kind.size_mm)
            plates.append(plate)
            crops.append(degrade(view.crop, rng, _STRENGTH)[0])
    answers = read(crops, [plate.kind.rows for plate in plates])
    by_kind: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    by_province: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for plate, (text, _) in zip(plates, answers, strict=True):
        by_kind[plate.kind.name][0] += text == plate.text
        by_kind[plate.kind.name][1] += 1
        place = next((at for at, character in enumerate(plate.text) if character in PROVINCES), None)
        if place is not None:
            by_province[plate.text[place]][0] += text[place : place + 1] == plate.text[place]
            by_province[plate.text[place]][1] += 1
    right = sum(hit for hit, _ in by_kind.values())
    return {
        "drawn": [right, len(plates)],
        "drawn_by_kind": dict(by_kind),
        "drawn_province_by_province": dict(by_province),
    }
