"""When two plate readings may be the same plate, and which reading a vehicle is known by."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from vision.facts import PlateReading

# Pairs readers take for each other (design notes on plates); one such pair weighs less than a plain difference.
_CONFUSED = frozenset(
    frozenset(pair)
    for pair in (
        "0D",
        "0Q",
        "DQ",
        "8B",
        "2Z",
        "5S",
        "17",
        "1T",
        "7T",
        "4A",
        "UV",
        "豫冀",
        "皖粤",
        "CG",
        "EF",
        "MW",
        "MN",
    )
)
_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CONFUSED_COST = 0.4
SAME_PLATE = (
    0.8  # up to here two readings may be one plate: at most two confusable characters, never a plain difference
)
KNOWN_CONFIDENCE = 0.6  # below this a plate counts as unread (fraud catalogue, unread plate)


@lru_cache(maxsize=65_536)
def distance(a: str, b: str) -> float:
    """Edit distance between two plate texts; confusable characters cost 0.4, everything else 1. Symmetric, ≥ 0."""
    previous = [float(j) for j in range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        current = [float(i)]
        for j, y in enumerate(b, 1):
            swap = 0.0 if x == y else CONFUSED_COST if frozenset((x, y)) in _CONFUSED else 1.0
            current.append(min(previous[j - 1] + swap, previous[j] + 1, current[j - 1] + 1))
        previous = current
    return previous[-1]


def one_off(plate: str) -> Iterator[str]:
    """Every plate text that differs in one character behind the province."""
    for place in range(1, len(plate)):
        for other in _CHARACTERS:
            if other != plate[place]:
                yield plate[:place] + other + plate[place + 1 :]


def confusable(a: str, b: str) -> bool:
    """Whether readers take one of two plates for the other: they differ, and only in characters that look alike."""
    return (
        len(a) == len(b) and a != b and all(x == y or frozenset((x, y)) in _CONFUSED for x, y in zip(a, b, strict=True))
    )


def is_trailer(reading: PlateReading) -> bool:
    """Trailers carry plates that end in 挂."""
    return reading.text.endswith("挂")


def merge(readings: Iterable[PlateReading]) -> tuple[PlateReading, ...]:
    """One reading per plate of a vehicle, the one it is known by first.

    Readings of one plate by several cameras become the surest of them, with all crops counted. The tractor's plate
    comes before the trailer's, a surer one before a weaker one.
    """
    groups: list[PlateReading] = []
    for reading in sorted(readings, key=_surest_first):
        twin = next((i for i, g in enumerate(groups) if _one_plate(g, reading)), None)
        if twin is None:
            groups.append(reading)
        else:
            groups[twin] = replace(groups[twin], frames=groups[twin].frames + reading.frames)
    return tuple(sorted(groups, key=lambda r: (is_trailer(r), *_surest_first(r))))


def known(readings: Sequence[PlateReading]) -> str:
    """The text of the plate a vehicle is known by, "" while none is read surely enough."""
    return next((r.text for r in readings if r.confidence >= KNOWN_CONFIDENCE and not is_trailer(r)), "")


def _one_plate(a: PlateReading, b: PlateReading) -> bool:
    return is_trailer(a) == is_trailer(b) and distance(a.text, b.text) <= SAME_PLATE


def _surest_first(reading: PlateReading) -> tuple[float, int, str]:
    return (-reading.confidence, -reading.frames, reading.text)
