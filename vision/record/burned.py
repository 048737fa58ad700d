"""The second copy: pictures with the overlay in them, encoded."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import SourceError
from vision.overlay import Overlay, OverlayState
from vision.source import Frame, RecordedSource


class BurnedInWriter:
    """Annotated pictures into an H.264 MP4 that plays anywhere. The same pictures give the same bytes."""

    def __init__(self, path: Path, width: int, height: int, *, crf: int = 23, preset: str = "veryfast") -> None:
        self._out = av.open(str(path), "w", format="mp4", options={"movflags": "faststart", "fflags": "bitexact"})
        options = {"crf": str(crf), "preset": preset, "x264-params": "threads=2:sliced-threads=0:keyint=50"}
        self._stream = self._out.add_stream("libx264", rate=25, options=options)
        self._stream.width, self._stream.height = width // 2 * 2, height // 2 * 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, 1000)
        self._first_ms: int | None = None

    def write(self, picture: NDArray[np.uint8], t_ms: int) -> None:
        """Append a BGR picture shown from t_ms on; times rise."""
        if self._first_ms is None:
            self._first_ms = t_ms
        planes = cv2.cvtColor(picture[: self._stream.height, : self._stream.width], cv2.COLOR_BGR2YUV_I420)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = t_ms - self._first_ms, Fraction(1, 1000)
        self._out.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        self._out.mux(self._stream.encode(None))
        self._out.close()


def burn_in(clip: Path, start_ms: int, out: Path, overlay: Overlay, state_at: Callable[[Frame], OverlayState]) -> int:
    """Encode a recorded clip with each picture's own state drawn in; returns how many pictures.

    start_ms: the instant of the clip's first picture. Raises SourceError when the clip holds no picture.
    """
    part = out.with_name(f".{out.name}")
    source = RecordedSource(str(clip), clip.name, start_ms)
    writer: BurnedInWriter | None = None
    count = 0
    try:
        for item in source:
            if isinstance(item, Frame):
                if writer is None:
                    writer = BurnedInWriter(part, item.width, item.height)
                writer.write(overlay.draw(item.image, state_at(item)), item.t_ms)
                count += 1
    finally:
        source.close()
        if writer is not None:
            writer.close()
    if not count:
        raise SourceError(f"{clip}: holds no picture that can be decoded")
    part.replace(out)
    return count
