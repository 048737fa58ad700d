"""Colour and axles of vehicles that did not train: real ones judged by eye, and drawn ones where there are any."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from models.attributes.labels import NOT_JUDGED, Judged, drawn, real
from models.detectors.prepare import RENDERED
from models.registry import EvaluationJob
from models.zoo import contenders
from vision.attributes import VehicleAttributes
from vision.engine import open_engine
from vision.facts import VehicleLook
from vision.plates.crop import read_picture

Look = Callable[[Judged], VehicleLook]


def evaluate(job: EvaluationJob) -> list[dict[str, Any]]:
    """One row a model. Drawn vehicles are those held out of the candidate's folder."""
    held = {"real": [v for v in real(job.data) if v.held_out]}
    folder = job.candidate / RENDERED if job.candidate is not None else Path("nowhere")
    if folder.is_dir():
        held["drawn"] = [v for v in drawn(folder) if v.held_out]
    rows = []
    for name, (path, card) in contenders("attributes", job.candidate).items():
        attributes = VehicleAttributes(open_engine(path, card=card, threads=job.threads), card)
        rows.append(measure(name, attributes, held))
    return rows


def measure(name: str, attributes: VehicleAttributes, held: dict[str, list[Judged]]) -> dict[str, Any]:
    """Of each group: right and judged, wrong, and unknown said where a person could tell; one crop a vehicle."""
    row: dict[str, Any] = {"model": name}
    took: list[float] = []
    for group, vehicles in held.items():
        said = [(v, _look(attributes, v, took)) for v in vehicles]
        row |= _colours(group, said) | _axles(group, said)
    row["ms_per_crop"] = round(float(np.median(took)), 2) if took else None
    return row


def _look(attributes: VehicleAttributes, judged: Judged, took: list[float]) -> VehicleLook:
    picture = read_picture(judged.picture)
    start = perf_counter()
    look = attributes.judge([attributes.scores(picture, np.array(judged.box))], [1.0])
    took.append((perf_counter() - start) * 1000)
    return look


def _colours(group: str, said: list[tuple[Judged, VehicleLook]]) -> dict[str, Any]:
    known = [(v.colour, look.colour) for v, look in said if v.colour is not None]
    unclear = [look.colour for v, look in said if v.colour_judged and v.colour is None]
    wrong = Counter(f"{want}: {got}" for want, got in known if got is not None and got != want)
    right = Counter(str(want) for want, got in known if got == want)
    of = Counter(str(want) for want, _ in known)
    return {
        f"{group}_colour_right": [sum(right.values()), len(known)],
        f"{group}_colour_unknown": [sum(got is None for _, got in known), len(known)],
        f"{group}_colour_of_unclear": [sum(got is not None for got in unclear), len(unclear)],
        f"{group}_by_colour": {colour: [right[colour], count] for colour, count in sorted(of.items())},
        f"{group}_colour_wrong": dict(wrong.most_common()),
    }


def _axles(group: str, said: list[tuple[Judged, VehicleLook]]) -> dict[str, Any]:
    judged = [(v.axles, look.axles) for v, look in said if v.axles != NOT_JUDGED]
    countable = [(want, got) for want, got in judged if want]
    right = Counter(str(want) for want, got in countable if got == want)
    of = Counter(str(want) for want, _ in countable)
    return {
        f"{group}_axles_right": [sum(right.values()), len(countable)],
        f"{group}_axles_unknown": [sum(got is None for _, got in countable), len(countable)],
        f"{group}_axles_of_uncountable": [
            sum(got is not None for w, got in judged if not w),
            len(judged) - len(countable),
        ],
        f"{group}_by_axles": {count: [right[count], number] for count, number in sorted(of.items())},
    }
