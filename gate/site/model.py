"""What a site file may say. Field names carry units.

Ground points are metres in the site's own frame, x east, y north.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Id = Annotated[str, Field(pattern=r"^[\w.-]{1,64}$", description="letters or digits of any script, '_', '-', '.'")]
Point = tuple[float, float]


class Part(BaseModel):
    """Base of every section: unknown fields are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Name(Part):
    """A name people see, Chinese first."""

    zh: str
    en: str = ""

    def in_language(self, language: str) -> str:
        return (self.en if language == "en" else self.zh) or self.zh


class SurveyedPoint(Part):
    """One point seen in the picture (pixels) and measured on the ground (metres)."""

    image: Point
    ground: Point


class Lens(Part):
    """Pinhole with Brown distortion, as OpenCV names the numbers; pixels of the camera's full frame."""

    fx: float = Field(gt=0)
    fy: float = Field(gt=0)
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float] = (0, 0, 0, 0, 0)  # k1 k2 p1 p2 k3


class Camera(Part):
    """A camera.

    address: rtsp://…, file:clip.mp4 (recorded), play:clip.mp4 (recorded, played as live, in a loop), usb:0.
    """

    id: Id
    name: Name
    address: str
    size: tuple[int, int]  # width, height of the full frame in pixels
    points: tuple[SurveyedPoint, ...] = ()  # four or more give the ground plane
    lens: Lens | None = None
    read_plates: bool = True
    read_codes: bool = (
        False  # look for tickets' QR codes in its picture, once a second while a truck without one is there
    )
    latency_ms: int = Field(default=0, ge=0, le=10_000)  # from light to arrival, taken off times of arrival
    time: Literal["arrival", "camera"] = "arrival"  # "camera": its own clock, where its stream tells it (RTCP)
    marks: tuple[Literal["live", "evidence"], ...] = ("live",)  # where boxes and zones are drawn into the picture

    @field_validator("points")
    @classmethod
    def _enough(cls, points: tuple[SurveyedPoint, ...]) -> tuple[SurveyedPoint, ...]:
        if points and len(points) < 4:
            raise ValueError("four or more surveyed points, or none")
        return points


class Shape(Part):
    """Where something lies: on the ground in metres, or in one camera's picture in pixels."""

    id: Id
    name: Name | None = None
    ground: tuple[Point, ...] = ()
    image: tuple[Point, ...] = ()
    camera: Id | None = None  # the camera `image` is drawn on

    @model_validator(mode="after")
    def _one_frame(self) -> Self:
        if bool(self.ground) == bool(self.image):
            raise ValueError("exactly one of 'ground' and 'image'")
        if bool(self.image) != (self.camera is not None):
            raise ValueError("'image' points need the 'camera' they are drawn on, 'ground' points have none")
        return self


class OpenHours(Part):
    """The same hours on some days of the week, in the site's time zone; 22:00 to 06:00 runs over midnight."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = (
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
    )
    start: str = Field(alias="from", pattern=r"^\d{1,2}:\d{2}$")
    end: str = Field(alias="to", pattern=r"^\d{1,2}:\d{2}$")


class Zone(Shape):
    """An area. holes: rings inside it that do not belong to it. hours: when it counts, always where none are given."""

    kind: Literal["inside", "deck", "approach", "exit", "forbidden", "refuel"]
    holes: tuple[tuple[Point, ...], ...] = ()
    hours: tuple[OpenHours, ...] = ()


class Gate(Part):
    """A stretch of a boundary where crossing is meant to happen. `from` and `to` lie on the boundary."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    id: Id
    use: Literal["entrance", "exit", "both"]
    start: Point = Field(alias="from")
    end: Point = Field(alias="to")


class Boundary(Shape):
    """A line nobody crosses except through its gates.

    Inside is to the left of the line as drawn, and what a closed line encloses. perimeter: crossing it outwards is
    leaving the site.
    """

    closed: bool = False
    corridor_m: float = Field(default=1.0, gt=0)  # width to be passed before a crossing counts
    corridor_px: float = Field(default=20.0, gt=0)  # the same for a boundary drawn in a picture
    gates: tuple[Gate, ...] = ()
    perimeter: bool = True


class Lane(Shape):
    """A centre line in the legal direction of travel. manoeuvre: zones in which going back is legal."""

    width_m: float = Field(default=4.0, gt=0)
    width_px: float = Field(default=120.0, gt=0)
    manoeuvre: tuple[Id, ...] = ()
    against_m: float = Field(default=3.0, gt=0)
    against_s: float = Field(default=1.5, gt=0)


