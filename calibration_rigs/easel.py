"""Who draws a run's pictures: this process, or several that take turns, each with a world of its own.

Physics is the same each time it is played and costs little beside a picture, so every process plays all of it and draws
the instants that are its turn. The negatives come back in order and one process develops them: pictures are the same,
byte by byte, however many drew them.
"""

import itertools
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

import numpy as np

from calibration_rigs.errors import RenderError, RigError
from calibration_rigs.layout import layout_of
from calibration_rigs.scenario import load_scenario
from calibration_rigs.scene import FLOOR_PX, Dresser
from calibration_rigs.shot import Negative, Picture
from calibration_rigs.simulation import Simulation
from calibration_rigs.weather import Weather

Negatives = dict[str, Picture | None]  # by camera, None while it sends nothing
_END_S = 5.0


class Easel(Protocol):
    """Draws a run, one instant after the other, none left out."""

    def draw(self, t_s: float) -> Negatives:
        """What every camera sees at the next instant. Raises RenderError."""
        ...


def staged(path: Path, floor_px: tuple[int, int] | None = None) -> Simulation:
    """A scenario ready to be played, and to be drawn where the size of the floor's pictures is given.

    Raises ScenarioError or SiteImpossible.
    """
    scenario, site = load_scenario(path)
    weather, rng = Weather.named(scenario.weather), np.random.default_rng(scenario.seed)
    return Simulation(scenario, layout_of(site), Dresser(weather, rng, floor_px) if floor_px else None)


@contextmanager
def own_easel(simulation: Simulation) -> Iterator[Easel]:
    """Draws a dressed simulation as it stands, in this process. Raises RenderError."""
    with ExitStack() as stack:
        yield _Own(simulation, stack)


@contextmanager
def easels(path: Path, count: int, floor_px: tuple[int, int] = FLOOR_PX) -> Iterator[Easel]:
    """Processes that draw a scenario's instants in turns, at its own rate."""
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        lines: list[Connection] = []
        for turn in range(count):
            ours, theirs = context.Pipe(duplex=False)
            stack.callback(ours.close)
            process = context.Process(target=_take_turns, args=(theirs, path, floor_px, turn, count), daemon=True)
            process.start()
            theirs.close()
            stack.callback(_end, process)
            lines.append(ours)
        yield _Turns(lines)


class _Own:
    """See own_easel."""

    def __init__(self, simulation: Simulation, stack: ExitStack) -> None:
        self._simulation, weather = simulation, Weather.named(simulation.scenario.weather)
        self._negatives: dict[str, Negative] = {}
        for name in simulation.layout.views:
            self._negatives[name] = Negative(simulation, name, weather)
            stack.callback(self._negatives[name].close)

    def draw(self, t_s: float) -> Negatives:
        """See Easel."""
        self._simulation.pose_drawn()
        return {name: negative.take(t_s) for name, negative in self._negatives.items()}


class _Turns:
    """See easels."""

    def __init__(self, lines: Sequence[Connection]) -> None:
        self._lines = itertools.cycle(lines)

    def draw(self, t_s: float) -> Negatives:
        """See Easel."""
        try:
            came: Negatives | str = next(self._lines).recv()
        except (EOFError, OSError) as error:
            raise RenderError(f"the process that was to draw second {t_s:.2f} has ended") from error
        if isinstance(came, str):
            raise RenderError(came)
        return came


def _take_turns(line: Connection, path: Path, floor_px: tuple[int, int], turn: int, of: int) -> None:
    """Draw each of-th instant, from `turn` on, in a process of its own."""
    try:
        simulation = staged(path, floor_px)
        with own_easel(simulation) as easel:
            for tick in itertools.islice(simulation.ticks(1 / simulation.scenario.fps), turn, None, of):
                line.send(easel.draw(tick.t_s))
    except RigError as error:
        line.send(str(error))
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # nobody wants pictures any more
    finally:
        line.close()


def _end(process: BaseProcess) -> None:
    process.terminate()
    process.join(_END_S)
