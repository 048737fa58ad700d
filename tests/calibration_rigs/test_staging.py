"""Scenarios before the gate: facts from truth, the judgment on them, and the command line that does both."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration_rigs.evaluation import Evaluation, evaluate, forbidden
from calibration_rigs.shelf import SHELF
from calibration_rigs.staging import Played, judge, look, play
from calibration_rigs.tracks import Flaws
from gate.cli.rig import app
from gate.facts import WeightSample, fact_line, read_fact
from gate.fraud.catalogue import RULES
from vision.facts import Sighting


@pytest.fixture(scope="module")
def bypass(tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Path]:
    out = tmp_path_factory.mktemp("bypass")
    return play(SHELF / "bypass_fast_rain.yaml", out), out


def test_a_staged_bypass_is_seen_and_nothing_else(bypass: tuple[Played, Path]) -> None:
    judged = judge(bypass[0])
    assert judged.standing == {"bypass"}
    assert [p.plate for p in judged.passages] == ["皖K5D307"]


def test_an_honest_weighing_leaves_no_finding_standing() -> None:
    judged = judge(play(SHELF / "near_goods_differ_less.yaml"))
    assert judged.standing == frozenset()
    weights = [w.stable_kg for p in judged.passages for w in p.weighings]
    assert weights == [45_500.0]


def test_facts_are_written_in_order_and_can_be_read_again(bypass: tuple[Played, Path]) -> None:
    played, out = bypass
    lines = (out / "facts.jsonl").read_text("utf-8").splitlines()
    facts = [read_fact(line) for line in lines]
    assert facts == list(played.facts)
    assert [f.t_ms for f in facts] == sorted(f.t_ms for f in facts)
    assert [fact_line(f) for f in facts] == lines
    assert sum(isinstance(f, WeightSample) for f in facts) > 250
    truth = [json.loads(line) for line in (out / "truth.jsonl").read_text("utf-8").splitlines()]
    assert {v["id"] for t in truth for v in t["vehicles"]} == {"truck"}
    assert (out / "weights.csv").read_text("ascii").startswith("at_ms,raw\n0,02")


def test_one_vehicle_keeps_one_key_and_ends_with_a_last_word(bypass: tuple[Played, Path]) -> None:
    seen = [f for f in bypass[0].facts if isinstance(f, Sighting)]
    assert {s.vehicle for s in seen} == {"exit:1"}
    assert [s.final for s in seen].count(True) == 1
    assert seen[-1].final
    assert seen[-1].plates[0].text == "皖K5D307"
    ground = [s.ground for s in seen if s.ground is not None and not s.final]
    assert min(abs(x - 2.6) for x, _ in ground) < 0.3


def test_a_bad_tracker_gives_new_numbers_and_says_goodbye_to_the_old(bypass: tuple[Played, Path]) -> None:
    played = look(bypass[0].take, 3, Flaws(switch_per_s=0.5, miss=0.2))
    seen = [f for f in played.facts if isinstance(f, Sighting)]
    keys = {s.vehicle for s in seen}
    assert len(keys) > 2
    for key in keys:
        own = [s for s in seen if s.vehicle == key]
        assert [s.final for s in own] == [False] * (len(own) - 1) + [True]


def test_the_same_seed_gives_the_same_facts_and_another_seed_others(bypass: tuple[Played, Path]) -> None:
    path = SHELF / "bypass_fast_rain.yaml"
    assert play(path).facts == bypass[0].facts
    assert play(path, seed=99).facts == look(bypass[0].take, 99).facts != bypass[0].facts


def test_evaluation_counts_hits_misses_and_false_alarms() -> None:
    result = evaluate([SHELF / "near_blind_camera_short.yaml", SHELF / "blind_camera_covered.yaml"])
    plain = result.to_plain()
    assert (plain["runs"], plain["right"], plain["hits"], plain["misses"], plain["false"]) == (2, 2, 1, 0, 0)
    assert plain["rules"]["blind_camera"] == {"staged": 1, "hits": 1, "clean": 1, "false": 0, "brief": 0}
    assert Evaluation().to_plain()["runs"] == 0


def test_any_stands_for_every_rule_not_named() -> None:
    every = {r.id for r in RULES}
    assert forbidden(frozenset({"bypass"}), frozenset({"no_ticket"}), ("any",)) == every - {"bypass", "no_ticket"}
    assert forbidden(frozenset(), frozenset(), ("overload",)) == {"overload"}


def test_the_command_line_lists_and_runs(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(app, ["list", "--json", str(SHELF / "bypass_lane.yaml")])
    assert json.loads(listed.stdout)["must"] == ["bypass"]
    ran = runner.invoke(app, ["run", "near_bypass_car", "--out", str(tmp_path / "o")])
    assert ran.exit_code == 0
    assert json.loads(ran.stdout.splitlines()[-1])["findings"] == []
    assert (tmp_path / "o" / "facts.jsonl").stat().st_size > 1000