class SatelliteZone(Part):
    """An area on the map, or a route with its width, for vehicles that report satellite positions.

    points: (longitude, latitude) in degrees. hours: when it counts, always where none are given.
    """

    id: Id
    name: Name | None = None
    use: Literal["keep_in", "keep_out"] = "keep_in"  # what the vehicles it binds must do
    kinds: tuple[Literal["car", "van", "bus", "truck", "tanker", "dump_truck"], ...] = ("tanker",)  # on the register
    plates: tuple[str, ...] = ()  # bound beside those kinds
    points: tuple[Point, ...] = Field(min_length=2)
    datum: Literal["wgs84", "gcj02"] = "wgs84"
    width_m: float | None = Field(default=None, gt=0)
    hours: tuple[OpenHours, ...] = ()


class Positions(Part):
    """Where registered vehicles' satellite positions come from, one JSON object a line: plate, t_ms, lon, lat.

    address: mqtt:host:1883/topic, tcp:host:port, or replay:positions.jsonl (recorded). datum: of those that do not say.
    """

    address: str
    datum: Literal["wgs84", "gcj02"] = "wgs84"


class Scale(Part):
    """A weighbridge and its indicator.

    address: serial:/dev/ttyUSB0?baud=9600&bytesize=8&parity=N&stopbits=1, tcp:host:port, replay:weights.csv, …
    """

    id: Id
    deck: Id  # the zone the deck is
    indicator: str = "yaohua"
    address: str
    capacity_kg: float = Field(default=100_000, gt=0)
    e_kg: float = Field(default=20, gt=0)
    settings: dict[str, Any] = {}  # of the indicator's format, see the README


class Beam(Part):
    """A light barrier between two posts, broken while something stands in it. scale: whose deck's end it guards.

    address: modbus-tcp:host:502 or modbus-rtu:/dev/ttyUSB1?baud=9600, where it is the discrete input `input` of
    `unit_id`; mqtt:host:1883/topic; replay:beams.csv (recorded); "" for one that nobody reads. broken_when: what the
    input is while the barrier is broken.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    id: Id
    start: Point = Field(alias="from")
    end: Point = Field(alias="to")
    height_m: float = Field(default=0.8, gt=0, le=3)
    scale: Id | None = None
    address: str = ""
    unit_id: int = Field(default=1, ge=0, le=247)
    input: int = Field(default=0, ge=0, le=65_535)
    broken_when: Literal["on", "off"] = "on"


class Barrier(Part):
    """A barrier arm with its lights, and when the gate may move it.

    address: modbus-tcp:host:502, modbus-rtu:/dev/ttyUSB1?baud=9600, mqtt:host:1883/topic. outputs: coils of a Modbus
    relay by name; open and close are pulses, so that the arm's own button goes on working beside them. inputs: discrete
    inputs that say where the arm is, where there are any. zone: where the vehicle in question stands; scale: whose
    weight must be stable. automatic: the gate may open for a vehicle with nothing against it; without it only people
    open. on_failure: what happens when cameras or scale fail or the gate stops: nothing, or the arm is opened.
    """

    id: Id
    address: str
    zone: Id
    scale: Id | None = None
    automatic: bool = False
    on_failure: Literal["stay", "open"] = "stay"
    hold_from: int = Field(default=2, ge=1, le=4)  # grade of finding from which a vehicle is held
    close_after_s: float = Field(default=6.0, ge=1)  # after the last vehicle was seen in the zone
    pulse_s: float = Field(default=0.5, gt=0, le=5)
    unit_id: int = Field(default=1, ge=0, le=247)
    outputs: dict[Literal["open", "close", "red", "green"], int] = {"open": 0, "close": 1, "red": 2, "green": 3}
    inputs: dict[Literal["opened", "closed"], int] = {}


class Scanner(Part):
    """A hand scanner. address: serial:/dev/ttyACM0?baud=9600, tcp:host:port or mqtt:host:1883/topic.
    zone: where the vehicle stands whose driver holds up a ticket.
    """

    id: Id
    address: str
    zone: Id


class Registers(Part):
    """Files the gate checks against, relative to the site file."""

    tickets: Path | None = None  # signed tickets, one JSON line each
    issuers: tuple[str, ...] = ()  # Ed25519 public keys in hex whose tickets count
    vehicles: Path | None = None  # plate, kind, owner, tare, allowed products


class HubLink(Part):
    """Where findings and passages are sent. token_file: the device token the hub issued.

    mqtt: a broker the messages go by instead; its user is the site's id, its password the device token. Files go to
    `url` all the same. originals: send the original clips too, behind everything else. ca_file: certificate
    authority of hub and broker where the system does not know it.
    """

    url: str = Field(pattern=r"^https?://")
    token_file: Path
    mqtt: str | None = Field(default=None, pattern=r"^mqtts?://[\w.\[\]:-]+$")
    originals: bool = True
    ca_file: Path | None = None


class Store(Part):
    """Where facts, evidence and the outbox are kept, relative to the site file."""

    directory: Path = Path("var")
    footage_days: float = Field(default=30, gt=0)
    footage_gb: float = Field(default=500, gt=0)
    evidence_days: float = Field(default=730, gt=0)  # then deleted under a signed tombstone, unless a case locks it
    c2pa: bool = False  # a C2PA manifest in each burned-in clip; needs the extra "c2pa"
    time_server: str | None = Field(default=None, pattern=r"^https?://")  # RFC 3161: stamps the evidence chain


class Recording(Part):
    """The instant recorded inputs begin at."""

    start: datetime

    @field_validator("start")
    @classmethod
    def _zoned(cls, start: datetime) -> datetime:
        if start.tzinfo is None:
            raise ValueError("a time with its offset, such as 2026-11-01T08:00:00+08:00")
        return start


class RuleSettings(Part):
    """One rule's switches; `thresholds` override the rule's own defaults by name."""

    enabled: bool = True
    severity: int | None = Field(default=None, ge=1, le=4)
    thresholds: dict[str, float] = {}


class Api(Part):
    """The site's own pages, on this machine unless told otherwise."""

    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=0, le=65535)


