"""Every scenario before the gate: which frauds were seen, which were missed, who was accused wrongly."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from calibration_rigs.staging import Judged, judge, look
from calibration_rigs.take import Take, take
from gate.fraud.catalogue import RULES

NOISE_E = 3.0  # a difference in weight under this many e is noise and never a finding (product design)
_DIFFERENCE = {  # the number of a finding that is a difference in weight, kg
    "overload": "over_kg",
    "goods_differ": "over_kg",
    "tare_padding": "over_kg",
    "remote_control": "jump_kg",
    "weight_empty_deck": "kg",
    "no_return_to_zero": "least_kg",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One run against its scenario's truth.

    hits: rules that had to speak and did. false: rules that must not and still stand at the end; brief: those that
    must not, spoke, and took it back. said: the false findings' sentences. noise: findings over a weight difference
    under 3 e. passages: closed ones; honest: nothing is staged in this scenario.
    """

    scenario: str
    seed: int
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    false: tuple[str, ...]
    brief: tuple[str, ...]
    said: tuple[str, ...]
    noise: int
    passages: int
    honest: bool
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


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict with what was expected of its run."""

    verdict: Verdict
    must: frozenset[str]
    must_not: frozenset[str]


@dataclass(slots=True)
class Evaluation:
    """The sum of many runs."""

    verdicts: list[Verdict] = field(default_factory=list)
    rules: dict[str, RuleScore] = field(default_factory=lambda: {r.id: RuleScore() for r in RULES})

    def add(self, told: Told) -> None:
        verdict = told.verdict
        self.verdicts.append(verdict)
        for rule, score in self.rules.items():
            score.staged += rule in told.must
            score.hits += rule in verdict.hits
            score.clean += rule in told.must_not
            score.false += rule in verdict.false
            score.brief += rule in verdict.brief

    def to_plain(self) -> dict[str, Any]:
        """As JSON knows it: totals, one row per rule, one per run that went wrong."""
        honest = [v for v in self.verdicts if v.honest]
        return {
            "runs": len(self.verdicts),
            "right": sum(v.right for v in self.verdicts),
            "passages": sum(v.passages for v in self.verdicts),
            "hours": round(sum(v.seconds for v in self.verdicts) / 3600, 3),
            "hits": sum(s.hits for s in self.rules.values()),
            "misses": sum(s.staged - s.hits for s in self.rules.values()),
            "false": sum(s.false for s in self.rules.values()),
            "brief": sum(s.brief for s in self.rules.values()),
            "noise": sum(v.noise for v in self.verdicts),
            "honest_passages": sum(v.passages for v in honest),
            "false_on_honest": sum(len(v.false) for v in honest),
            "rules": {rule: asdict(score) for rule, score in self.rules.items()},
            "wrong": [asdict(v) for v in self.verdicts if not v.right],
        }


def evaluate(
    paths: Iterable[Path], seeds: int = 1, jobs: int = 1, told: Callable[[Verdict], None] = lambda _: None
) -> Evaluation:
    """Run every scenario `seeds` times, its own seed first, and compare findings with truth.

    A scenario's physics is played once; a seed is the noise of eyes and cells. jobs: processes that share the work;
    the result does not depend on it. Raises ScenarioError or SiteImpossible at the first scenario that cannot be run.
    """
    evaluation = Evaluation()
    for run in _runs(list(paths), seeds, jobs):
        evaluation.add(run)
        told(run.verdict)
    return evaluation


def forbidden(must: frozenset[str], may: frozenset[str], must_not: tuple[str, ...]) -> frozenset[str]:
    """The rules that must not be raised, with "any" spelled out."""
    every = frozenset(r.id for r in RULES)
    named = every if "any" in must_not else frozenset(must_not)
    return named - must - may


def _runs(paths: list[Path], seeds: int, jobs: int) -> Iterator[Told]:
    if jobs == 1:
        for path in paths:
            yield from _scenario_runs(path, seeds)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for runs in pool.map(partial(_list_runs, seeds=seeds), paths):
            yield from runs


def _list_runs(path: Path, seeds: int) -> list[Told]:
    return list(_scenario_runs(path, seeds))


def _scenario_runs(path: Path, seeds: int) -> Iterator[Told]:
    taken = take(path)
    for extra in range(seeds):
        seed = taken.scenario.seed if extra == 0 else 1000 * extra + 1
        yield _compared(path.stem, seed, taken, judge(look(taken, seed)))


def _compared(name: str, seed: int, taken: Take, judged: Judged) -> Told:
    """What was found against what the scenario expects."""
    expect = taken.scenario.expect
    must = frozenset(expect.must)
    must_not = forbidden(must, frozenset(expect.may), expect.must_not)
    false = must_not & judged.standing
    standing = [f for f in judged.findings if f.state != "withdrawn"]
    least_kg = NOISE_E * max((s.e_kg for s in taken.layout.site.scales), default=0.0)
    noise = [f for f in standing if abs(f.numbers.get(_DIFFERENCE.get(f.rule, ""), least_kg)) < least_kg]
    verdict = Verdict(
        name,
        seed,
        tuple(sorted(must & judged.raised)),
        tuple(sorted(must - judged.raised)),
        tuple(sorted(false)),
        tuple(sorted((must_not & judged.raised) - judged.standing)),
        tuple(f"{f.rule}: {f.en}" for f in standing if f.rule in false),
        len(noise),
        len(judged.passages),
        not must,
        taken.scenario.seconds,
    )
    return Told(verdict, must, must_not)
