"""Every scenario before the gate: which frauds were seen, which were missed, who was accused wrongly."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from calibration_rigs.scenario import Scenario
from calibration_rigs.staging import Judged, judge, play
from gate.fraud.catalogue import RULES


@dataclass(frozen=True, slots=True)
class Verdict:
    """One run against its scenario's truth.

    hits: rules that had to speak and did. false: rules that must not and still stand at the end; brief: those that
    must not, spoke, and took it back. passages: closed ones.
    """

    scenario: str
    seed: int
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    false: tuple[str, ...]
    brief: tuple[str, ...]
    passages: int
    seconds: float

    @property
    def right(self) -> bool:
        return not self.misses and not self.false


@dataclass(slots=True)
class RuleScore:
    """One rule over all runs. staged: runs it must be raised in; clean: runs it must not be raised in."""

    staged: int = 0
    hits: int = 0
    clean: int = 0
    false: int = 0
    brief: int = 0


@dataclass(slots=True)
class Evaluation:
    """The sum of many runs."""

    verdicts: list[Verdict] = field(default_factory=list)
    rules: dict[str, RuleScore] = field(default_factory=lambda: {r.id: RuleScore() for r in RULES})

    def add(self, verdict: Verdict, must: frozenset[str], must_not: frozenset[str]) -> None:
        self.verdicts.append(verdict)
        for rule, score in self.rules.items():
            score.staged += rule in must
            score.hits += rule in verdict.hits
            score.clean += rule in must_not
            score.false += rule in verdict.false
            score.brief += rule in verdict.brief

    def to_plain(self) -> dict[str, Any]:
        """As JSON knows it: totals, one row per rule, one per run that went wrong."""
        return {
            "runs": len(self.verdicts),
            "right": sum(v.right for v in self.verdicts),
            "passages": sum(v.passages for v in self.verdicts),
            "hours": round(sum(v.seconds for v in self.verdicts) / 3600, 3),
            "hits": sum(s.hits for s in self.rules.values()),
            "misses": sum(s.staged - s.hits for s in self.rules.values()),
            "false": sum(s.false for s in self.rules.values()),
            "brief": sum(s.brief for s in self.rules.values()),
            "rules": {rule: asdict(score) for rule, score in self.rules.items()},
            "wrong": [asdict(v) for v in self.verdicts if not v.right],
        }


def evaluate(paths: Iterable[Path], seeds: int = 1, told: Callable[[Verdict], None] = lambda _: None) -> Evaluation:
    """Run every scenario `seeds` times, its own seed first, and compare findings with truth.

    Raises ScenarioError or SiteImpossible at the first scenario that cannot be run.
    """
    evaluation = Evaluation()
    for path in paths:
        for extra in range(seeds):
            played = play(path, seed=None if extra == 0 else 1000 * extra + 1)
            scenario = played.simulation.scenario
            must = frozenset(scenario.expect.must)
            must_not = forbidden(must, frozenset(scenario.expect.may), scenario.expect.must_not)
            verdict = _verdict(path.stem, scenario, judge(played), must, must_not)
            evaluation.add(verdict, must, must_not)
            told(verdict)
    return evaluation


def forbidden(must: frozenset[str], may: frozenset[str], must_not: tuple[str, ...]) -> frozenset[str]:
    """The rules that must not be raised, with "any" spelled out."""
    every = frozenset(r.id for r in RULES)
    named = every if "any" in must_not else frozenset(must_not)
    return named - must - may


def _verdict(name: str, scenario: Scenario, judged: Judged, must: frozenset[str], must_not: frozenset[str]) -> Verdict:
    return Verdict(
        name,
        scenario.seed,
        tuple(sorted(must & judged.raised)),
        tuple(sorted(must - judged.raised)),
        tuple(sorted(must_not & judged.standing)),
        tuple(sorted((must_not & judged.raised) - judged.standing)),
        len(judged.passages),
        scenario.seconds,
    )
