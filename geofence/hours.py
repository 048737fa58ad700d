"""Weekly hours in which a shape counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Self

from geofence.errors import ShapeError

WEEK_MIN = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """Stretches of the week in local time, in minutes since Monday 00:00; to is past the end of the week at most once.

    zone: the local time's zone.
    """

    spans: tuple[tuple[int, int], ...]
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        for start, end in self.spans:
            if not (0 <= start < WEEK_MIN and start < end <= start + WEEK_MIN):
                raise ShapeError("hours", "spans", f"stretches within one week, got {start} to {end} minutes")

    @classmethod
    def daily(cls, start: str, end: str, days: Sequence[int] = range(7), zone: tzinfo = UTC) -> Self:
        """The same hours on several days (0 is Monday), "22:00" to "06:00" running over midnight.

        Raises ShapeError for a time that is not HH:MM or a day outside 0..6.
        """
        begin, finish = _minutes(start), _minutes(end)
        length = (finish - begin) % (24 * 60) or 24 * 60
        if any(day not in range(7) for day in days):
            raise ShapeError("hours", "days", "numbers 0 (Monday) to 6")
        return cls(tuple((d * 1440 + begin, d * 1440 + begin + length) for d in days), zone)

    def active(self, t_ms: int) -> bool:
        """Whether an instant (UTC milliseconds) lies in the hours."""
        local = datetime.fromtimestamp(t_ms / 1000, self.zone)
        minute = local.weekday() * 1440 + local.hour * 60 + local.minute
        return any(s <= minute < e or s <= minute + WEEK_MIN < e for s, e in self.spans)


def _minutes(text: str) -> int:
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
        raise ShapeError("hours", "time", f"HH:MM, got {text!r}")
    value = int(hours) * 60 + int(minutes)
    if value > 1440 or int(minutes) > 59:
        raise ShapeError("hours", "time", f"HH:MM up to 24:00, got {text!r}")
    return value % 1440 if value == 1440 else value
