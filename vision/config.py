"""What one camera's worker is told: everything, in one record that travels to another process."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vision.engine import Provider
from vision.record import Retention

Point = tuple[float, float]
_FEW = 4


def live_width(cameras: int) -> int:
    """How wide a live picture of a site with so many cameras is: many are watched side by side, each of them small."""
    return 1280 if cameras <= _FEW else 960


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model and the card beside it."""

    path: Path
    card: Path


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One camera of one site.

    id: in the site file; names facts and files. name, site: as written into the picture, already in its language.
    size: width and height of the full frame. start_ms: for file: the instant of its first picture, for play: the
    epoch its rounds are counted from. points: (pixel, metre) pairs, four or more or none; lens: fx fy cx cy and
    k1 k2 p1 p2 k3. record_dir: where footage goes, None to keep none. zones: outlines in pixels an operator may ask
    to see; marks: whether boxes and zones are drawn into the live picture. first_number: of the vehicles, so that keys
    stay unique over restarts. latency_ms: from light to arrival. camera_time: follow the camera's own clock where its
    stream tells it.
    threads: cores one inference may use.
    """

    id: str
    name: str
    site: str
    address: str
    size: tuple[int, int]
    start_ms: int = 0
    language: Literal["zh", "en"] = "zh"
    zone: str = "Asia/Shanghai"
    detector: ModelFile | None = None
    locator: ModelFile | None = None
    reader: ModelFile | None = None
    attributes: ModelFile | None = None
    provider: Provider = "cpu"
    threads: int = 1
    points: tuple[tuple[Point, Point], ...] = ()
    lens: tuple[float, float, float, float] | None = None
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    record_dir: Path | None = None
    retention: Retention = field(default_factory=lambda: Retention(30 * 86_400_000, 500 * 10**9))
    zones: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    marks: bool = True
    first_number: int = 1
    live_width: int = 1280
    live_rate: int = 15
    stall_s: float = 5.0
    latency_ms: int = 0
    camera_time: bool = False

    @property
    def live(self) -> bool:
        """Whether time passes by itself here: everything but a recorded clip."""
        return not self.address.startswith("file:")
