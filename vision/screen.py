"""What people see of a camera: the overlay drawn, encoded once while somebody watches."""

from collections import deque
from collections.abc import Iterator, Sequence

from vision.camera import InView
from vision.config import CameraConfig
from vision.live import LiveEncoder, snapshot
from vision.messages import Caption, LiveBegin, LiveEnd, LiveFragment, Snapshot, TakeSnapshot, Watch, Weights
from vision.overlay import Mark, Overlay, OverlayState, WeightTimeline, vehicle_mark, zone_marks
from vision.source import Frame

_HOLD_MS = 120  # a frame waits this long for the weight of its instant to arrive
_MOST_HELD = 8
_UNSEEN_MS = 700  # a vehicle not found for longer is not outlined


class Screen:
    """Draws and encodes one camera's live pictures. Costs nothing while nobody watches."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._overlay = Overlay(config.language, config.zone)
        self._weights = WeightTimeline()
        self._caption = Caption()
        self._watch = Watch(False)
        self._snap = False
        self._held: deque[tuple[Frame, tuple[Mark, ...]]] = deque(maxlen=_MOST_HELD)
        self._encoder: LiveEncoder | None = None
        self._shown_ms = -(2**62)

    @property
    def wanted(self) -> bool:
        """Whether anybody wants pictures."""
        return self._watch.on or self._snap

    def tell(self, message: Weights | Caption | Watch | TakeSnapshot) -> Iterator[LiveEnd]:
        """Take in what the site says."""
        match message:
            case Weights(samples):
                for sample in samples:
                    self._weights.add(sample)
            case Caption():
                self._caption = message
            case TakeSnapshot():
                self._snap = True
            case Watch():
                if self._watch.on and not message.on:
                    yield from self.close()
                self._watch = message

    def show(self, frame: Frame, vehicles: Sequence[InView]) -> None:
        """A frame to be shown, when somebody wants it."""
        if not self.wanted:
            return
        if frame.t_ms - self._shown_ms >= 800 / self._config.live_rate:
            self._shown_ms = frame.t_ms
            self._held.append((frame, self._marks(vehicles) if self._config.marks and self._watch.marks else ()))

    def due(self, now_ms: int) -> Iterator[LiveBegin | LiveFragment | Snapshot]:
        """What is ready to be sent: frames whose weight has had time to arrive."""
        while self._held and now_ms - self._held[0][0].t_ms >= _HOLD_MS:
            frame, marks = self._held.popleft()
            yield from self._draw(frame, marks)

    def close(self) -> Iterator[LiveEnd]:
        """Stop encoding."""
        self._held.clear()
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None
            yield LiveEnd()

    def state_at(self, t_ms: int, marks: tuple[Mark, ...] = ()) -> OverlayState:
        """Everything written into the picture of an instant."""
        weight, caption = self._weights.at(t_ms), self._caption
        return OverlayState(
            t_ms,
            self._config.site,
            self._config.name,
            caption.plate,
            caption.plate_colour,
            caption.ticket,
            weight.kg if weight else None,
            weight.stable if weight else None,
            caption.gross_kg,
            caption.tare_kg,
            caption.net_kg,
            marks,
        )

    def _draw(self, frame: Frame, marks: tuple[Mark, ...]) -> Iterator[LiveBegin | LiveFragment | Snapshot]:
        picture = frame.preview(self._config.live_width)
        self._overlay.draw(picture, self.state_at(frame.t_ms, marks), full_width=frame.width)
        if self._snap:
            self._snap = False
            yield Snapshot(frame.t_ms, snapshot(picture))
        if not self._watch.on:
            return
        height, width = picture.shape[:2]
        size = (width // 2 * 2, height // 2 * 2)
        if self._encoder is None or (self._encoder.width, self._encoder.height) != size:
            if self._encoder is not None:
                self._encoder.close()
            self._encoder = LiveEncoder(width, height, rate=self._config.live_rate)
            yield LiveBegin(self._encoder.mime, self._encoder.init)
        for fragment in self._encoder.encode(picture, frame.t_ms):
            yield LiveFragment(fragment)

    def _marks(self, vehicles: Sequence[InView]) -> tuple[Mark, ...]:
        language = self._config.language
        seen = (v for v in vehicles if v.unseen_ms <= _UNSEEN_MS)
        boxes = (vehicle_mark(v.box.tolist(), v.kind, [p.text for p in v.plates], language) for v in seen)
        return (*zone_marks(self._config.zones), *boxes)
