"""Which plate is on which vehicle, through the whole pass; and plates on which no vehicle was found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.facts import PlateReading
from vision.plates.locate import believable
from vision.source import Frame
from vision.stages import PlateStages
from vision.track import PlateCrop, PlateLook, PlateSlot, PlateSlots, Vehicle, plate_width


@dataclass(frozen=True, slots=True)
class PlateBookSettings:
    """Times in milliseconds of the frames' own time."""

    whole_width: int = 1000  # pictures up to this width are searched for plates as a whole
    settled_ms: int = 1500  # between looks at the plate of a vehicle that stands and has been read well
    loose_after_ms: int = 600  # a plate without a vehicle is told after this time
    loose_keep_ms: int = 1500
    least_plate_px: float = 22.0
    worth_px: float = 60.0  # from this width on, a plate not yet read well is looked at in every frame it moves
    read_well: float = 0.95
    loose_confidence: float = 0.5  # under it, or without moving, what looks like a plate is a sign or a writing
    loose_moved: float = 0.5  # of the plate's own width


class LoosePlate:
    """A plate on which no vehicle was found; told as a vehicle of its own when it stays so.

    number: its vehicle number, 0 until it is told. since_ms: when it was first without a vehicle.
    """

    def __init__(self, slots: PlateSlots, since_ms: int) -> None:
        self.slots, self.since_ms = slots, since_ms
        self.number = 0

    @property
    def seen_ms(self) -> int:
        """When it was last seen."""
        return self._last.seen_ms

    @property
    def box(self) -> NDArray[np.float64]:
        """(4,) pixels: where a vehicle would be around it."""
        (x, y), width = self._last.centre, self._last.width
        return np.array([x - 2.3 * width, y - 3.4 * width, x + 2.3 * width, y + 0.8 * width])

    @property
    def score(self) -> float:
        """How much it looked like a plate then, 0 to 1."""
        return self._last.score

    def sure(self, least_confidence: float, least_moved: float) -> bool:
        """Whether it is worth telling: read well and seen moving, as signs and writings are not."""
        return any(
            s.sure and s.best is not None and s.best.confidence >= least_confidence and s.moved >= least_moved
            for s in self.slots.slots
        )

    def near(self, look: PlateLook) -> bool:
        """Whether a look continues it."""
        return self.slots.near(look)

    @property
    def _last(self) -> PlateSlot:
        return max(self.slots.slots, key=lambda s: s.seen_ms)


