"""The boxes a vehicle was lately seen in, and when what follows from them must be told anew."""

from typing import NamedTuple

from geofence.observations import JITTER, JITTER_PX

Box = tuple[float, float, float, float]
SMOOTH_MS = 1_000
STILL_SIGMAS = 0.7  # a box whose edges moved less than this since it was last taken has not moved


class Taken(NamedTuple):
    """A box with one sigma of its edges in pixels, and whether it has moved since it was last taken."""

    box: Box
    sigma_px: float
    moved: bool


class SteadyBox:
    """One vehicle's box, freed from jitter while it stands.

    every_ms: it is taken no sooner than this after it was last taken and had moved.
    """

    __slots__ = ("_boxes", "_every_ms", "_taken", "taken_ms")

    def __init__(self, every_ms: int) -> None:
        self._every_ms = every_ms
        self._boxes: list[tuple[int, Box]] = []
        self._taken: Box | None = None
        self.taken_ms = -(2**40)

    def add(self, t_ms: int, box: Box) -> None:
        """The box (x0, y0, x1, y1, pixels) of an instant."""
        self._boxes = [b for b in self._boxes if b[0] > t_ms - SMOOTH_MS]
        self._boxes.append((t_ms, box))

    def void(self) -> None:
        """What followed from the box last taken is forgotten: the next one counts as moved."""
        self._taken = None

    def take(self, t_ms: int) -> Taken | None:
        """The mean of the last boxes that differ by no more than jitter from the newest; None a moment after."""
        if t_ms - self.taken_ms < self._every_ms:
            return None
        newest = self._boxes[-1][1]
        sigma_px = max(JITTER * (newest[3] - newest[1]), JITTER_PX)
        alike = [box for _, box in self._boxes if _apart(box, newest) < 2.5 * sigma_px]
        x0, y0, x1, y1 = (sum(edge) / len(alike) for edge in zip(*alike, strict=True))
        steady = x0, y0, x1, y1
        if self._taken is not None and _apart(steady, self._taken) < STILL_SIGMAS * sigma_px:
            return Taken(steady, sigma_px, False)
        self.taken_ms, self._taken = t_ms, steady
        return Taken(steady, sigma_px, True)


def _apart(a: Box, b: Box) -> float:
    return max(abs(a[0] - b[0]), abs(a[1] - b[1]), abs(a[2] - b[2]), abs(a[3] - b[3]))
