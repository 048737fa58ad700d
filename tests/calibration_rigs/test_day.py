"""Generated days: passes through two gates, joined into passages although plates are misread, hidden and alike."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration_rigs.day import Day, compare, keep, make_day
from calibration_rigs.staging import Played, judge, look
from calibration_rigs.tracks import Flaws
from gate.cli.rig import app
from gate.facts import WeightSample
from gate.judging.rejudge import judge_again
from gate.site.load import load_site


@pytest.fixture(scope="module")
def short() -> tuple[Day, Played]:
    day = make_day(6, seed=4)
    return day, look(day.take, 4)


def test_a_day_weighs_what_its_trucks_weigh(short: tuple[Day, Played]) -> None:
    day, played = short
    heaviest = max(f.kg for f in played.facts if isinstance(f, WeightSample))
    assert heaviest == pytest.approx(max(p.gross_kg or 0 for p in day.passes), abs=100)
    assert set(played.owners.values()) == {p.id for p in day.passes}


def test_honest_passes_are_joined_right_and_nobody_is_accused(short: tuple[Day, Played]) -> None:
    day, played = short
    matching = compare(day, played, judge(played))
    assert (matching.right, matching.unsure, matching.wrong, matching.false) == (6, 0, (), {})
    assert matching.share == 1.0


def test_a_day_kept_is_judged_again_from_its_turns_as_it_was(short: tuple[Day, Played], tmp_path: Path) -> None:
    day, played = short
    judged = judge(played)
    keep(day, played, judged, tmp_path)
    site = load_site(tmp_path / "site.yaml")
    recorded, how = judge_again(site, tmp_path, tmp_path)
    afresh, _ = judge_again(site, tmp_path, tmp_path, afresh=True)
    assert how == "as recorded"
    assert recorded == afresh
    assert {f.id for f in recorded} == {f.id for f in judged.findings}


def test_light_barriers_of_a_day_are_free_when_nobody_is_in_them(short: tuple[Day, Played]) -> None:
    day, _ = short
    last: dict[str, str | None] = {}
    for change in day.take.beams:
        assert change.by != last.get(change.beam)
        last[change.beam] = change.by
    assert last == {"beam_exit": None, "beam_approach": None}
    weighed = [p for p in day.passes if p.gross_kg is not None]
    assert sum(c.beam == "beam_exit" and c.by is not None for c in day.take.beams) >= len(weighed)


def test_what_is_joined_wrong_is_counted_as_wrong(short: tuple[Day, Played]) -> None:
    day, played = short
    other = dict.fromkeys(played.owners, day.passes[0].id)
    matching = compare(day, Played(played.take, played.facts, other), judge(played))
    assert matching.right < 6


def test_the_same_seed_makes_the_same_day() -> None:
    assert make_day(2, 7, 0.9).passes == make_day(2, 7, 0.9).passes
    assert any(p.actor.plates.grime == 1 for p in make_day(2, 7, 0.9).passes)
    slips = look(make_day(2, 7).take, 7, Flaws(misread=1.0)).facts
    texts = {p.text for f in slips for p in getattr(f, "plates", ()) if p.confidence > 0.5}
    assert texts
    assert "皖K0A000" not in texts


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_500_passes_with_5_percent_misread_and_2_percent_hidden_are_joined(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["day", "--passages", "500", "--seed", "3", "--out", str(tmp_path)])
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["share"] >= 0.995
    assert told["wrong"] == []
    assert run.exit_code == 0
