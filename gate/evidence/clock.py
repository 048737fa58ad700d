"""How right this machine's clock is, as far as its own kernel knows it (adjtimex(2), Linux). Never guessed."""

import ctypes
import sys
from collections.abc import Mapping

from gate.evidence.draft import CameraClock, ClockOffset

SYNCHRONISED, UNSYNCHRONISED, UNKNOWN, RECORDING = "synchronised", "unsynchronised", "unknown", "recording"
_STA_UNSYNC, _STA_NANO = 0x0040, 0x2000  # of timex.status, in linux/timex.h
_TIME_ERROR = 5  # what adjtimex returns for a clock nobody keeps right


class _Timex(ctypes.Structure):
    """struct timex of linux/timex.h."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("constant", "precision", "tolerance", "seconds", "fraction", "tick")),
        ("rest", ctypes.c_byte * 160),
    )


def clock_offset(measured_ms: int, cameras: Mapping[str, CameraClock] | None = None) -> ClockOffset:
    """The clock as it is now: its offset and greatest error where something keeps it synchronised, else unknown.

    measured_ms: UTC now. cameras: what is known of the clocks of cameras, by id.
    """
    told = dict(cameras or {})
    reading = _ask_kernel()
    if reading is None:
        return ClockOffset(UNKNOWN, None, None, measured_ms, told)
    returned, timex = reading
    return judged(returned, timex.status, timex.offset, timex.maxerror, measured_ms, told)


def camera_clocks(health: Mapping[str, Mapping[str, float]]) -> dict[str, CameraClock]:
    """What is known of the clocks of cameras: `health` is what each says of itself, by id (see vision.source)."""
    return {c: CameraClock("rtcp", n["clock_offset_ms"]) for c, n in health.items() if "clock_offset_ms" in n}


def judged(  # noqa: PLR0917 - what the kernel says, in its own order
    returned: int,
    status: int,
    offset: int,
    maxerror_us: int,
    measured_ms: int,
    cameras: Mapping[str, CameraClock],
) -> ClockOffset:
    """What an answer of adjtimex means. offset: what the clock still lacks, in ns with STA_NANO set, else in µs."""
    if returned == _TIME_ERROR or status & _STA_UNSYNC:
        return ClockOffset(UNSYNCHRONISED, None, None, measured_ms, cameras)
    ahead_ms = -offset / (1e6 if status & _STA_NANO else 1e3)
    return ClockOffset(SYNCHRONISED, round(ahead_ms, 3) + 0.0, round(maxerror_us / 1e3, 3), measured_ms, cameras)


def _ask_kernel() -> tuple[int, _Timex] | None:
    """What adjtimex returned and filled in, None where there is none or it may not be asked."""
    if not sys.platform.startswith("linux"):
        return None
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    timex = _Timex()
    returned = -1 if adjtimex is None else int(adjtimex(ctypes.byref(timex)))
    return None if returned < 0 else (returned, timex)
