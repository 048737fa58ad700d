"""What a rule is: a pure statement over one passage, or a watch over the stream of facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gate.facts import Fact
from gate.fraud.deck import Decks
from gate.fraud.history import History
from gate.records import Passage, Severity
from gate.site.model import Site


class Signal(StrEnum):
    """What a rule needs to see; a site that lacks one leaves the rule blind (letters as in the fraud catalogue)."""

    WEIGHT = "W"
    AXLES = "A"
    PLATE = "P"
    VEHICLE = "V"
    ZONE = "Z"
    BEAM = "B"
    TICKET = "T"
    HISTORY = "H"
    SATELLITE = "G"
    DEVICE = "S"


class Vehicles(Protocol):
    """The register of vehicles, as far as rules ask it. Everything is None where the register does not say."""

    def lists(self, plate: str, kind: str | None = None) -> bool:
        """Whether a plate is registered (as a vehicle of a kind)."""
        ...

    def tare_kg(self, plate: str) -> float | None: ...

    def axles(self, plate: str) -> int | None: ...

    def colour(self, plate: str) -> str | None:
        """Colour of the plate as registered."""
        ...

    def body(self, plate: str) -> str | None:
        """Colour of the vehicle itself as registered."""
        ...

    def kind(self, plate: str) -> str | None:
        """Class of the vehicle as registered."""
        ...


@dataclass(slots=True)
class Context:
    """What a rule may look at beside the passage. It is good for one call: the judge keeps it up to date.

    decks: who is and was on each deck, up to date. weighing: scales with a load on them now.
    thresholds: the rule's own, with the site's overrides applied.
    """

    site: Site
    now_ms: int
    vehicles: Vehicles
    history: History
    decks: Decks
    weighing: frozenset[str] = frozenset()
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's statement. zh, en: one sentence a person can act on. about: the device or time where no passage is."""

    confidence: float
    zh: str
    en: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    severity: Severity | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A rule cannot tell any more, or not yet: what it said before stands."""


UNKNOWN = Unknown()


class Watch(Protocol):
    """A rule over time: it keeps what it must of the facts and speaks when something is wrong or right again."""

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        """Take an instant's facts and changed passages.

        Returns verdicts by what they are about (a device, a scale); None withdraws the one raised before.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the fraud catalogue.

    id: as the catalogue names it. version: raised with every change of its logic, kept with each finding.
    needs: without any one of them the rule is silent. helped_by: with them it sees more. thresholds: defaults, units in
    the names.
    judge: the statement over a passage; None when all is well, which withdraws an earlier finding.
    watch: makes the rule's memory where it speaks of time rather than of passages.
    """

    id: str
    version: int
    severity: Severity
    needs: frozenset[Signal]
    zh: str
    en: str
    helped_by: frozenset[Signal] = frozenset()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    judge: Callable[[Passage, Context], Verdict | Unknown | None] | None = None
    watch: Callable[[], Watch] | None = None
