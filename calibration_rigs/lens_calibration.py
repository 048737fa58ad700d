"""The lens of a camera from pictures of a ChArUco board held before it (OpenCV's pinhole with Brown distortion)."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.errors import CalibrationError
from gate.site.devices import Lens

Picture = NDArray[np.uint8]
LEAST_CORNERS = 8  # of one picture, to count
LEAST_PICTURES = 4
MOST_RMS_PX = 1.5


@dataclass(frozen=True, slots=True)
class Board:
    """A printed ChArUco board. square_m, marker_m: sides of a chess square and of a marker in it."""

    columns: int = 8
    rows: int = 6
    square_m: float = 0.10
    marker_m: float = 0.075

    def charuco(self) -> cv2.aruco.CharucoBoard:
        """The board as OpenCV knows it."""
        words = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_250)
        return cv2.aruco.CharucoBoard((self.columns, self.rows), self.square_m, self.marker_m, words)

    def picture(self, px_per_square: int = 100) -> Picture:
        """The board to print, grey, without a margin."""
        size = (self.columns * px_per_square, self.rows * px_per_square)
        return np.asarray(self.charuco().generateImage(size), np.uint8)


@dataclass(frozen=True, slots=True)
class LensFound:
    """A lens and how well it explains the pictures. rms_px: of all corners; used: the pictures that count."""

    lens: Lens
    size: tuple[int, int]
    rms_px: float
    used: tuple[int, ...]
    corners: int
    cover: float  # share of the picture's area within the hull of all corners


def calibrate_lens(pictures: Sequence[Picture], board: Board) -> LensFound:
    """The lens, from pictures (H, W, 3) or (H, W) of one camera, all of one size.

    Raises CalibrationError when too few show enough of the board, or when no lens explains them within 1.5 px.
    """
    if len({p.shape[:2] for p in pictures}) > 1:
        raise CalibrationError("the pictures differ in size: they must come from one camera in one mode")
    detector = cv2.aruco.CharucoDetector(board.charuco())
    grid = np.asarray(board.charuco().getChessboardCorners(), np.float32)
    world, image, used = [], [], []
    for number, picture in enumerate(pictures):
        corners, ids, _, _ = detector.detectBoard(picture)
        if ids is not None and len(ids) >= LEAST_CORNERS:
            world.append(grid[ids.ravel()])
            image.append(np.asarray(corners, np.float32).reshape(-1, 2))
            used.append(number)
    if len(used) < LEAST_PICTURES:
        raise CalibrationError(
            f"{len(used)} of {len(pictures)} pictures show {LEAST_CORNERS} corners or more of the board; "
            f"{LEAST_PICTURES} are needed, tilted differently and spread over the picture"
        )
    height, width = pictures[0].shape[:2]
    rms, matrix, distortion, _, _ = cv2.calibrateCamera(world, image, (width, height), None, None)
    if not np.isfinite(rms) or rms > MOST_RMS_PX:
        raise CalibrationError(f"no lens explains the corners better than {rms:.2f} px; is the board flat?")
    k = np.asarray(distortion, np.float64).ravel()[:5]
    lens = Lens(
        fx=float(matrix[0, 0]),
        fy=float(matrix[1, 1]),
        cx=float(matrix[0, 2]),
        cy=float(matrix[1, 2]),
        distortion=(float(k[0]), float(k[1]), float(k[2]), float(k[3]), float(k[4])),
    )
    spread = np.vstack(image)
    cover = cv2.contourArea(cv2.convexHull(spread)) / (width * height)
    return LensFound(lens, (width, height), float(rms), tuple(used), len(spread), float(cover))
