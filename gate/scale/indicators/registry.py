"""Every wire format by name: `indicator("toledo", {"checksum": True})`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gate.errors import ScaleError
from gate.scale.indicators.yaohua import Yaohua, YaohuaCommand, YaohuaCommandSettings, YaohuaSettings
from gate.scale.reading import Indicator
from gate.scale.settings import Settings, read_settings


@dataclass(frozen=True, slots=True)
class Format:
    """One wire format: its name, other names it goes by, its settings and its parser."""

    name: str
    aliases: tuple[str, ...]
    settings: type[Settings]
    build: Callable[[Any], Indicator]


FORMATS = (
    Format("yaohua", ("xk3190", "xk3190-a9", "keli", "d2008", "ds3"), YaohuaSettings, Yaohua),
    Format("yaohua-command", ("xk3190-command",), YaohuaCommandSettings, YaohuaCommand),
)
_BY_NAME = {name: f for f in FORMATS for name in (f.name, *f.aliases)}


def find_format(name: str) -> Format:
    """The format of a name or alias, case and '_' aside. Raises ScaleError listing those known."""
    found = _BY_NAME.get(name.strip().lower().replace("_", "-").replace(" ", "-"))
    if found is None:
        known = ", ".join(f.name for f in FORMATS)
        raise ScaleError(f"indicator {name!r} is unknown, expected one of: {known}")
    return found


def indicator(name: str, settings: Mapping[str, Any] | None = None) -> Indicator:
    """A parser for one indicator. Raises ScaleError on an unknown name or setting."""
    found = find_format(name)
    parser: Indicator = found.build(read_settings(found.settings, found.name, settings or {}))
    return parser