class Site(Part):
    """One gate, everything about it. mine: the mine, washery or depot it belongs to, for statistics by mine."""

    id: Id
    name: Name
    mine: Annotated[str, Field(max_length=200)] = ""
    language: Literal["zh", "en"] = "zh"
    timezone: str = "Asia/Shanghai"
    cameras: tuple[Camera, ...] = Field(min_length=1)
    zones: tuple[Zone, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    lanes: tuple[Lane, ...] = ()
    satellite: tuple[SatelliteZone, ...] = ()
    positions: Positions | None = None
    scales: tuple[Scale, ...] = ()
    beams: tuple[Beam, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    scanners: tuple[Scanner, ...] = ()
    registers: Registers = Registers()
    rules: dict[str, RuleSettings] = {}
    hub: HubLink | None = None
    store: Store = Store()
    recording: Recording | None = None
    api: Api = Api()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [
            p.id
            for g in (
                self.cameras,
                self.zones,
                self.boundaries,
                self.lanes,
                self.scales,
                self.beams,
                self.barriers,
                self.scanners,
                self.satellite,
            )
            for p in g
        ]
        seen: set[str] = set()
        for part_id in ids:
            if part_id in seen:
                raise ValueError(f"id {part_id!r} is used twice")
            seen.add(part_id)
        cameras = {c.id for c in self.cameras}
        zones = {z.id: z for z in self.zones}
        for shape in (*self.zones, *self.boundaries, *self.lanes):
            if shape.camera is not None and shape.camera not in cameras:
                raise ValueError(f"{shape.id!r} is drawn on camera {shape.camera!r}, which does not exist")
        scales = {s.id for s in self.scales}
        for beam in self.beams:
            if beam.scale is not None and beam.scale not in scales:
                raise ValueError(f"beam {beam.id!r} guards scale {beam.scale!r}, which does not exist")
        for scale in self.scales:
            if scale.deck not in zones or zones[scale.deck].kind != "deck":
                raise ValueError(f"scale {scale.id!r} names deck {scale.deck!r}, which is no zone of kind 'deck'")
        return self

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        zones, scales = {z.id for z in self.zones}, {s.id for s in self.scales}
        named = [(f"lane {lane.id!r}", zone) for lane in self.lanes for zone in lane.manoeuvre]
        named += [(f"barrier {barrier.id!r}", barrier.zone) for barrier in self.barriers]
        named += [(f"scanner {scanner.id!r}", scanner.zone) for scanner in self.scanners]
        for who, zone in named:
            if zone not in zones:
                raise ValueError(f"{who} names zone {zone!r}, which does not exist")
        for barrier in self.barriers:
            if barrier.scale is not None and barrier.scale not in scales:
                raise ValueError(f"barrier {barrier.id!r} names scale {barrier.scale!r}, which does not exist")
        return self
