"""What a barrier is told, and why."""

from dataclasses import dataclass
from enum import StrEnum

from gate.facts import Operation

SYSTEM = "system"


class Command(StrEnum):
    """OPEN: arm up, green. CLOSE: arm down, red. HOLD: red, the arm is left alone. DARK: lights out, the arm is left
    alone and its button decides.
    """

    OPEN = "open"
    CLOSE = "close"
    HOLD = "hold"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Order:
    """A command to one barrier. by: "system", or who released it by hand; why: in plain words."""

    t_ms: int
    barrier: str
    command: Command
    why: str
    by: str = SYSTEM

    def fact(self) -> Operation:
        """That it was given."""
        released = self.command is Command.OPEN and self.by != SYSTEM
        action = "barrier_released" if released else f"barrier_{self.command}"
        return Operation(self.t_ms, self.by, action, self.barrier, self.why)

    def outcome(self, t_ms: int, detail: str, *, done: bool) -> Operation:
        """What came of it."""
        return Operation(t_ms, SYSTEM, f"barrier_{self.command}_{'done' if done else 'failed'}", self.barrier, detail)
