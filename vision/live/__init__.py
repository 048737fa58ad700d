"""The live stream: encoded once for all who watch, and a picture at a time for those who only look."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.live.encoder import Fragment, LiveEncoder
from vision.live.fanout import Fanout
from vision.live.hls import HlsStream, HlsWindow


def snapshot(picture: NDArray[np.uint8], quality: int = 82) -> bytes:
    """A BGR picture as JPEG."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


__all__ = ["Fanout", "Fragment", "HlsStream", "HlsWindow", "LiveEncoder", "snapshot"]
