"""What a source yields: packets as they came, pictures decoded from them, and ticks while there is nothing."""

from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_FULL_RANGE = 2
_BT601 = (2, 5, 6)  # colour spaces, as H.264 numbers them: unspecified (taken for BT.601), BT.470BG, SMPTE 170M


@dataclass(frozen=True, slots=True)
class Packet:
    """One compressed picture exactly as it arrived.

    av: the PyAV packet; it, and the stream it names, are valid until the source yields again.
    connection: rises by one whenever the stream begins anew, so that a recorder starts a new segment.
    """

    t_ms: int
    keyframe: bool
    connection: int
    av: Any


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing arrived for a moment; the consumer may look after other things."""

    t_ms: int


def _scaled(planes: tuple[Image, Image, Image], width: int, height: int) -> Image:
    """A smaller BGR picture, scaled before its colours are converted: half the work of converting first."""
    small = np.empty((height * 3 // 2, width), np.uint8)
    cv2.resize(planes[0], (width, height), dst=small[:height], interpolation=cv2.INTER_LINEAR)
    colours = small[height:].reshape(2, height // 2, width // 2)
    for colour, plane in zip(colours, planes[1:], strict=True):
        cv2.resize(plane, (width // 2, height // 2), dst=colour, interpolation=cv2.INTER_LINEAR)
    out: Image = cv2.cvtColor(small, cv2.COLOR_YUV2BGR_I420)
    return out


class Frame:
    """One picture of a camera. Pixels are converted when asked for, at the size asked for.

    t_ms: UTC. index: counted from 0 by the source. pts: the stream's own time in ms. arrival_ms: UTC at which it
    came in (equal to t_ms for recorded clips).
    """

    __slots__ = ("_image", "_video", "arrival_ms", "height", "index", "keyframe", "pts_ms", "t_ms", "width")

    def __init__(
        self,
        video: Any,
        t_ms: int,
        index: int,
        *,
        pts_ms: float = 0.0,
        keyframe: bool = False,
        arrival_ms: int | None = None,
    ) -> None:
        self._video = video
        self._image: Image | None = None
        self.t_ms = t_ms
        self.index = index
        self.pts_ms = pts_ms
        self.keyframe = keyframe
        self.arrival_ms = t_ms if arrival_ms is None else arrival_ms
        self.width: int = video.width
        self.height: int = video.height

    @classmethod
    def of_image(cls, image: Image, t_ms: int, index: int = 0) -> "Frame":
        """A frame of a BGR picture, (H, W, 3) uint8."""
        frame = cls(av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24"), t_ms, index)
        frame._image = image
        return frame

    @property
    def image(self) -> Image:
        """The full picture, BGR, (height, width, 3) uint8. Shared: copy before drawing."""
        if self._image is None:
            self._image = self.at(self.width)
        return self._image

    def at(self, width: int) -> Image:
        """The picture scaled to a width (even, never enlarged), BGR, filtered so that nothing fine turns coarse."""
        width, height = self._size_at(width)
        if self._image is not None and width == self.width:
            return self._image
        out: Image = self._video.reformat(width, height, "bgr24", interpolation="BILINEAR", threads=1).to_ndarray()
        return out

    def preview(self, width: int) -> Image:
        """The same for people's eyes, in half the time and unfiltered: detectors miss vehicles in it. Not shared."""
        width, height = self._size_at(width)
        planes = self._planes() if width < self.width else None
        return _scaled(planes, width, height) if planes is not None else self.at(width).copy()

    def _size_at(self, width: int) -> tuple[int, int]:
        if width >= self.width:
            return self.width, self.height
        return width, max(2, round(self.height * width / self.width / 2) * 2)

    def _planes(self) -> tuple[Image, Image, Image] | None:
        """Brightness and both colours of the commonest kind of picture, (H, W) and (H/2, W/2); None for others."""
        video = self._video
        common = video.format.name == "yuv420p" and video.colorspace in _BT601 and video.color_range != _FULL_RANGE
        if not common or self.width % 2 or self.height % 2:
            return None
        sizes = ((self.height, self.width), *((self.height // 2, self.width // 2),) * 2)
        first, second, third = (
            np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:height, :width]
            for plane, (height, width) in zip(video.planes, sizes, strict=True)
        )
        return first, second, third

    def luma(self, step: int) -> Image:
        """Every step-th brightness of every step-th line, (height // step, width // step) uint8; nearly free."""
        if not self._video.format.name.startswith(("yuv", "nv", "gray")) or self._video.format.components[0].bits != 8:
            plane: Image = self._video.reformat(format="gray", threads=1).to_ndarray()
        else:
            first = self._video.planes[0]
            plane = np.frombuffer(first, np.uint8).reshape(-1, first.line_size)[: self.height, : self.width]
        rows, columns = self.height // step * step, self.width // step * step
        return np.ascontiguousarray(plane[step // 2 : rows : step, step // 2 : columns : step])
