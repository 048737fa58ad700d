"""One camera's pipeline: from frames to sightings.

    frame ─► motion ─► detect ─► track ─► locate plates ─► read ─► vote ─► Sighting
                                   └─► colour and axles of its best crops ─► vote ─┘

Everything depends on frames and their times alone, so that a replay gives the same sightings each time.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vision.facts import Detections, PlateColour, PlateReading, Sighting, VehicleClass
from vision.lookbook import Attributes, LookBook
from vision.motion import Motion
from vision.platebook import LoosePlate, PlateBook, PlateBookSettings
from vision.source import Frame
from vision.stages import Detector, Plane, PlateStages
from vision.track import PlateCrop, Tracker, TrackSettings, Vehicle


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """How often the pipeline looks and tells. Times in milliseconds of the frames' own time."""

    detect_ms: int = 180  # while a vehicle is in view: at least five times a second
    hurry_ms: int = 75  # while something is new or fast
    idle_ms: int = 2000  # where nothing moves and nothing is followed
    detect_width: int = 960  # the detector is given no larger picture
    report_ms: int = 190  # between sightings of one vehicle
    track: TrackSettings = field(default_factory=TrackSettings)
    plates: PlateBookSettings = field(default_factory=PlateBookSettings)


@dataclass(frozen=True, slots=True)
class InView:
    """A vehicle as the overlay shows it.

    box: (4,) pixels of the full frame at the asked instant. unseen_ms: since it was last found.
    """

    key: str
    kind: VehicleClass
    box: NDArray[np.float64]
    plates: tuple[PlateReading, ...]
    unseen_ms: int = 0


