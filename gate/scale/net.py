"""Gross, tare and net: from two weighings of a vehicle, or with a stored tare that carries its date."""

from dataclasses import dataclass
from typing import Literal

from gate.errors import ScaleError
from gate.facts import Weighing

LEAST_NET_E = 3.0  # a difference under 3 e is noise, and no load


@dataclass(frozen=True, slots=True)
class StoredTare:
    """A vehicle's weight empty, as it was taken at `t_ms`."""

    kg: float
    t_ms: int


@dataclass(frozen=True, slots=True)
class NetWeight:
    """One load. method: "two_weighings" or "stored_tare". direction: "out" loaded on site, "in" brought and unloaded.

    error_kg: the largest error two weighings within the in-service limits can add up to.
    """

    gross_kg: float
    gross_ms: int
    tare_kg: float
    tare_ms: int
    method: Literal["two_weighings", "stored_tare"]
    direction: Literal["in", "out"]
    error_kg: float

    @property
    def net_kg(self) -> float:
        """gross − tare."""
        return self.gross_kg - self.tare_kg


def error_limit_kg(kg: float, e_kg: float) -> float:
    """In-service error limit of a class III scale: 1 e up to 500 e, 2 e up to 2,000 e, 3 e above (OIML R 76-1)."""
    load_e = abs(kg) / e_kg
    return e_kg * (1 if load_e <= 500 else 2 if load_e <= 2_000 else 3)


def net_of_two(first: Weighing, second: Weighing, e_kg: float) -> NetWeight:
    """The load between two weighings of one vehicle, in either order of empty and loaded.

    Raises ScaleError when one has no stable weight, or they differ by less than 3 e.
    """
    a, b = sorted((first, second), key=lambda w: w.start_ms)
    if a.stable_kg is None or b.stable_kg is None or a.stable_ms is None or b.stable_ms is None:
        raise ScaleError(f"weighing {(b if b.stable_kg is None else a).number} has no stable weight")
    if abs(b.stable_kg - a.stable_kg) < LEAST_NET_E * e_kg:
        raise ScaleError(
            f"weighings {a.number} and {b.number} differ by less than {LEAST_NET_E:g} e: no load between them"
        )
    limit = error_limit_kg(a.stable_kg, e_kg) + error_limit_kg(b.stable_kg, e_kg)
    if b.stable_kg > a.stable_kg:
        return NetWeight(b.stable_kg, b.stable_ms, a.stable_kg, a.stable_ms, "two_weighings", "out", limit)
    return NetWeight(a.stable_kg, a.stable_ms, b.stable_kg, b.stable_ms, "two_weighings", "in", limit)


def net_of_stored(gross: Weighing, tare: StoredTare, e_kg: float, *, largest_age_ms: int) -> NetWeight:
    """The load of one weighing, with the tare on the register.

    Raises ScaleError when there is no stable weight or no load, or the tare is older than `largest_age_ms` or of later.
    """
    if gross.stable_kg is None or gross.stable_ms is None:
        raise ScaleError(f"weighing {gross.number} has no stable weight")
    age_ms = gross.stable_ms - tare.t_ms
    if not 0 <= age_ms <= largest_age_ms:
        raise ScaleError(
            f"the stored tare is {age_ms / 86_400_000:.1f} days old, at most {largest_age_ms / 86_400_000:g}"
        )
    if gross.stable_kg - tare.kg < LEAST_NET_E * e_kg:
        raise ScaleError(
            f"{gross.stable_kg:g} kg is not {LEAST_NET_E:g} e over the stored tare of {tare.kg:g} kg: no load"
        )
    limit = error_limit_kg(gross.stable_kg, e_kg) + error_limit_kg(tare.kg, e_kg)
    return NetWeight(gross.stable_kg, gross.stable_ms, tare.kg, tare.t_ms, "stored_tare", "out", limit)
