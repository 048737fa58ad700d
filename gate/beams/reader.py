"""Light barriers of a running site, read until it stops: facts when one is broken, free again, or does not answer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from gate.beams.board import Board, open_boards
from gate.facts import BeamState, Fact
from gate.lines.line import LineLost
from gate.site.devices import Beam
from vision.facts import DeviceState

FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 30.0


class BeamReaders:
    """Raises SiteError for an address that can never work. say: takes the facts; clock: UTC milliseconds now."""

    def __init__(self, beams: Sequence[Beam], say: Callable[[Fact], None], clock: Callable[[], int]) -> None:
        self._boards = open_boards(beams)
        self._say, self._clock = say, clock
        self._broken: dict[str, bool] = {}
        self._states: dict[str, str] = {}

    async def run(self) -> None:
        """Read every line until cancelled; one that is lost is opened again."""
        async with asyncio.TaskGroup() as group:
            for beams, board in self._boards:
                group.create_task(self._read(beams, board))

    async def _read(self, beams: Sequence[Beam], board: Board) -> None:
        wait_s = FIRST_RETRY_S
        while True:
            try:
                await board.open()
                while True:
                    self._tell(await board.look())
                    wait_s = FIRST_RETRY_S
            except LineLost as lost:
                for beam in beams:
                    self._become(beam.id, "lost", str(lost))
            finally:
                await board.close()
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_RETRY_S)

    def _tell(self, seen: Mapping[str, bool]) -> None:
        """The first look says how each barrier is, later ones only what changed."""
        for beam, broken in seen.items():
            self._become(beam, "ok")
            if self._broken.get(beam) is not broken:
                self._broken[beam] = broken
                self._say(BeamState(self._clock(), beam, broken))

    def _become(self, beam: str, state: str, detail: str = "") -> None:
        if self._states.get(beam) != state:
            self._states[beam] = state
            self._say(DeviceState(self._clock(), beam, state, detail))
