"""Who is on a deck at an instant: which vehicles, wholly or partly, at which end they hang over, and people."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How a vehicle stands on a deck, as far as the cameras can tell."""

    ON = "on"  # wholly
    OVER = "over"  # over an end
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class OnDeck:
    """One vehicle on a deck.

    vehicles: its key at each camera that sees it. start_m, end_m: its stretch of the deck's long side, from the deck's
    start (its first drawn side). off_start_m, off_end_m: how far it hangs over each end, 0 within; sigma as one
    standard deviation of the ends, wide for an end no camera sees. wheels_on, wheels_off: of the wheels seen.
    deck_m: how long the deck is. All of these are in pixels where the deck is drawn in a picture.
    """

    vehicles: tuple[str, ...]
    kind: str
    start_m: float
    end_m: float
    off_start_m: float
    off_end_m: float
    sigma_start_m: float
    sigma_end_m: float
    wheels_on: int = 0
    wheels_off: int = 0
    deck_m: float = math.inf

    def partly_off(self, threshold_m: float, sigmas: float = 2.0) -> bool:
        """Whether it hangs over an end by more than a threshold, and by more than the measurement may be wrong."""
        return self.standing(threshold_m, sigmas) is Standing.OVER

    def standing(self, threshold_m: float, sigmas: float = 2.0) -> Standing:
        """How it stands: over an end by more than a threshold, wholly on, or neither for sure."""
        over = self._over()
        if self.wheels_off or any(off > max(threshold_m, sigmas * sigma) for off, sigma in over):
            return Standing.OVER
        surely = all(off + sigmas * sigma <= threshold_m for off, sigma in over)
        return Standing.ON if surely else Standing.UNSURE

    def least_share(self, sigmas: float = 2.0) -> float:
        """The share of its length that is on the deck at least, 0 to 1, if each end is as far off as it may be."""
        off = sum(max(off + sigmas * sigma, 0.0) for off, sigma in self._over())
        length = self.end_m - self.start_m + sigmas * (self.sigma_start_m + self.sigma_end_m)
        return max(1.0 - off / length, 0.0)

    def _over(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """How far beyond the deck's start and its end it reaches, negative within, each with its sigma."""
        start = self.off_start_m or -self.start_m
        end = self.off_end_m or self.end_m - self.deck_m
        return (start, self.sigma_start_m), (end, self.sigma_end_m)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Who is on a deck at one instant, ordered along it. unsure: keys of vehicles of which nobody can tell."""

    t_ms: int
    deck: str
    vehicles: tuple[OnDeck, ...] = ()
    persons: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Nobody and nothing seen on it, and nothing that may be."""
        return not self.vehicles and not self.persons and not self.unsure
