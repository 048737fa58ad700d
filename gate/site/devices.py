"""What stands at a site and how it is reached: cameras, scales, light barriers, barriers, scanners, positions."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from gate.site.areas import Id, Name, Part, Point


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
    settings: dict[str, Any] = Field(default={})  # of the indicator's format, see the README


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
    outputs: dict[Literal["open", "close", "red", "green"], int] = Field(
        default={"open": 0, "close": 1, "red": 2, "green": 3}
    )
    inputs: dict[Literal["opened", "closed"], int] = Field(default={})


class Scanner(Part):
    """A hand scanner. address: serial:/dev/ttyACM0?baud=9600, tcp:host:port or mqtt:host:1883/topic.
    zone: where the vehicle stands whose driver holds up a ticket.
    """

    id: Id
    address: str
    zone: Id
