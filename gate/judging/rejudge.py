"""Recorded facts judged again, with other rules or thresholds, and what that changes."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from gate.errors import GatewardenError, SiteError
from gate.facts import Fact
from gate.fraud.judge import check_rules
from gate.judging.daylog import read_facts, read_findings, read_turns
from gate.judging.follower import NotRecorded, RecordedFollower, Turn
from gate.judging.gatehouse import Gatehouse
from gate.judging.memory import SOURCE_FACTS
from gate.records import Finding
from gate.site.model import RuleSettings, Site
from gate.tickets.registers import load_registers

STRETCH = 2_000  # facts judged at a time
Standing = dict[str, Finding]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs for one finding between two judgments: "new", "gone" or "graded" (another severity)."""

    kind: str
    finding: Finding


def rejudge(site: Site, base: Path, facts: Iterable[Fact], turns: Iterable[Turn] | None = None) -> Iterator[Finding]:
    """The findings of recorded facts, in order of time, under the site's rules as they are now.

    turns: how the vehicles were followed when the facts were recorded; without them they are followed anew. Raises
    NotRecorded, after findings that do not count, where the turns do not belong to the facts or to the site's shapes.
    """
    registers = load_registers(site, base)
    recorded = RecordedFollower(site, turns) if turns is not None else None
    gatehouse = Gatehouse(site, registers.tickets, registers.vehicles, follower=recorded)
    last_ms = 0
    for stretch in _stretches(f for f in facts if isinstance(f, SOURCE_FACTS)):
        last_ms = max(last_ms, stretch[-1].t_ms)
        yield from gatehouse.take(stretch).findings
    yield from gatehouse.finish(last_ms).findings
    if recorded is not None:
        recorded.check_all_asked()


def _stretches(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """Facts in lists that end between two instants, and where time falls back: so they were judged first."""
    stretch: list[Fact] = []
    last_ms = 0
    for fact in facts:
        if stretch and (fact.t_ms < last_ms or (len(stretch) >= STRETCH and fact.t_ms > last_ms)):
            yield stretch
            stretch = []
        stretch.append(fact)
        last_ms = fact.t_ms
    if stretch:
        yield stretch


def judge_again(site: Site, base: Path, path: Path, *, afresh: bool = False) -> tuple[list[Finding], str]:
    """The findings of a file or folder of facts, and how its vehicles were followed, in plain words.

    As recorded, where the turns are there and belong to these facts and shapes, unless `afresh`; the findings are the
    same, in a fraction of the time. Raises FactError, GatewardenError.
    """
    why = "as asked"
    with _rare_collections():
        if not afresh:
            try:
                return list(rejudge(site, base, recorded_facts(path), recorded_turns(path))), "as recorded"
            except NotRecorded as reason:
                why = str(reason)
        return list(rejudge(site, base, recorded_facts(path))), f"anew: {why}"


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Facts hold no cycles: looking for some among a day of them took a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def recorded_turns(path: Path) -> Iterator[Turn]:
    """The turns beside the facts of a file or folder. Raises NotRecorded where a file of facts has none."""
    for file in _fact_files(path):
        turns = file.with_name(file.name.replace("facts", "turns", 1))
        if not turns.exists():
            raise NotRecorded(f"no {turns.name}")
        yield from read_turns(turns)


def recorded_facts(path: Path) -> Iterator[Fact]:
    """The facts of a file, or of every facts-*.jsonl of a folder. Raises FactError, GatewardenError."""
    for file in _fact_files(path):
        yield from read_facts(file)


def _fact_files(path: Path) -> list[Path]:
    files = [path] if path.is_file() else sorted([*path.glob("facts.jsonl"), *path.glob("facts-????????.jsonl")])
    if not files:
        raise GatewardenError(f"{path}: no facts.jsonl and no facts-YYYYMMDD.jsonl there")
    return files


def with_rules(site: Site, path: Path) -> Site:
    """The site under the rules of another file: a mapping of rule id to its settings, alone or under `rules:`.

    Raises SiteError naming the file, the rule and what was expected.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        rules = TypeAdapter(dict[str, RuleSettings]).validate_python(data.get("rules", data))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError) as error:
        raise SiteError(f"{path}: cannot be read as rules: {error}") from error
    except ValidationError as error:
        faults = (f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SiteError("\n".join(faults)) from error
    check_rules(rules, str(path))
    return site.model_copy(update={"rules": {**site.rules, **rules}})


def standing(findings: Iterable[Finding]) -> Standing:
    """The findings that stand at the end, by id: the last word on each, unless that withdrew it."""
    last: Standing = {f.id: f for f in findings}
    return {name: f for name, f in last.items() if f.state != "withdrawn"}


def changes(before: Standing, after: Standing) -> list[Change]:
    """What a second judgment changes, in order of time."""
    out = [Change("new", f) for name, f in after.items() if name not in before]
    out += [Change("gone", f) for name, f in before.items() if name not in after]
    out += [Change("graded", f) for name, f in after.items() if name in before and f.severity != before[name].severity]
    return sorted(out, key=lambda c: (c.finding.t_ms, c.finding.id))


def recorded_findings(path: Path) -> Standing:
    """The findings that stood when the facts were judged first: findings.jsonl beside them, none without it."""
    file = (path if path.is_dir() else path.parent) / "findings.jsonl"
    return standing(read_findings(file)) if file.exists() else {}
