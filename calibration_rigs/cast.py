"""Who plays in a scenario: its actors as vehicles with paint and plates, their paths and moves, boards on the deck."""

import numpy as np

from calibration_rigs import catalogue, world
from calibration_rigs.driver import Leg, Move, Wait
from calibration_rigs.errors import ScenarioError
from calibration_rigs.layout import Deck, Layout
from calibration_rigs.route import Route
from calibration_rigs.scenario import Actor, BoardIn, MoveIn, To
from calibration_rigs.vehicle import Vehicle


def vehicle_of(actor: Actor) -> Vehicle:
    """The vehicle an actor drives, painted and plated."""
    made = catalogue.vehicle(actor.model, actor.id, actor.cargo_t * 1000)
    cab, body = (_colour(c, actor.id) for c in (actor.cab, actor.body))
    made = catalogue.painted(made, cab, body)
    p = actor.plates
    return catalogue.plated(
        made, p.front, p.trailer, colour=p.colour, rear=p.rear, grime=p.grime, placard=actor.placard
    )


def _colour(name: str | tuple[float, float, float], who: str) -> tuple[float, float, float]:
    if isinstance(name, tuple):
        return name
    if name not in catalogue.PAINTS:
        raise ScenarioError(f"actor {who!r}: no colour {name!r}; there are {', '.join(catalogue.PAINTS)}")
    return catalogue.PAINTS[name]


def path_points(actor: Actor, layout: Layout) -> list[tuple[float, float]]:
    """An actor's path with the site's lanes put in for their names."""
    points: list[tuple[float, float]] = []
    for part in actor.path:
        if isinstance(part, str):
            if part not in layout.lanes:
                raise ScenarioError(f"actor {actor.id!r}: the site has no lane {part!r} in ground metres")
            points += layout.lanes[part].ground
        else:
            points.append(part)
    if len(points) < 2:
        raise ScenarioError(f"actor {actor.id!r}: a path needs two points or more")
    return points


def move_of(move: MoveIn, route: Route, vehicle: Vehicle, deck: Deck | None, who: str) -> Move:
    """A move as the driver takes it. Raises ScenarioError for one to a deck the site has not."""
    if move.wait_s is not None:
        return Wait(move.wait_s)
    speed = move.kmh / 3.6
    to = move.to
    if to == "end":
        return Leg(route.length_m, speed)
    if to == "start":
        return Leg(0.0, speed)
    if isinstance(to, To) and to.m is not None:
        return Leg(min(max(to.m, 0.0), route.length_m), speed)
    if isinstance(to, To) and to.point is not None:
        return Leg(route.nearest(to.point), speed)
    if deck is None:
        raise ScenarioError(f"actor {who!r}: drives to the deck, and the site has none")
    beyond = to.deck or 0.0 if isinstance(to, To) else 0.0
    return Leg(route.nearest(deck.centre) + vehicle.length_m / 2 - vehicle.units[0].front + beyond, speed)


def board_of(deck: Deck, board: BoardIn) -> world.Board:
    """Where a plank lies."""
    x, y = deck.world(np.array([board.at]))[0]
    return world.Board((float(x), float(y)), board.length, board.width, deck.yaw, board.thickness)