class CameraPipeline:
    """Turns one camera's frames into sightings. Frames come in order of time."""

    def __init__(
        self,
        camera: str,
        size: tuple[int, int],
        detector: Detector,
        plates: PlateStages | None,
        *,
        plane: Plane | None = None,
        attributes: Attributes | None = None,
        first_number: int = 1,
        settings: PipelineSettings | None = None,
    ) -> None:
        self._camera, self._detector, self._plane = camera, detector, plane
        self._set = settings or PipelineSettings()
        self._motion = Motion()
        self._tracker = Tracker(*size, self._set.track, first_number=first_number)
        self._book = PlateBook(plates, self._set.plates) if plates is not None else None
        self._looks = LookBook(attributes) if attributes is not None else None
        self._told: dict[int, tuple[int, tuple[str, ...]]] = {}
        self._crops: dict[str, list[PlateCrop]] = {}
        self._detected_ms = -(2**62)

    @property
    def following(self) -> bool:
        """Whether any vehicle is in view."""
        return bool(self._tracker.vehicles)

    def in_view(self, t_ms: int) -> list[InView]:
        """The vehicles in view at an instant."""
        known = [
            InView(self._key(v.number), v.kind, v.predicted(t_ms), self._plates(v.number), t_ms - v.seen_ms)
            for v in self._tracker.vehicles
        ]
        for loose in self._book.loose() if self._book is not None else ():
            plates = loose.slots.readings()
            known.append(InView(self._key(loose.number), _kind_of(plates), loose.box, plates))
        return known

    def take_crops(self, vehicle: str) -> list[PlateCrop]:
        """The best pictures of the plates of a vehicle whose final sighting was given; once."""
        return self._crops.pop(vehicle, [])

    def step(self, frame: Frame) -> list[Sighting]:
        """Take in one frame; sightings where there is something to tell."""
        moving = self._motion.look(frame)
        if frame.t_ms - self._detected_ms < self._interval_ms(moving=moving):
            return []
        t_ms = self._detected_ms = frame.t_ms
        left = self._tracker.update(t_ms, self._detect(frame))
        vehicles = self._tracker.vehicles
        if self._book is not None:
            self._book.read(frame, vehicles, suspicions=self._tracker.suspicions > 0)
        if self._looks is not None:
            self._looks.see(frame, vehicles)
        out = self._split(t_ms, vehicles)
        out += [s for v in vehicles if v.seen_ms == t_ms and (s := self._sighting(t_ms, v)) is not None]
        out += self._loose_sightings(t_ms)
        out += [self._final(t_ms, v) for v in left]
        return out

    def finish(self, t_ms: int) -> list[Sighting]:
        """No more frames will come: the last word on everything in view."""
        out = [self._final(t_ms, v) for v in self._tracker.finish()]
        if self._book is not None:
            out += [self._loose_final(t_ms, p) for p in self._book.loose_gone(None)]
        return out

    def _interval_ms(self, *, moving: bool) -> int:
        vehicles = self._tracker.vehicles
        fast = any(np.abs(v.velocity).max() > 0.4 * v.size for v in vehicles if v.hits > 2)
        urgent = self._book is not None and self._book.urgent(self._detected_ms, vehicles)
        if self._tracker.suspicions or fast or urgent:
            return self._set.hurry_ms
        busy = moving or vehicles or (self._book is not None and self._book.busy)
        return self._set.detect_ms if busy else self._set.idle_ms

    def _detect(self, frame: Frame) -> Detections:
        least = self._set.track.unsure
        if frame.width <= self._set.detect_width:
            return self._detector.detect(frame.image, threshold=least)
        found = self._detector.detect(frame.at(self._set.detect_width), threshold=least)
        return Detections(found.boxes * (frame.width / self._set.detect_width), found.scores, found.classes)

    def _plates(self, number: int) -> tuple[PlateReading, ...]:
        return self._book.plates(number) if self._book is not None else ()

    def _sighting(self, t_ms: int, vehicle: Vehicle) -> Sighting | None:
        """A vehicle as it is now, when that is worth telling: new, read anew, or a while since the last."""
        plates = self._plates(vehicle.number)
        if not self._due(t_ms, vehicle.number, plates):
            return None
        return self._tell(t_ms, vehicle.number, vehicle.kind, vehicle, plates)

    def _final(self, t_ms: int, vehicle: Vehicle) -> Sighting:
        plates, crops = self._book.close(vehicle.number) if self._book is not None else ((), [])
        told = self._tell(t_ms, vehicle.number, vehicle.kind, vehicle, plates, final=True)
        self._close(vehicle.number, crops)
        return told

    def _split(self, t_ms: int, vehicles: list[Vehicle]) -> list[Sighting]:
        """Where plates say that two vehicles were taken for one, the last word on the first of them.

        A plate high up in a vehicle's box is that of another one, which it half hides: it waits for its own.
        """
        if self._book is None:
            return []
        out = []
        for vehicle in vehicles:
            old, plate = vehicle.number, self._book.contradiction(vehicle.number)
            if plate is None:
                continue
            if plate.centre[1] < vehicle.box[[1, 3]].mean():
                self._book.loosen(plate, old, t_ms)
                continue
            self._book.give(plate, old, self._tracker.split(vehicle))
            plates, crops = self._book.close(old)
            out.append(self._tell(t_ms, old, vehicle.kind, vehicle, plates, final=True))
            self._close(old, crops)
        return out

    def _loose_sightings(self, t_ms: int) -> list[Sighting]:
        """Plates without a vehicle: told after a while, given up when they are seen no more."""
        if self._book is None:
            return []
        out = []
        for loose in self._book.loose_seen(t_ms):
            loose.number = loose.number or self._tracker.take_number()
            plates = loose.slots.readings()
            if self._due(t_ms, loose.number, plates):
                out.append(self._tell(t_ms, loose.number, _kind_of(plates), loose, plates))
        return out + [self._loose_final(t_ms, p) for p in self._book.loose_gone(t_ms)]

    def _loose_final(self, t_ms: int, loose: LoosePlate) -> Sighting:
        number = loose.number or self._tracker.take_number()
        self._close(number, loose.slots.crops())
        plates = loose.slots.readings(final=True)
        return self._tell(t_ms, number, _kind_of(plates), loose, plates, final=True)

    def _due(self, t_ms: int, number: int, plates: tuple[PlateReading, ...]) -> bool:
        texts = tuple(p.text for p in plates)
        told_ms, told = self._told.get(number, (-(2**62), ()))
        if told == texts and t_ms - told_ms < self._set.report_ms:
            return False
        self._told[number] = (t_ms, texts)
        return True

    def _close(self, number: int, crops: list[PlateCrop]) -> None:
        self._told.pop(number, None)
        if self._looks is not None:
            self._looks.close(number)
        self._crops[self._key(number)] = crops
        while len(self._crops) > 16:
            self._crops.pop(next(iter(self._crops)))

    def _tell(
        self,
        t_ms: int,
        number: int,
        kind: VehicleClass,
        thing: Vehicle | LoosePlate,
        plates: tuple[PlateReading, ...],
        *,
        final: bool = False,
    ) -> Sighting:
        x0, y0, x1, y1 = (round(float(v), 1) for v in thing.box)
        ground = self._on_ground((x0 + x1) / 2, y1)
        score = round(thing.score, 3)
        look = self._looks.look(number) if self._looks is not None else None
        key = self._key(number)
        return Sighting(t_ms, self._camera, key, kind, score, (x0, y0, x1, y1), ground, plates, final, look)

    def _on_ground(self, x: float, y: float) -> tuple[float, float] | None:
        if self._plane is None:
            return None
        east, north = self._plane.to_ground(np.array([[x, y]]))[0]
        return (round(float(east), 3), round(float(north), 3)) if np.isfinite([east, north]).all() else None

    def _key(self, number: int) -> str:
        return f"{self._camera}:{number}"


def _kind_of(plates: tuple[PlateReading, ...]) -> VehicleClass:
    """What a vehicle known only by its plate is: large ones carry yellow."""
    large = (PlateColour.YELLOW, PlateColour.YELLOW_GREEN)
    return VehicleClass.TRUCK if plates and plates[0].colour in large else VehicleClass.CAR