class PlateBook:
    """Finds and reads plates where a reading is still wanted, and keeps them by vehicle."""

    def __init__(self, stages: PlateStages, settings: PlateBookSettings | None = None) -> None:
        self._stages = stages
        self._set = settings or PlateBookSettings()
        self._by_vehicle: dict[int, PlateSlots] = {}
        self._loose: list[LoosePlate] = []

    @property
    def busy(self) -> bool:
        """Whether plates without a vehicle are being followed."""
        return bool(self._loose)

    def read(self, frame: Frame, vehicles: list[Vehicle], *, suspicions: bool) -> None:
        """Look at one frame. suspicions: something was found that is not followed yet."""
        whole = frame.width <= self._set.whole_width
        wanted = [v for v in vehicles if not v.person and not self._settled(frame.t_ms, v)]
        if not wanted and (not whole or (vehicles and not suspicions)):
            return
        regions = None if whole else np.array([v.box for v in wanted])
        found = self._stages.locator.locate(frame.image, regions, doubtful=True)
        located = [p for p in found if plate_width(p.corners) >= self._set.least_plate_px]
        if not located:
            return
        crops = [self._stages.rectify(frame.image, p.corners, p.rows) for p in located]
        reader = self._stages.reader
        for plate, crop, scores in zip(located, crops, reader.scores(crops), strict=True):
            reading = reader.judge(scores, (crop.shape[1], crop.shape[0]))
            if reading is not None and believable(sure=plate.sure, confidence=reading.confidence):
                worth = self._stages.worth(crop)
                self._give(vehicles, PlateLook(frame.t_ms, plate.corners, scores, reading.text, crop, worth))

    def urgent(self, t_ms: int, vehicles: list[Vehicle]) -> bool:
        """Whether a plate near enough to be read well is about to pass, and has not been."""
        slots = (s for v in vehicles if v.number in self._by_vehicle for s in self._by_vehicle[v.number].slots)
        return any(
            s.width >= self._set.worth_px
            and t_ms - s.seen_ms < self._set.loose_after_ms
            and s.speed_widths_s > 0.1
            and (s.best is None or s.best.confidence < self._set.read_well)
            for s in slots
        )

    def contradiction(self, number: int) -> PlateSlot | None:
        """The later of two plates read on a vehicle that cannot both be its; None where there are none."""
        slots = self._by_vehicle.get(number)
        return slots.contradiction() if slots is not None else None

    def give(self, plate: PlateSlot, old: int, new: int) -> None:
        """A plate read on one vehicle is another's, numbered `new`."""
        self._by_vehicle[old].drop(plate)
        self._by_vehicle[new] = self._slots_of(plate)

    def loosen(self, plate: PlateSlot, old: int, t_ms: int) -> None:
        """A plate read on a vehicle is that of another one, half hidden by it, which is yet to be found."""
        self._by_vehicle[old].drop(plate)
        self._loose.append(LoosePlate(self._slots_of(plate), t_ms))

    def loose(self) -> list[LoosePlate]:
        """Plates without a vehicle that have been told of."""
        return [p for p in self._loose if p.number]

    def plates(self, number: int) -> tuple[PlateReading, ...]:
        """The best readings so far of a vehicle's plates."""
        slots = self._by_vehicle.get(number)
        return slots.readings() if slots else ()

    def close(self, number: int) -> tuple[tuple[PlateReading, ...], list[PlateCrop]]:
        """The last word on a vehicle that has left, and the best picture of each plate."""
        slots = self._by_vehicle.pop(number, None)
        return (slots.readings(final=True), slots.crops()) if slots else ((), [])

    def loose_seen(self, t_ms: int) -> list[LoosePlate]:
        """Plates without a vehicle that were seen in this frame and have lasted long enough to be told."""
        return [
            p
            for p in self._loose
            if p.seen_ms == t_ms and self._sure(p) and (p.number or t_ms - p.since_ms >= self._set.loose_after_ms)
        ]

    def loose_gone(self, t_ms: int | None) -> list[LoosePlate]:
        """Plates without a vehicle that are seen no more, all where t_ms is None; those worth telling."""
        keep_ms = self._set.loose_keep_ms
        gone = [p for p in self._loose if t_ms is None or t_ms - p.seen_ms > keep_ms]
        self._loose = [p for p in self._loose if p not in gone]
        return [p for p in gone if p.number or self._sure(p)]

    def _sure(self, plate: LoosePlate) -> bool:
        return plate.sure(self._set.loose_confidence, self._set.loose_moved)

    def _settled(self, t_ms: int, vehicle: Vehicle) -> bool:
        """Whether a vehicle stands and its plates have been read well, lately."""
        slots = self._by_vehicle.get(vehicle.number)
        if slots is None or vehicle.still_ms is None or t_ms - vehicle.still_ms < 1000:
            return False
        good = [s for s in slots.slots if s.frames >= 8 and s.best is not None and s.best.confidence > 0.95]
        return any(t_ms - s.seen_ms < self._set.settled_ms for s in good)

    def _give(self, vehicles: list[Vehicle], look: PlateLook) -> None:
        """To the vehicle that has this plate, else to one that has none yet, else to the plate without a vehicle."""
        around = _around(vehicles, look.corners)
        known = [v for v in around if v.number in self._by_vehicle and self._by_vehicle[v.number].near(look)]
        vehicle = min(known or around, key=lambda v: v.size, default=None)
        loose = next((p for p in self._loose if p.near(look)), None)
        if vehicle is None or (loose is not None and not known and vehicle.number in self._by_vehicle):
            (loose or self._new_loose(look.t_ms)).slots.add(look)
        else:
            slots = self._by_vehicle.get(vehicle.number) or self._adopt(vehicle, look)
            slots.add(look)

    def _adopt(self, vehicle: Vehicle, look: PlateLook) -> PlateSlots:
        """A vehicle's first plate: what was read on it before the vehicle was found belongs to it too."""
        for loose in self._loose:
            if not loose.number and loose.near(look):
                self._loose.remove(loose)
                return self._by_vehicle.setdefault(vehicle.number, loose.slots)
        return self._by_vehicle.setdefault(vehicle.number, PlateSlots(self._stages.new_vote))

    def _new_loose(self, t_ms: int) -> LoosePlate:
        self._loose.append(LoosePlate(PlateSlots(self._stages.new_vote), t_ms))
        return self._loose[-1]

    def _slots_of(self, plate: PlateSlot) -> PlateSlots:
        slots = PlateSlots(self._stages.new_vote)
        slots.slots.append(plate)
        return slots


def _around(vehicles: list[Vehicle], corners: NDArray[np.float64]) -> list[Vehicle]:
    """The vehicles a plate may be on: those whose boxes hold its middle."""
    x, y = corners.mean(axis=0)
    return [v for v in vehicles if not v.person and v.box[0] <= x <= v.box[2] and v.box[1] <= y <= v.box[3]]
