"""When a barrier may move. Pure: passages, findings, weights and device states come in with their time, orders go out.

It never closes while a vehicle may be under the arm, or while nobody can see whether one is. It never opens by itself
unless the site says so. A person's release opens it whatever else is the matter. When what it needs fails, it commands
nothing but darkness: the arm's own button works beside it, so nobody is shut in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gate.barrier.order import SYSTEM, Command, Order
from gate.errors import GatewardenError
from gate.fraud.judge import active_rules
from gate.fraud.net import over_ticket_kg
from gate.fraud.passage_facts import known_plate, valid_ticket
from gate.records import Finding, Passage, Severity
from gate.site.devices import Barrier
from gate.site.model import Site
from geofence.movement import MovementKind
from vision.facts import DeviceState

FAILED_MS = 5_000  # a device silent for longer has failed
WORKING = frozenset({"ok", "recovered", "damaged"})


@dataclass(slots=True)
class _Vehicle:
    """A visit that has been in the barrier's zone and is not over."""

    passage: Passage
    inside: bool


@dataclass(slots=True)
class BarrierPolicy:
    """One barrier. needs_ticket: the site keeps tickets, so a vehicle must have a valid one.

    net_kg: a passage's net weight if the scale holds so much of it, None while its tare is not known. over: what of a
    net is too much for its ticket (thresholds of the rule `goods_differ`), empty where the site does not judge that.
    """

    barrier: Barrier
    watched: frozenset[str]  # devices without which nobody can judge
    needs_ticket: bool
    net_kg: Callable[[Passage, float], float | None] = lambda _passage, _kg: None
    over: Mapping[str, float] = field(default_factory=dict)
    e_kg: float = 20.0
    _vehicles: dict[str, _Vehicle] = field(default_factory=dict)
    _standing: dict[str, tuple[str, Severity]] = field(default_factory=dict)  # finding: passage, grade
    _down: dict[str, int] = field(default_factory=dict)  # device: since when
    _dark: bool = True  # until it begins to watch
    _failed: bool = False
    _open: bool = False
    _opened_for: str = ""
    _clear_ms: int | None = None
    _held: dict[str, str] = field(default_factory=dict)  # passage, "" for whoever comes: why a person holds it

    @classmethod
    def of(
        cls,
        barrier: Barrier,
        site: Site,
        net_kg: Callable[[Passage, float], float | None] = lambda _passage, _kg: None,
    ) -> "BarrierPolicy":
        """The policy of one of a site's barriers."""
        watched = {c.id for c in site.cameras} | ({barrier.scale} if barrier.scale else set())
        over = next((a.thresholds for a in active_rules(site) if a.rule.id == "goods_differ"), {})
        e_kg = next((s.e_kg for s in site.scales if s.id == barrier.scale), 20.0)
        return cls(barrier, frozenset(watched), site.registers.tickets is not None, net_kg, over, e_kg)

    @property
    def is_open(self) -> bool:
        """Whether the arm was last told to open."""
        return self._open

    @property
    def blind(self) -> bool:
        """Whether what it must see has failed."""
        return self._dark

    def take(
        self,
        t_ms: int,
        passages: Iterable[Passage] = (),
        findings: Iterable[Finding] = (),
        devices: Iterable[DeviceState] = (),
        stable_kg: float | None = None,
    ) -> list[Order]:
        """What to do by t_ms, after what has changed. stable_kg: the weight its scale holds steady now, if any."""
        self._learn(passages, findings, devices)
        failed = sorted(d for d, since in self._down.items() if t_ms - since >= FAILED_MS)
        if failed:
            return self._fail(t_ms, failed)
        if self._dark:
            self._dark = self._failed = False
            if not self._open:
                return [self._order(t_ms, Command.HOLD, "watching")]
        if self._open:
            return self._close_when_clear(t_ms)
        against = self.against(stable_kg)
        if self.barrier.automatic and against is not None and not against:
            (vehicle,) = self._inside()
            self._opened_for = vehicle.passage.id
            return [self._order(t_ms, Command.OPEN, f"{vehicle.passage.plate}: weighed, nothing against it")]
        return []

    def release(self, t_ms: int, who: str, reason: str) -> list[Order]:
        """A person opens it. Raises GatewardenError without a name and a reason."""
        if not who.strip() or not reason.strip() or who == SYSTEM:
            raise GatewardenError(f"barrier {self.barrier.id}: a release needs who releases it, and a reason")
        self._held = {}
        return [self._order(t_ms, Command.OPEN, reason.strip(), who.strip())]

    def hold(self, t_ms: int, who: str, reason: str) -> list[Order]:
        """A person holds the vehicle in the zone, or whoever comes: it does not open by itself until that visit is
        over or a person releases. Raises GatewardenError without a name and a reason.
        """
        if not who.strip() or not reason.strip() or who == SYSTEM:
            raise GatewardenError(f"barrier {self.barrier.id}: to hold needs who holds, and a reason")
        why = f"held by {who.strip()}: {reason.strip()}"
        self._held = dict.fromkeys((v.passage.id for v in self._inside()), why) or {"": why}
        return [self._order(t_ms, Command.HOLD, reason.strip(), who.strip())]

    def stop(self, t_ms: int) -> list[Order]:
        """The gate stops watching: what the site wants of a failure, and dark lights."""
        return self._fail(t_ms, ["gate"])

    def against(self, stable_kg: float | None) -> tuple[str, ...] | None:
        """Why the vehicle in the zone may not leave, empty where nothing is against it; None where none is there."""
        inside = self._inside()
        if not inside:
            return None
        if len(inside) > 1:
            return ("more than one vehicle before the barrier",)
        passage = inside[0].passage
        reasons = [why for held, why in self._held.items() if held in (passage.id, "")]
        if passage.id == self._opened_for:
            reasons.append("the barrier was opened for it already")
        if not known_plate(passage):
            reasons.append("plate not read")
        if self.needs_ticket and valid_ticket(passage) is None:
            reasons.append("no valid ticket")
        if self.barrier.scale is not None and stable_kg is None:
            reasons.append("weight not stable")
        reasons += [*self._too_much(passage, stable_kg), *passage.unsure]
        reasons += [
            finding
            for finding, (about, severity) in self._standing.items()
            if about in (passage.id, "") and severity >= self.barrier.hold_from
        ]
        return tuple(reasons)

    def _too_much(self, passage: Passage, stable_kg: float | None) -> list[str]:
        """That it carries more than its ticket says, where it is weighed and its tare is known."""
        ticket = valid_ticket(passage)
        net_kg = None if stable_kg is None or ticket is None else self.net_kg(passage, stable_kg)
        if net_kg is None or ticket is None or not self.over:
            return []
        over_kg = over_ticket_kg(net_kg, ticket.tonnes, self.e_kg, self.over)
        return [f"net {net_kg:,.0f} kg, {over_kg:,.0f} kg over its ticket of {ticket.tonnes:g} t"] if over_kg else []

    def _learn(self, passages: Iterable[Passage], findings: Iterable[Finding], devices: Iterable[DeviceState]) -> None:
        for passage in passages:
            if passage.closed:
                self._vehicles.pop(passage.id, None)
                self._held.pop(passage.id, None)
                self._standing = {k: v for k, v in self._standing.items() if v[0] != passage.id}
                continue
            inside = _inside(passage, self.barrier.zone)
            if inside is not None:
                self._vehicles[passage.id] = _Vehicle(passage, inside)
        for finding in findings:
            if finding.state == "withdrawn":
                self._standing.pop(finding.id, None)
            elif finding.passage is not None or set(finding.evidence) & self.watched:
                self._standing[finding.id] = (finding.passage or "", finding.severity)
        for device in devices:
            if device.device not in self.watched:
                continue
            if device.state in WORKING:
                self._down.pop(device.device, None)
            else:
                self._down.setdefault(device.device, device.t_ms)

    def _inside(self) -> list[_Vehicle]:
        return [v for v in self._vehicles.values() if v.inside]

    def _fail(self, t_ms: int, failed: Sequence[str]) -> list[Order]:
        first, self._failed, self._dark, self._clear_ms = not self._failed, True, True, None
        if not first:
            return []
        why = f"no word from {', '.join(failed)}"
        if self.barrier.on_failure == "open" and not self._open:
            return [self._order(t_ms, Command.OPEN, why)]
        return [self._order(t_ms, Command.DARK, why)]

    def _close_when_clear(self, t_ms: int) -> list[Order]:
        if self._vehicles:
            self._clear_ms = None
            return []
        self._clear_ms = t_ms if self._clear_ms is None else self._clear_ms
        if t_ms - self._clear_ms < self.barrier.close_after_s * 1000:
            return []
        return [self._order(t_ms, Command.CLOSE, "nobody before or under it")]

    def _order(self, t_ms: int, command: Command, why: str, by: str = SYSTEM) -> Order:
        if command in (Command.OPEN, Command.CLOSE):
            self._open, self._clear_ms = command is Command.OPEN, None
        return Order(t_ms, self.barrier.id, command, why, by)


def _inside(passage: Passage, zone: str) -> bool | None:
    """Whether a passage is in a zone now; None where it never was."""
    inside: bool | None = None
    for movement in passage.movements:
        if movement.shape == zone and movement.kind in (MovementKind.ENTERED, MovementKind.LEFT):
            inside = movement.kind is MovementKind.ENTERED
    return inside
