"""Every wire format by name: `indicator("toledo", {"checksum": True})`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gate.errors import ScaleError
from gate.scale.indicators.avery import Avery, AverySettings
from gate.scale.indicators.comma import And, Cas, CommaSettings, DiniArgeo
from gate.scale.indicators.dingsong import Dingsong, DingsongSettings
from gate.scale.indicators.modbus import Modbus, ModbusSettings, ModbusTcpSettings
from gate.scale.indicators.mt_sics import MtSics, MtSicsSettings
from gate.scale.indicators.rinstrum import Rinstrum, RinstrumSettings
from gate.scale.indicators.text import TextLines
from gate.scale.indicators.toledo import Toledo, ToledoSettings
from gate.scale.indicators.yaohua import Yaohua, YaohuaCommand, YaohuaCommandSettings, YaohuaSettings
from gate.scale.indicators.yaohua_text import ReversedSettings, TextSettings, YaohuaA12, YaohuaReversed, YaohuaT1
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
    Format(
        "yaohua",
        ("xk3190", "xk3190-a9", "xk3190-ds3", "xk3190-a12e", "a9", "ds3", "keli", "d2008"),
        YaohuaSettings,
        Yaohua,
    ),
    Format("yaohua-command", ("xk3190-command",), YaohuaCommandSettings, YaohuaCommand),
    Format("yaohua-reversed", ("xk3190-d2", "d2", "d10"), ReversedSettings, YaohuaReversed),
    Format("yaohua-a12", ("yaohua-text", "xk3190-a12", "a12"), TextSettings, YaohuaA12),
    Format("yaohua-t1", ("xk3118", "xk3118t1"), TextSettings, YaohuaT1),
    Format("toledo", ("mettler-toledo", "toledo-continuous", "mt-continuous", "mettler"), ToledoSettings, Toledo),
    Format("mt-sics", ("sics", "mettler-toledo-sics", "toledo-sics"), MtSicsSettings, MtSics),
    Format("cas", ("cas-22", "cas-ci", "cas-22-byte"), CommaSettings, Cas),
    Format("and", ("a&d", "a-and-d", "and-18"), CommaSettings, And),
    Format("dini-argeo", ("dini",), CommaSettings, DiniArgeo),
    Format("avery", ("avery-weigh-tronix", "weigh-tronix", "avery-weightronix"), AverySettings, Avery),
    Format("rinstrum", ("r320", "r323"), RinstrumSettings, Rinstrum),
    Format("modbus", ("modbus-rtu", "cas-ci-600d", "ci-600d"), ModbusSettings, Modbus),
    Format("modbus-tcp", (), ModbusTcpSettings, Modbus),
    Format("dingsong", ("ds822", "dingsong-ds822", "dingsong-c"), DingsongSettings, Dingsong),
    Format("ascii", ("text", "xk3102"), TextSettings, TextLines),
)


def _fold(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


_BY_NAME = {_fold(name): f for f in FORMATS for name in (f.name, *f.aliases)}


def find_format(name: str) -> Format:
    """The format of a name or alias, whatever its case and punctuation. Raises ScaleError listing those known."""
    found = _BY_NAME.get(_fold(name))
    if found is None:
        known = ", ".join(f.name for f in FORMATS)
        raise ScaleError(f"indicator {name!r} is unknown, expected one of: {known}")
    return found


def indicator(name: str, settings: Mapping[str, Any] | None = None) -> Indicator:
    """A parser for one indicator. Raises ScaleError on an unknown name or setting."""
    found = find_format(name)
    parser: Indicator = found.build(read_settings(found.settings, found.name, settings or {}))
    return parser
