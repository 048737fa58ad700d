"""The live weight as a terminal shows it: state, number, and the curve of the last minute."""

from collections import deque

from rich.console import Group
from rich.text import Text

from gate.facts import WeightSample
from gate.scale.sampler import ScaleFact
from gate.scale.weighing import WeighingMachine
from gate.site.devices import Scale

SPAN_MS = 60_000
COLUMNS, WIDEST, LABEL, HEIGHT = 80, 130, 10, 12
_BLOCKS = " ▁▂▃▄▅▆▇█"
_STYLES = {"ok": "green", "stalled": "yellow", "lost": "red", "fault": "red", "overload": "red"}


class WeightScreen:
    """Told facts, drawn on demand. Keeps one minute."""

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._machine = WeighingMachine(scale)
        self._samples: deque[tuple[int, float]] = deque()
        self._state, self._detail, self._last = "waiting", "", "none yet"

    def add(self, fact: ScaleFact) -> None:
        """Take the next fact."""
        if not isinstance(fact, WeightSample):
            self._state, self._detail = fact.state, fact.detail
            return
        self._samples.append((fact.t_ms, fact.kg))
        while fact.t_ms - self._samples[0][0] > SPAN_MS:
            self._samples.popleft()
        for weighing in self._machine.update(fact):
            taken = "not stable" if weighing.stable_kg is None else f"{weighing.stable_kg:,.0f} kg"
            self._last = f"no. {weighing.number}: {taken}, {len(weighing.steps)} steps"

    def draw(self, columns: int = COLUMNS) -> Group:
        """What to show now, on a terminal so many characters wide."""
        now = self._machine.state
        head = Text.assemble(
            (f"{self._scale.id}  ", "bold"),
            (f"{self._state} {self._detail}".strip(), _STYLES.get(self._state, "")),
            f"   {now.phase.value}   last weighing {self._last}",
        )
        weight = Text(f"{now.kg:>12,.1f} kg", style="bold green" if now.stable_kg is not None else "bold")
        width = max(1, min(columns, WIDEST) - LABEL)
        return Group(head, weight, *(Text(row) for row in plot(list(self._samples), width, HEIGHT)))


def plot(samples: list[tuple[int, float]], width: int, height: int) -> list[str]:
    """Rows of block characters, newest at the right, from 0 (or the least, if negative) to the greatest."""
    if not samples:
        return [""] * height
    end_ms, least = samples[-1][0], min(0.0, *(kg for _, kg in samples))
    greatest = max(least + 1.0, *(kg for _, kg in samples))
    columns: list[float | None] = [None] * width
    for t_ms, kg in samples:
        at = width - 1 - int((end_ms - t_ms) / SPAN_MS * width)
        if 0 <= at < width:
            columns[at] = kg
    rows = []
    for row in range(height - 1, -1, -1):
        line = "".join(_cell(kg, row, height, least, greatest) for kg in _held(columns))
        label = f"{greatest:>9,.0f} " if row == height - 1 else f"{least:>9,.0f} " if row == 0 else " " * LABEL
        rows.append(label + line)
    return rows


def _held(columns: list[float | None]) -> list[float | None]:
    """Columns without a sample show the one before."""
    out: list[float | None] = []
    for kg in columns:
        out.append(kg if kg is not None or not out else out[-1])
    return out


def _cell(kg: float | None, row: int, height: int, least: float, greatest: float) -> str:
    if kg is None:
        return " "
    eighths = round((kg - least) / (greatest - least) * height * 8)
    return _BLOCKS[min(8, max(0, eighths - row * 8))]
