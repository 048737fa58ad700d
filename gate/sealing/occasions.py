"""Findings without a passage, such as weight on an empty deck or a covered camera: which are sealed, and when."""

from collections.abc import Iterable

from gate.records import Finding

POST_ROLL_MS = 3_000
AGAIN_MS = 300_000  # a finding that comes and goes is sealed once in so long


def occasion(finding: Finding) -> str:
    """One raising of a finding: the same finding may be raised again another day."""
    return f"{finding.id}@{finding.t_ms}"


class Occasions:
    """Holds findings back until what came after them is known too."""

    def __init__(self) -> None:
        self._waiting: list[Finding] = []
        self._taken_ms: dict[str, int] = {}

    def take(self, findings: Iterable[Finding]) -> None:
        """Findings as the gatehouse says them; those of passages are sealed with their passages."""
        for finding in findings:
            if finding.passage is not None or finding.state != "raised":
                continue
            last_ms = self._taken_ms.get(finding.id)
            if last_ms is None or not 0 <= finding.t_ms - last_ms < AGAIN_MS:
                self._taken_ms[finding.id] = finding.t_ms
                self._waiting.append(finding)

    def due(self, now_ms: int) -> list[Finding]:
        """Those whose post-roll is over, each once, oldest first."""
        due = [f for f in self._waiting if f.t_ms + POST_ROLL_MS < now_ms]
        self._waiting = [f for f in self._waiting if f.t_ms + POST_ROLL_MS >= now_ms]
        return due
