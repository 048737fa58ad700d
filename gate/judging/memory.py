"""What a site process remembers when it starts again: the logs of the process before it."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import structlog

from gate.errors import FactError
from gate.facts import BeamState, CodeRead, Fact, Operation, Position, WeightSample
from gate.judging.daylog import DayLog, read_facts, read_passages
from gate.judging.gatehouse import Gatehouse, Outcome
from gate.records import Passage
from vision.facts import DeviceState, Sighting

REPLAYED_MS = 30 * 60_000  # visits open at a stop are younger than this
HISTORY_MS = 30 * 86_400_000
Record = TypeVar("Record")
_log = structlog.get_logger(__name__)
SOURCE_FACTS = (Sighting, WeightSample, BeamState, CodeRead, DeviceState, Operation, Position)


def recall(gatehouse: Gatehouse, facts: DayLog[Fact], passages: DayLog[Passage], now_ms: int) -> Outcome:
    """Bring a new gatehouse to where the last one was. Its outcome repeats what the last one said at the end.

    Plates' history comes from a month of closed passages; visits still open come from judging the last half hour of
    source facts again. A damaged line ends its file's reading: what follows it is not trusted.
    """
    since_ms = now_ms - REPLAYED_MS
    for path in passages.files(now_ms - HISTORY_MS):
        for passage in _readable(read_passages(path)):
            if passage.end_ms < since_ms:
                gatehouse.remember(passage)
    source = [
        fact
        for path in facts.files(since_ms)
        for fact in _readable(read_facts(path))
        if fact.t_ms >= since_ms and isinstance(fact, SOURCE_FACTS)
    ]
    outcome = gatehouse.take(source)
    outcome.turns = [t for t in outcome.turns if t.shapes]  # that it began anew, and over which shapes, is news
    return outcome


def next_numbers(facts: Iterable[Fact]) -> dict[str, int]:
    """By camera, the first vehicle number that no fact has used."""
    out: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, Sighting):
            number = int(fact.vehicle.rpartition(":")[2])
            out[fact.camera] = max(out.get(fact.camera, 1), number + 1)
    return out


def _readable(records: Iterator[Record]) -> Iterator[Record]:
    """Records up to the first damaged line, which is told."""
    try:
        yield from records
    except FactError as error:
        _log.error("log damaged; what follows is left out", why=str(error))
