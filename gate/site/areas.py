"""Where things lie, as a site file says it: zones, boundaries, lanes, and areas on the map.

Ground points are metres in the site's own frame, x east, y north. Field names carry units.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
