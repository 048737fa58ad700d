"""Facts of a site beyond the cameras, and the one line form in which every fact is logged.

A log line is canonical JSON: {"fact": "<type>", ...fields}, keys sorted, no spaces,
so that the same input gives the same bytes.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from pydantic_core import from_json

from gate.errors import FactError
from geofence.movement import Movement
from vision.facts import DeviceState, Sighting

BY_CODE, BY_PLATE, BY_DOUBTFUL_PLATE = "code", "plate", "doubtful_plate"  # how a ticket came to a passage


@dataclass(frozen=True, slots=True)
class WeightSample:
    """One reading of an indicator. stable, net: None where the format does not say. raw: the frame's bytes as hex."""

    t_ms: int
    scale: str
    kg: float
    stable: bool | None = None
    net: bool | None = None
    overload: bool = False
    raw: str = ""


@dataclass(frozen=True, slots=True)
class WeightStep:
    """A rise or fall of the curve between two plateaus, as an axle group makes when it rolls on or off."""

    t_ms: int
    from_kg: float
    to_kg: float


@dataclass(frozen=True, slots=True)
class Weighing:
    """One loading of the deck, from empty to empty.

    stable_kg: the weight taken, None when none was stable. curve: (t_ms, kg) of every reading.
    """

    t_ms: int
    scale: str
    number: int
    start_ms: int
    stable_kg: float | None
    stable_ms: int | None
    peak_kg: float
    steps: tuple[WeightStep, ...]
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class TicketUse:
    """A lift ticket was presented at the gate.

    state: "valid", "bad_signature", "expired", "void", "used", "unknown", ... by: how it came to its passage, "code"
    (shown), "plate" (looked up by the plate read) or "doubtful_plate" (by one that may be another's); "" in records
    that do not say.
    """

    t_ms: int
    ticket: str
    plate: str
    site: str
    product: str
    tonnes: float
    state: str
    detail: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class BeamState:
    """A light barrier was broken, or is free again."""

    t_ms: int
    beam: str
    broken: bool


@dataclass(frozen=True, slots=True)
class CodeRead:
    """A ticket's code was held up. device: the camera or hand scanner that read it; text: what it says."""

    t_ms: int
    device: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Something a person or the system itself did to the site. action: "started", "configuration_changed",
    "weight_edited", "slip_reprinted", "barrier_released", ...; target: what it was done to.
    """

    t_ms: int
    actor: str
    action: str
    target: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """A registered vehicle reported where it is. vehicle: its plate; degrees; datum: "wgs84" or "gcj02"."""

    t_ms: int
    vehicle: str
    lon: float
    lat: float
    datum: str = "wgs84"


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """What a vehicle's satellite receiver does changed: "ok", "jumping" (its position cannot be), "lost".

    since_ms: the last position that was believed.
    """

    t_ms: int
    vehicle: str
    state: str
    since_ms: int


Fact = (
    Position
    | ReceiverState
    | Sighting
    | Movement
    | WeightSample
    | Weighing
    | BeamState
    | TicketUse
    | CodeRead
    | DeviceState
    | Operation
)
Record = TypeVar("Record")
_FLOAT = {float}
_TYPES: dict[str, type] = {t.__name__: t for t in typing.get_args(Fact)}


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fact_line(fact: Fact) -> str:
    """One line of the fact log, without the newline. Fields at their default are left out."""
    return canonical_json({"fact": type(fact).__name__, **_plain(fact)})


def read_fact(line: str) -> Fact:
    """The fact a log line holds.

    Raises FactError when the line is no JSON object, names no known fact, or lacks or mistypes a field.
    """
    try:
        raw = from_json(line)
        kind = _TYPES[raw.pop("fact")]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise FactError(f"no fact: {line[:80]!r}") from error
    try:
        return typing.cast(Fact, _build(kind, raw))
    except (TypeError, ValueError, KeyError) as error:
        raise FactError(f"{kind.__name__}: {error}") from error


def to_plain(record: Any) -> dict[str, Any]:
    """A record (fact, passage, finding) as values JSON knows. Fields at their default are left out."""
    return _plain(record)


def from_plain(kind: type[Record], value: Any) -> Record:
    """The record of a kind that `to_plain` made a value of. Raises FactError when a field lacks or is mistyped."""
    try:
        return typing.cast(Record, _build(kind, value))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise FactError(f"{kind.__name__}: {error}") from error


def _plain(record: Any) -> dict[str, Any]:
    out = {}
    for f in dataclasses.fields(record):
        value = getattr(record, f.name)
        factory = f.default_factory
        default = f.default if factory is dataclasses.MISSING else factory()
        if value != default:
            out[f.name] = _plain_value(value)
    return out


def _plain_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _plain(value)
    if isinstance(value, tuple | list):
        return [_plain_value(v) for v in value]
    if isinstance(value, Enum):
        return value.value
    return value


def _build(kind: Any, value: Any) -> Any:
    """Build a value of a type from its plain form, checking on the way."""
    return _builder(kind)(value)


@cache
def _builder(kind: Any) -> Callable[[Any], Any]:
    """What builds values of a type; made once, for a day has a million facts."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _record_builder(kind)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = _builder(next(a for a in args if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return _tuple_builder(args)
    if origin is dict:
        of = _builder(args[1])
        return lambda value: {k: of(v) for k, v in value.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _number if kind is float else _checker(kind)


def _record_builder(kind: type) -> Callable[[Any], Any]:
    builders = {name: _builder(hint) for name, hint in typing.get_type_hints(kind).items()}

    def build(value: Any) -> Any:
        try:
            return kind(**{name: builders[name](v) for name, v in value.items()})
        except KeyError:
            unknown = value.keys() - builders.keys()
            if unknown:
                raise ValueError(f"unknown field {min(unknown)!r}") from None
            raise

    return build


def _tuple_builder(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    several = len(args) == 2 and args[1] is Ellipsis
    each = [_builder(a) for a in args[: 1 if several else None]]
    floats = set(args[: 1 if several else None]) == _FLOAT

    def build(value: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"expected a list, got {value!r}")
        if floats and (several or len(value) == len(args)) and set(map(type, value)) <= _FLOAT:
            return tuple(value)  # boxes and places: a day has a million
        builders = each * len(value) if several else each
        return tuple(b(v) for b, v in zip(builders, value, strict=True))

    return build


def _number(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is not int:
        raise TypeError(f"expected float, got {value!r}")
    return float(value)


def _checker(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {value!r}")
        return value

    return check
