"""The judge: asks every rule about every change and keeps each finding once: raised, upgraded or withdrawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gate.errors import SiteError
from gate.facts import Fact
from gate.fraud.catalogue import RULES
from gate.fraud.deck import Decks
from gate.fraud.history import History
from gate.fraud.passage_facts import known_plate
from gate.fraud.rule import Context, Rule, Signal, Unknown, Vehicles, Verdict, Watch
from gate.fraud.signals import site_signals
from gate.records import Finding, Passage, Severity
from gate.site.model import RuleSettings, Site
from geofence.deck import Occupancy

OFFENCE_MS = 30 * 86_400_000
FINDINGS_LIMIT = 20_000  # findings remembered; passages long closed are forgotten first


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule with this site's settings applied."""

    rule: Rule
    severity: Severity
    thresholds: Mapping[str, float]


def active_rules(site: Site) -> list[ActiveRule]:
    """The rules this site switches on and can see enough for. Raises SiteError for settings of no known rule."""
    check_rules(site.rules, f"site {site.id}")
    seen = site_signals(site)
    out = []
    for rule in RULES:
        settings = site.rules.get(rule.id, RuleSettings())
        if settings.enabled and rule.needs <= seen:
            severity = Severity(settings.severity) if settings.severity else rule.severity
            out.append(ActiveRule(rule, severity, {**rule.thresholds, **settings.thresholds}))
    return out


def check_rules(rules: Mapping[str, RuleSettings], where: str) -> None:
    """Refuse settings for rules or thresholds that do not exist. Raises SiteError."""
    known = {r.id: r for r in RULES}
    for name, settings in rules.items():
        if name not in known:
            raise SiteError(f"{where}: rules.{name}: no such rule; there are {', '.join(known)}")
        for threshold in settings.thresholds:
            if threshold not in known[name].thresholds:
                names = ", ".join(known[name].thresholds) or "none"
                raise SiteError(f"{where}: rules.{name}.thresholds.{threshold}: no such threshold; there are {names}")


def blind_rules(site: Site) -> list[tuple[Rule, frozenset[Signal]]]:
    """The rules this site cannot judge, with the signals each one lacks."""
    seen = site_signals(site)
    return [(rule, rule.needs - seen) for rule in RULES if not rule.needs <= seen]


def unaided_rules(site: Site) -> list[tuple[Rule, frozenset[Signal]]]:
    """The rules this site can judge, but not as well as with signals it lacks."""
    seen = site_signals(site)
    return [(rule, rule.helped_by - seen) for rule in RULES if rule.needs <= seen and not rule.helped_by <= seen]


