"""One camera's pictures over a run, and what befalls the camera: a cloth over it, a turn, a frozen picture, no line."""

from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.finish import Finish
from calibration_rigs.render import Painter
from calibration_rigs.scenario import Scenario
from calibration_rigs.simulation import Simulation
from calibration_rigs.weather import Weather

Picture = NDArray[np.uint8]
GONE = ("lost", "stalled")
TURN_RAD = 0.9
_DEFOCUS_PX = 9.0


class Negative:
    """What a camera's glass lets in, instant by instant. Close it. Raises RenderError."""

    def __init__(self, simulation: Simulation, camera: str, weather: Weather) -> None:
        self._scenario, self._camera = simulation.scenario, camera
        self._view = simulation.layout.views[camera]
        self._painter = Painter(simulation.world, self._view.size, weather)

    def close(self) -> None:
        """Give the drawing context back."""
        self._painter.close()

    def take(self, t_s: float) -> Picture | None:
        """The scene as it stands, (H, W, 3) BGR, not yet developed; None while the camera sends nothing."""
        state = self._scenario.state_of(self._camera, t_s)
        if state in GONE:
            return None
        return self._painter.seen(self._camera, self._view, TURN_RAD if state == "turned" else 0.0)


class Darkroom:
    """Makes of one camera's negatives, in their order, the pictures it sends."""

    def __init__(self, scenario: Scenario, camera: str, view: View, weather: Weather) -> None:
        self._scenario, self._camera = scenario, camera
        self._finish = Finish(view.size, weather, scenario.seed, dirt=scenario.lens_dirt)
        self._last: Picture | None = None

    def develop(self, negative: Picture | None, t_s: float) -> Picture | None:
        """The picture sent at an instant, (H, W, 3) BGR; None where none is sent."""
        state = self._scenario.state_of(self._camera, t_s)
        if negative is None:
            return None
        if state == "frozen" and self._last is not None:
            return self._last
        self._last = _spoiled(self._finish(negative), state)
        return self._last


class Shot:
    """Draws and develops one camera of a simulation. Close it, or use it as a context manager. Raises RenderError."""

    def __init__(self, simulation: Simulation, camera: str, weather: Weather) -> None:
        self._negative = Negative(simulation, camera, weather)
        self._darkroom = Darkroom(simulation.scenario, camera, simulation.layout.views[camera], weather)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the drawing context back."""
        self._negative.close()

    def take(self, t_s: float) -> Picture | None:
        """The picture the camera sends at an instant, (H, W, 3) BGR; None where it sends none."""
        return self._darkroom.develop(self._negative.take(t_s), t_s)


def _spoiled(picture: Picture, state: str) -> Picture:
    if state == "covered":  # a cloth lets a little light through and keeps the sensor's noise
        return np.asarray(picture // 24 + 9, np.uint8)
    if state == "defocused":
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), _DEFOCUS_PX), np.uint8)
    if state == "blinded":
        return np.asarray(cv2.addWeighted(picture, 0.12, picture, 0.0, 222), np.uint8)
    return picture
