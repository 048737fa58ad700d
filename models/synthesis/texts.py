"""Invented plate texts: provinces nearly balanced, confusable characters frequent, real measured plates never drawn."""

from collections.abc import Set as AbstractSet

import numpy as np

from vision.plates.grammar import DIGITS, KINDS, LETTERS, OFFICIAL, PROVINCES, SERIAL, Kind

# How often each kind is drawn. Trucks carry the yellow ones, cars and most public plates the blue.
WEIGHTS = {
    "small": 0.34,
    "large_front": 0.13,
    "large_rear": 0.17,
    "trailer": 0.07,
    "coach": 0.04,
    "new_energy_small": 0.08,
    "new_energy_large": 0.035,
    "police": 0.02,
    "hong_kong_macau": 0.02,
    "foreign": 0.01,
    "consulate": 0.005,
    "embassy": 0.005,
    "armed_police": 0.01,
    "armed_police_rear": 0.005,
    "army": 0.015,
    "army_rear": 0.01,
    "farm": 0.025,
    "civil_aviation": 0.01,
}
# Provinces by how many vehicles they register, roughly, and the coal ones besides: drawn for one plate in three, so
# that a smear is taken for the likelier of two look-alikes, while every province stays common enough to be learned.
COMMON = "粤粤粤粤苏苏苏鲁鲁鲁浙浙浙豫豫豫冀冀冀川川皖皖湘湘鄂鄂晋晋晋陕陕陕蒙蒙蒙辽闽赣桂沪京云黑贵渝津吉"
CONFUSABLE = "0DQ8B2Z5S17T4AUV"


def draw_kind(rng: np.random.Generator) -> Kind:
    """A kind, by WEIGHTS."""
    weights = np.array([WEIGHTS[kind.name] for kind in KINDS])
    return KINDS[int(rng.choice(len(KINDS), p=weights / weights.sum()))]


def draw_text(rng: np.random.Generator, kind: Kind, without: AbstractSet[str] = frozenset()) -> str:
    """A text this kind can carry that is not in `without`."""
    while True:
        manner = rng.random()
        text = "".join(_draw_character(rng, allowed, manner) for allowed in kind.positions)
        if text not in without:
            return text


def _draw_character(rng: np.random.Generator, allowed: str, manner: float) -> str:
    if allowed == SERIAL:
        # Most serials hold at most two letters; the rest teach every character in every place.
        if manner < 0.55:
            allowed = DIGITS if rng.random() < 0.75 else LETTERS
        elif manner < 0.75:
            allowed = CONFUSABLE
    elif allowed == LETTERS + OFFICIAL:
        allowed = OFFICIAL if rng.random() < 0.015 else LETTERS
    elif allowed == PROVINCES and rng.random() < 0.35:
        allowed = COMMON
    if allowed == LETTERS and rng.random() < 0.3:
        allowed = "ABC"
    return allowed[int(rng.integers(len(allowed)))]
