"""Judging from recorded turns gives what following anew gives, and turns that do not belong are refused."""

from pathlib import Path

import pytest

from gate.facts import Fact, canonical_json, fact_line, to_plain
from gate.judging.daylog import read_turns, turn_log
from gate.judging.follower import FenceFollower, NotRecorded, RecordedFollower, Turn, shapes_digest
from gate.judging.gatehouse import Gatehouse
from gate.judging.rejudge import judge_again, rejudge
from gate.site.model import RuleSettings, Site
from gate.tickets.book import TicketBook
from tests.gate.fraud.scene import at, site
from tests.gate.judging.test_gatehouse import BYPASS, HONEST, REGISTER, by_time, drive, weights


def where() -> Site:
    return site().model_copy(update={"registers": site().registers.model_copy(update={"tickets": None})})


TWO = by_time(drive("cam:1", 2, stop_s=8) + drive("cam:2", 24, x_m=1.0) + weights((4, 18), 60))


def record(facts: list[Fact], folder: Path) -> list[Turn]:
    """Judge facts as a running site does, and write what it logs."""
    house = Gatehouse(where(), TicketBook(), REGISTER)
    outcomes = [house.take(facts), house.finish(facts[-1].t_ms)]
    turns = [t for o in outcomes for t in o.turns]
    log = turn_log(folder)
    log.append(turns)
    log.close()
    day = next(folder.glob("turns-*.jsonl")).name.removeprefix("turns-")
    (folder / f"facts-{day}").write_text("".join(fact_line(f) + "\n" for o in outcomes for f in o.facts))
    return turns


@pytest.mark.parametrize("facts", [HONEST, BYPASS, TWO])
def test_both_ways_give_the_same_findings(facts: list[Fact], tmp_path: Path) -> None:
    record(facts, tmp_path)
    for rules in ({}, {"bypass": RuleSettings(severity=4)}):
        asked = where().model_copy(update={"rules": rules})
        recorded, how = judge_again(asked, tmp_path, tmp_path)
        afresh, other = judge_again(asked, tmp_path, tmp_path, afresh=True)
        assert how == "as recorded"
        assert other.startswith("anew")
        assert [canonical_json(to_plain(f)) for f in recorded] == [canonical_json(to_plain(f)) for f in afresh]


def test_turns_are_read_as_they_were_written(tmp_path: Path) -> None:
    turns = record(TWO, tmp_path)
    assert list(read_turns(next(tmp_path.glob("turns-*.jsonl")))) == turns
    assert any(t.movements for t in turns)
    assert any(t.deck and t.deck.vehicles for t in turns)
    assert turns[0].call == "begin"


def test_turns_over_other_shapes_of_other_facts_or_none_are_not_used(tmp_path: Path) -> None:
    turns = record(BYPASS, tmp_path)
    moved = where().model_copy(update={"lanes": (), "zones": where().zones[:1]})
    assert judge_again(moved, tmp_path, tmp_path)[1] == "anew: recorded over other shapes"
    other = [f for f in BYPASS if f.t_ms < at(8)]
    with pytest.raises(NotRecorded, match="other facts"):
        list(rejudge(where(), tmp_path, other, turns))
    with pytest.raises(NotRecorded, match="no turns were recorded"):
        list(rejudge(where(), tmp_path, BYPASS, turns[1:]))
    next(tmp_path.glob("turns-*.jsonl")).unlink()
    assert judge_again(where(), tmp_path, tmp_path)[1].startswith("anew: no turns-")


def test_the_digest_is_of_shapes_alone() -> None:
    base = where()
    rules = base.model_copy(update={"rules": {"bypass": RuleSettings(enabled=False)}, "language": "en"})
    assert shapes_digest(base) == shapes_digest(rules)
    zone = base.zones[0].model_copy(update={"ground": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))})
    assert shapes_digest(base) != shapes_digest(base.model_copy(update={"zones": (zone, *base.zones[1:])}))


def test_a_day_that_turns_over_begins_anew() -> None:
    midnight = at(0) - at(0) % 86_400_000 + 86_400_000
    follower = FenceFollower(where())
    for t_ms in (midnight - 200, midnight - 100, midnight):
        follower.look(t_ms, "cam", [])
    begun = [t for t in follower.take_turns() if t.call == "begin"]
    assert [t.t_ms for t in begun] == [midnight - 200, midnight]
    recorded = RecordedFollower(where(), begun)
    assert recorded.look(midnight, "cam", []) == []
    recorded.check_all_asked()
