"""Whom a box that is not where its key's vehicle should be may belong to, and how much that would surprise.

Works in the picture, in units of the vehicle's own size, so that it needs no ground plane.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geofence.trails import TREND_MS

Array = NDArray[np.float64]
SIGMAS = 5.0  # of where vehicles come back make up the farthest still believed; generated walks have 7, but tails
OWN_KEY = 0.5  # what a distance counts to the vehicle whose key the box has


@dataclass(frozen=True, slots=True)
class Memory:
    """How long and how far a vehicle is remembered; a size is the square root of the box area.

    confirm_ms: how long something must last before it is believed. lost_ms: unseen this long, a moving vehicle is no
    longer expected back. keep_ms: the same for one that stood still.
    """

    confirm_ms: int = 200
    lost_ms: int = 3_000
    keep_ms: int = 120_000
    most: int = 1_000  # vehicles of one camera; beyond that, who was not seen for longest goes first
    jump_sizes: float = 0.5  # a box may jump this far at once
    speed_sizes: float = 20.0  # and move this fast, in sizes per second
    swap_sizes: float = 0.6  # this far from where it should be, a key may have been given to another vehicle
    reach_sizes: float = 0.6  # a new key this near to where a vehicle should be is that vehicle
    reach_acceleration: float = 1.4  # sizes per second squared it may have sped up or braked unseen
    reach_growth: float = 1.5  # and no more than so many sizes per second unseen
    still_sizes: float = 0.3  # sizes per second under which a vehicle stood


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """N boxes, each beside a missing vehicle it may belong to.

    offset: (N, 2) pixels from where the vehicle was last to the box. velocity: (N, 2) the vehicle's, pixels per ms.
    gap_ms: (N,) how long it has been missing. size, before: (N,) pixels, the box's size and the vehicle's last.
    known: (N,) the box's key belongs to a vehicle, and is believed to have gone to another only very near to that.
    own: (N,) this is the vehicle the key belongs to. alike: (N,) both are people, or neither is.
    """

    offset: Array
    velocity: Array
    gap_ms: NDArray[np.int64]
    size: Array
    before: Array
    known: NDArray[np.bool_]
    own: NDArray[np.bool_]
    alike: NDArray[np.bool_]


def surprise(pairs: Pairs, memory: Memory) -> Array:
    """(N,) how surprising it were that a box is the vehicle's beside it; infinite where that is not believed.

    The negative logarithm of the normal density, less what is the same for all, of the box's distance from where the
    vehicle should be. The spread grows with the time unseen, and its logarithm counts: who may be anywhere by now is
    no better an answer here than who was sought right here.
    """
    slow = pairs.velocity * 1000 / pairs.before[:, None]
    still = np.hypot(slow[:, 0], slow[:, 1]) < memory.still_sizes
    soon = pairs.gap_ms <= memory.lost_ms
    reach = _reach(pairs.gap_ms, soon & ~pairs.known, memory) * np.maximum(pairs.size, pairs.before)
    share = np.where(pairs.own, OWN_KEY, 1.0) * _away(pairs, soon, memory) / reach
    alike = pairs.alike & (pairs.size > 0.4 * pairs.before) & (pairs.size < 2.5 * pairs.before)
    believed = alike & (soon | (still & (pairs.gap_ms <= memory.keep_ms))) & (share < 1)
    found: Array = np.where(believed, (SIGMAS * share) ** 2 / 2 + 2 * np.log(reach), np.inf)
    return found


def _reach(gap_ms: NDArray[np.int64], grows: NDArray[np.bool_], memory: Memory) -> Array:
    """(N,) how far from where it should be a vehicle is still believed, in sizes."""
    gap_s = (gap_ms + TREND_MS / 2) / 1000
    grown = np.minimum(memory.reach_acceleration / 2 * gap_s**2, memory.reach_growth * gap_s)
    reach: Array = memory.reach_sizes + np.where(grows, grown, 0.0)
    return reach


def _away(pairs: Pairs, soon: NDArray[np.bool_], memory: Memory) -> Array:
    """(N,) pixels from where vehicles should be: carried on, or where they stopped if they were slow enough to have."""
    speed = np.hypot(pairs.velocity[:, 0], pairs.velocity[:, 1])
    carried = pairs.offset - pairs.velocity * np.where(soon, pairs.gap_ms, 0)[:, None]
    away = np.hypot(carried[:, 0], carried[:, 1])
    brake_ms = speed / (memory.reach_acceleration * pairs.before) * 1e6
    braked = pairs.offset - pairs.velocity * (brake_ms / 2)[:, None]
    stopped = np.minimum(away, np.hypot(braked[:, 0], braked[:, 1]))
    nearest: Array = np.where(brake_ms <= pairs.gap_ms, stopped, away)
    return nearest
