"""Scenario files: who comes, by which path, with which trick, and which findings must and must not follow."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from calibration_rigs.errors import ScenarioError
from gate.errors import SiteError
from gate.site.areas import Id, Name, Part, Point
from gate.site.load import load_site
from gate.site.model import Site
from vision.facts import PlateColour

SUFFIX = ".yaml"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Plates(Part):
    """front: on the first unit, front and rear; rear: another text at its rear; trailer: at the trailer's rear."""

    front: str = ""
    rear: str = ""
    trailer: str = ""
    colour: PlateColour | None = None  # yellow on heavy vehicles, blue on light ones, unless said
    grime: float = Field(default=0.08, ge=0, le=1)  # 0 clean to 1 unreadable


class To(Part):
    """Where a move ends. deck: metres beyond the place where the vehicle stands centred on the deck (0 is centred)."""

    deck: float | None = None
    m: float | None = None  # metres along the path
    point: Point | None = None  # the front axle is nearest to this ground point

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(v is not None for v in (self.deck, self.m, self.point)) != 1:
            raise ValueError("exactly one of 'deck', 'm' and 'point'")
        return self


class MoveIn(Part):
    """One move: drive `to` somewhere at `kmh`, or `wait_s`."""

    to: Literal["deck", "end", "start"] | To | None = None
    kmh: float = Field(default=8.0, gt=0, le=60)
    wait_s: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.to is None) == (self.wait_s is None):
            raise ValueError("either 'to' or 'wait_s'")
        return self


class TicketIn(Part):
    """The lift ticket an actor shows. tonnes: the actor's cargo unless said; state as `TicketUse` names it."""

    state: str = "valid"
    id: str = ""  # one id at two actors is one ticket
    tonnes: float | None = None
    plate: str = ""  # another truck's ticket
    product: str = "动力煤"


class Actor(Part):
    """One vehicle or person. path: ground points, or names of the site's lanes, joined in order.

    listed: whether its plate stands on the site's register, with its model's tare and axles. tare_kg: another tare.
    """

    id: Annotated[str, Field(pattern=r"^[\w-]{1,32}$")]
    model: str
    cargo_t: float = Field(default=0, ge=0, le=80)
    plates: Plates = Plates()
    cab: str | tuple[float, float, float] = "red"
    body: str | tuple[float, float, float] = "grey"
    placard: str = ""
    enters_s: float = Field(default=0, ge=0)
    path: tuple[str | Point, ...] = Field(min_length=1)
    moves: tuple[MoveIn, ...] = Field(min_length=1)
    listed: bool = True
    tare_kg: float | None = None
    listed_colour: PlateColour | None = None
    ticket: TicketIn | Literal["none"] | None = None  # a valid one for goods vehicles with cargo, unless said


class BoardIn(Part):
    """A plank over the deck that lies there from the start. at: metres along and across from the deck's middle."""

    at: Point = (0.0, 0.0)
    length: float = Field(default=19.0, gt=0)
    width: float = Field(default=0.7, gt=0)
    thickness: float = Field(default=0.12, gt=0.05, lt=0.5)


class Trick(Part):
    """Something done to the scale between `from_s` and `to_s`.

    remote: `kg` are added to the cells; load: `kg` of mud or coal lie on the deck; drift: `kg` come on slowly;
    frozen, simulator: the line sends `kg` whatever stands on the deck; unplug: it sends nothing; step: e becomes `kg`.
    """

    kind: Literal["remote", "load", "drift", "frozen", "simulator", "unplug", "step"]
    from_s: float = Field(default=0, ge=0)
    to_s: float = 1e9
    kg: float = 0


class DeviceEvent(Part):
    """A device's condition changes. device: a camera or scale; state as `DeviceState` names it."""

    at_s: float = Field(ge=0)
    device: Id
    state: str


class OperationIn(Part):
    """Something a person did at the site's computer."""

    at_s: float = Field(ge=0)
    actor: str
    action: str
    target: str = ""
    detail: str = ""


class Visit(Part):
    """An earlier visit of a plate."""

    plate: str
    hours_ago: float = Field(gt=0)
    kg: float | None = None
    left: bool = False
    minutes: float = Field(default=3.0, gt=0)
    kind: str = "truck"


class Expect(Part):
    """Rule ids. must: raised in the run; may: allowed; must_not: never raised ("any": every rule not named above)."""

    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ("any",)


class Scenario(Part):
    """One staged piece of a gate's life. near: the rule it stages, or stays just short of."""

    name: Name
    near: str = ""
    site: Path
    seconds: float = Field(gt=0)
    seed: int = 1
    fps: float = Field(default=12.5, gt=0, le=60)
    weather: Literal["day", "overcast", "dusk", "night", "rain", "fog"] = "day"
    lens_dirt: float = Field(default=0.0, ge=0, le=1)  # on the cameras' glass, 0 clean to 1 blind
    actors: tuple[Actor, ...] = ()
    boards: tuple[BoardIn, ...] = ()
    tricks: tuple[Trick, ...] = ()
    devices: tuple[DeviceEvent, ...] = ()
    operations: tuple[OperationIn, ...] = ()
    history: tuple[Visit, ...] = ()
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [a.id for a in self.actors]
        if len(set(ids)) < len(ids):
            raise ValueError("two actors share an id")
        return self

    def state_of(self, device: str, t_s: float) -> str:
        """A device's condition at an instant, "ok" before anything befell it."""
        said = [e for e in self.devices if e.device == device and e.at_s <= t_s]
        return max(said, key=lambda e: e.at_s).state if said else "ok"


def load_scenario(path: Path) -> tuple[Scenario, Site]:
    """A scenario and the site it plays on. Raises ScenarioError naming the file, the field and what was expected."""
    try:
        raw: Any = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506 - a safe loader
        scenario = Scenario.model_validate(raw)
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: no YAML: {error}") from error
    except ValidationError as error:
        faults = (f"{path}: {'.'.join(map(str, e['loc'])) or 'scenario'}: {e['msg']}" for e in error.errors())
        raise ScenarioError("\n".join(faults)) from error
    try:
        return scenario, load_site(path.parent / scenario.site)
    except (SiteError, OSError) as error:
        raise ScenarioError(f"{path}: site: {error}") from error
