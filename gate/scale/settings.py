"""Settings of an indicator's format: every one named, typed and checked, none guessed."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from gate.errors import ScaleError
from gate.scale.units import check_unit


class Settings(BaseModel):
    """Base of every format's settings: unknown ones are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UnitSettings(Settings):
    """For formats whose frames name no unit."""

    unit: str = "kg"

    @field_validator("unit")
    @classmethod
    def _known(cls, unit: str) -> str:
        try:
            return check_unit(unit)
        except ScaleError as error:
            raise ValueError(str(error)) from error


S = TypeVar("S", bound=Settings)


def read_settings(kind: type[S], name: str, given: Mapping[str, Any]) -> S:
    """The settings of one format. Raises ScaleError naming the indicator, the setting and what was expected."""
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        known = ", ".join(kind.model_fields) or "none"
        faults = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors())
        raise ScaleError(f"indicator {name!r}: {faults} (settings it knows: {known})") from error
