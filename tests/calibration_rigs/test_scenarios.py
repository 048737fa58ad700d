"""Scenario files: the shelf is complete, wrong files are refused with the reason, impossible sites too."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from calibration_rigs.cast import path_points, vehicle_of
from calibration_rigs.errors import ScenarioError, SiteImpossible
from calibration_rigs.layout import Layout, layout_of
from calibration_rigs.scenario import Scenario, load_scenario
from calibration_rigs.shelf import DEMO, SHELF, scenario_path, shelved
from gate.fraud.catalogue import RULES
from gate.site.load import load_site, parse_site
from gate.site.model import Site


@pytest.fixture(scope="module")
def shelf() -> list[tuple[Scenario, Site]]:
    return [load_scenario(path) for path in shelved()]


def test_the_shelf_holds_sixty_scenarios_or_more_and_each_can_be_played(shelf: list[tuple[Scenario, Site]]) -> None:
    assert len(shelf) >= 60
    layouts: dict[str, Layout] = {}
    for scenario, site in shelf:
        layout = layouts.get(site.id) or layouts.setdefault(site.id, layout_of(site))
        for actor in scenario.actors:
            vehicle_of(actor)
            assert len(path_points(actor, layout)) >= 2
        known = {r.id for r in RULES}
        assert set(scenario.expect.must) | set(scenario.expect.may) <= known
        assert scenario.near in {"", *known}


@pytest.mark.parametrize("rule", [r.id for r in RULES])
def test_every_row_of_the_catalogue_is_staged_and_has_two_honest_neighbours(
    shelf: list[tuple[Scenario, Site]], rule: str
) -> None:
    assert any(rule in s.expect.must for s, _ in shelf)
    honest = [s for s, _ in shelf if s.near == rule and not s.expect.must]
    assert len(honest) >= 2, [s.name.en for s in honest]
    assert all(rule not in s.expect.may for s in honest)


def test_honest_days_are_on_the_shelf(shelf: list[tuple[Scenario, Site]]) -> None:
    days = [s for s, _ in shelf if not s.near and not s.expect.must and len(s.actors) >= 4]
    assert len(days) >= 5
    assert {s.weather for s in days} >= {"day", "overcast", "night", "rain", "fog"}


def test_scenarios_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    assert scenario_path(Path("demo")) == DEMO
    assert scenario_path(Path("bypass_lane")) == SHELF / "bypass_lane.yaml"
    own = tmp_path / "own.yaml"
    own.write_text("x", "utf-8")
    assert scenario_path(own) == own
    with pytest.raises(ScenarioError, match="rig list"):
        scenario_path(Path("no_such"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seconds": -1}, "seconds"),
        ({"weather": "hail"}, "weather"),
        ({"colour": "red"}, "colour"),
        ({"actors": [{"id": "a", "model": "car", "path": [[0, 0], [0, 9]], "moves": [{"kmh": 5}]}]}, "either 'to' or"),
        ({"site": "nowhere.yaml"}, "site"),
    ],
)
def test_a_wrong_file_names_file_field_and_reason(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    raw = yaml.safe_load((SHELF / "near_bypass_car.yaml").read_text("utf-8"))
    raw["site"] = str(SHELF / "site.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text(yaml.safe_dump(raw | change, allow_unicode=True), "utf-8")
    with pytest.raises(ScenarioError, match=reason) as told:
        load_scenario(bad)
    assert "bad.yaml" in str(told.value)


def test_unknown_models_colours_and_lanes_are_refused() -> None:
    scenario, site = load_scenario(SHELF / "near_bypass_car.yaml")
    actor = scenario.actors[0]
    with pytest.raises(ScenarioError, match="no vehicle model 'tank'"):
        vehicle_of(actor.model_copy(update={"model": "tank"}))
    with pytest.raises(ScenarioError, match="no colour"):
        vehicle_of(actor.model_copy(update={"cab": "mauve"}))
    with pytest.raises(ScenarioError, match="no lane 'road'"):
        path_points(actor.model_copy(update={"path": ("road",)}), layout_of(site))


YARD = "[[-40, 11.5], [40, 11.5], [40, 90], [-40, 90]]"
DECK = "[[-3.9, 17], [-0.5, 17], [-0.5, 35], [-3.9, 35]]"
SITE = (SHELF / "site.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (YARD, "[[20, 11.5], [40, 11.5], [40, 90], [20, 90]]", "outside the yard"),
        (DECK, "[[-3.9, 17], [-0.5, 17], [-2, 35]]", "no rectangle"),
        (DECK, "[[-3.9, 17], [9, 17], [9, 75], [-3.9, 75]]", "no weighbridge"),
        ("ground: [[-40, 11.5], [40, 11.5]]", "ground: [[-40, 26], [40, 26]]", "runs across deck"),
        ("image: [275.7, 338.5]", "image: [875.7, 338.5]", "contradict"),
        ("from: [-4.5, 16.7]", "from: [-2.0, 20.0]", "a post stands on deck"),
        ("from: [-4.5, 16.7], to: [0.1, 16.7]", "from: [-4.5, 16.7], to: [-4.4, 16.7]", "posts stand 0.1 m apart"),
    ],
)  # fmt: skip
def test_an_impossible_site_is_refused_with_the_reason(old: str, new: str, reason: str) -> None:
    assert old in SITE
    with pytest.raises(SiteImpossible, match=reason):
        layout_of(parse_site(SITE.replace(old, new)))


def test_a_camera_below_the_ground_is_refused() -> None:
    camera = load_site(SHELF / "site.yaml").cameras[0]
    width, height = camera.size
    mirrored = tuple(
        p.model_copy(update={"image": (p.image[0], height - p.image[1])}) for p in camera.points
    )  # fmt: skip
    site = load_site(SHELF / "site.yaml").model_copy(
        update={"cameras": (camera.model_copy(update={"points": mirrored}),)}
    )
    with pytest.raises(SiteImpossible, match=r"below the ground|contradict"):
        layout_of(site)
    assert width == 1280