class Judge:
    """All rules of one site over the stream of its facts and passages. Pure: time comes in with the data."""

    def __init__(self, site: Site, vehicles: Vehicles, history: History | None = None) -> None:
        self._site = site
        self._vehicles = vehicles
        self._history = history or History()
        self._decks = Decks(site)
        self._rules = active_rules(site)
        self._contexts = {
            a.rule.id: Context(site, 0, vehicles, self._history, self._decks, frozenset(), a.thresholds)
            for a in self._rules
        }
        self._watches: list[tuple[ActiveRule, Watch]] = [(a, a.rule.watch()) for a in self._rules if a.rule.watch]
        self._watching = [self._contexts[a.rule.id] for a, _ in self._watches]
        self._findings: dict[str, Finding] = {}
        self._standing: dict[str, dict[str, Finding]] = {}  # by passage

    def take(
        self,
        facts: Sequence[Fact],
        passages: Sequence[Passage],
        now_ms: int,
        occupancies: Sequence[Occupancy] = (),
        weighing: frozenset[str] = frozenset(),
    ) -> list[Finding]:
        """What the rules newly say after an instant's facts, the passages they changed and what was seen on the decks.

        weighing: the scales with a load on them now. Closed passages are remembered in the history of their plates.
        """
        self._decks.take(facts, occupancies)
        for context in self._contexts.values() if passages else self._watching:
            context.now_ms, context.weighing, context.decks = now_ms, weighing, self._decks
        out = [f for passage in passages for f in self._passage(passage, now_ms)]
        for active, watch in self._watches:
            for about, verdict in watch.update(facts, passages, self._contexts[active.rule.id]):
                out += self._settle(f"{self._site.id}:{about}/{active.rule.id}", active, verdict, now_ms, None)
        return out

    def forget_decks(self) -> None:
        """The clock was set back: who was on the decks, and when, was told by another clock."""
        dark, self._decks = self._decks.cameras_dark, Decks(self._site)
        self._decks.cameras_dark = dark

    def _passage(self, passage: Passage, now_ms: int) -> list[Finding]:
        out: list[Finding] = []
        for active in self._rules:
            if active.rule.judge:
                verdict = active.rule.judge(passage, self._contexts[active.rule.id])
                if isinstance(verdict, Unknown) or (verdict is None and _lost_its_plate(passage, active.rule)):
                    continue
                out += self._settle(f"{passage.id}/{active.rule.id}", active, verdict, now_ms, passage)
        if passage.closed:
            self._history.note(passage, self.gravest(passage.id), fenced=bool(self._site.boundaries))
        return out

    def gravest(self, passage: str) -> Severity | None:
        """The gravest finding that stands of a passage, None without one."""
        return max((f.severity for f in self._standing.get(passage, {}).values()), default=None)

    def _settle(
        self, key: str, active: ActiveRule, verdict: Verdict | None, now_ms: int, passage: Passage | None
    ) -> Iterable[Finding]:
        last = self._findings.get(key)
        standing = last is not None and last.state != "withdrawn"
        if verdict is None:
            if not standing or last is None:
                return []
            return [self._keep(key, replace(last, t_ms=now_ms, state="withdrawn"))]
        severity = verdict.severity or active.severity
        earlier = self._offences(passage, now_ms) if passage is not None else 0
        if earlier and severity >= Severity.WARNING:
            severity = Severity(min(severity + 1, Severity.CRITICAL))
        if standing and last is not None and severity <= last.severity:
            return []
        finding = Finding(
            id=key,
            t_ms=now_ms,
            site=self._site.id,
            rule=active.rule.id,
            severity=severity,
            confidence=round(verdict.confidence, 4),
            zh=verdict.zh + (f"(30 天内第 {earlier + 1} 次)" if earlier else ""),
            en=verdict.en + (f" (its offence no. {earlier + 1} in 30 days)" if earlier else ""),
            passage=passage.id if passage else None,
            plate=passage.plate if passage else "",
            state="upgraded" if standing else "raised",
            numbers={**verdict.numbers, **({"earlier_offences": float(earlier)} if earlier else {})},
            evidence=verdict.evidence,
            version=active.rule.version,
            thresholds=dict(active.thresholds),
        )
        return [self._keep(key, finding)]

    def _offences(self, passage: Passage, now_ms: int) -> int:
        """How many of the plate's visits in the last month had a serious finding: who does it again weighs more."""
        visits = self._history.of(known_plate(passage))
        recent = (v for v in visits if v.passage != passage.id and 0 <= now_ms - v.end_ms <= OFFENCE_MS)
        return sum(v.worst is not None and v.worst >= Severity.SERIOUS for v in recent)

    def _keep(self, key: str, finding: Finding) -> Finding:
        # A device's finding raised anew is a new event with a new id; a passage's keeps its own.
        self._findings[key] = finding
        if finding.passage is not None:
            own = self._standing.setdefault(finding.passage, {})
            own[key] = finding
            if finding.state == "withdrawn":
                del own[key]
            if len(self._standing) > FINDINGS_LIMIT:
                del self._standing[next(iter(self._standing))]
        if len(self._findings) > FINDINGS_LIMIT:
            del self._findings[next(iter(self._findings))]
        return finding


def _lost_its_plate(passage: Passage, rule: Rule) -> bool:
    """Whether a visit that goes on is not known by a plate just now: one bad look takes back nothing."""
    return Signal.PLATE in rule.needs and not passage.closed and not known_plate(passage)
