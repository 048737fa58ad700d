"""Random passes before the shipped site's gate camera, rendered once and kept: ten a clip, two side by side.

The camera is the site's own (1280×720 over the way out). One vehicle after another drives towards it over the
weighbridge; beside it others drive the same way or, in half of the clips, away from it, so that front, rear and trailer
plates are seen. They follow each other as closely as in a queue that moves.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from calibration_rigs.clip import Clip
from calibration_rigs.layout import layout_of
from calibration_rigs.scenario import Actor, MoveIn, Plates, Scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.shot import Shot
from calibration_rigs.simulation import Simulation
from calibration_rigs.truth import camera_truth
from calibration_rigs.weather import Weather
from gate.site.areas import Name
from gate.site.load import load_site
from vision.facts import PlateColour
from vision.plates.grammar import LETTERS, NEW_ENERGY, PROVINCES, SERIAL

SITE = Path(__file__).parents[3] / "calibration_rigs" / "scenarios" / "site.yaml"
CAMERA = "exit"
FPS = 5  # as often as the pipeline looks for vehicles when nothing hurries it
CRF = 25
WAVES, WAVE_S, TAIL_S = 5, 7.0, 5.0
WEATHERS = ("day", "overcast", "night", "rain", "dusk", "fog")
HEAVY = (
    "coal_semi_6", "coal_semi_5", "tank_semi_6", "dumper_2", "dumper_3", "dumper_4", "tank_truck_3", "box_truck_2",
)  # fmt: skip
LIGHT = ("van", "suv")
PAINTS = ("red", "white", "blue", "yellow", "green", "orange", "silver", "grey")
BLIND_GRIME = 1.0  # a plate so soiled says nothing


@dataclass(frozen=True, slots=True)
class Clips:
    """One rendered clip and what was in it. truth: (t_ms from the first picture, what the camera had) each frame."""

    video: Path
    grime: dict[str, float]
    weather: str
    truth: list[tuple[int, list[dict[str, Any]]]]


def clip(folder: Path, number: int) -> Clips:
    """The clip of that number, rendered unless it lies in the folder already. Raises RenderError."""
    video, said = folder / f"{number:03d}.mp4", folder / f"{number:03d}.json"
    if not said.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _render(number, video, said)
    raw = json.loads(said.read_text("utf-8"))
    return Clips(video, raw["grime"], raw["weather"], [(t, seen) for t, seen in raw["truth"]])


def scenario(number: int) -> Scenario:
    """Ten passes, chosen by the number."""
    rng = np.random.default_rng((number, 97))
    actors = []
    away = bool(rng.random() < 0.5)
    for wave in range(WAVES):
        actors.append(_actor(rng, f"w{wave}", wave * WAVE_S + float(rng.uniform(0, 0.5)), -2.2, away=False))
        actors.append(_actor(rng, f"b{wave}", wave * WAVE_S + float(rng.uniform(0, 2.0)), 2.6, away=away))
    return Scenario(
        name=Name(zh="过车", en="Passes"),
        site=SITE,
        seconds=WAVES * WAVE_S + TAIL_S,
        seed=number,
        fps=FPS,
        weather=WEATHERS[number % len(WEATHERS)],  # type: ignore[arg-type]
        lens_dirt=float(rng.choice([0.0, 0.0, 0.05, 0.1])),
        actors=tuple(actors),
    )


def _actor(rng: np.random.Generator, name: str, enters_s: float, x: float, *, away: bool) -> Actor:
    heavy = rng.random() < 0.88
    model = str(rng.choice(HEAVY if heavy else LIGHT))
    electric = bool(rng.random() < 0.1)
    colour = (PlateColour.YELLOW_GREEN if heavy else PlateColour.GREEN) if electric else None
    share = rng.random()
    grime = BLIND_GRIME if share < 0.04 else float(rng.uniform(0.15, 0.3) if share < 0.3 else rng.uniform(0, 0.15))
    front = _text(rng, heavy=heavy, electric=electric)
    trailer = f"{_text(rng, heavy=True, electric=False)[:6]}挂" if "semi" in model else ""
    ways = ((x, -4.0), (x, 34.0)) if away else ((x, 26.0), (x, -15.0))
    return Actor(
        id=name,
        model=model,
        cargo_t=float(rng.uniform(6, 28)) if heavy and rng.random() < 0.7 else 0.0,
        plates=Plates(front=front, trailer=trailer, colour=colour, grime=grime),
        cab=str(rng.choice(PAINTS)),
        body=str(rng.choice(PAINTS)),
        enters_s=enters_s,
        path=ways,
        moves=(MoveIn(to="end", kmh=float(rng.uniform(15, 22))),),
        ticket="none",
    )


def _text(rng: np.random.Generator, *, heavy: bool, electric: bool) -> str:
    province = PROVINCES[int(rng.integers(len(PROVINCES)))]
    letter = LETTERS[int(rng.integers(len(LETTERS)))]
    if not electric:
        return province + letter + "".join(SERIAL[int(rng.integers(len(SERIAL)))] for _ in range(5))
    mark = NEW_ENERGY[int(rng.integers(len(NEW_ENERGY)))]
    digits = f"{int(rng.integers(100_000)):05d}"
    return province + letter + (digits + mark if heavy else mark + digits)


def _render(number: int, video: Path, said: Path) -> None:
    staged, site = scenario(number), load_site(SITE)
    weather = Weather.named(staged.weather)
    layout = layout_of(site)
    simulation = Simulation(staged, layout, Dresser(weather, np.random.default_rng(number)))
    view = layout.views[CAMERA]
    truth: list[tuple[int, list[dict[str, Any]]]] = []
    part = video.with_suffix(".part.mp4")
    film = Clip(part, view.size, FPS, CRF)
    with Shot(simulation, CAMERA, weather) as shot:
        for tick in simulation.ticks(1 / FPS):
            simulation.pose_drawn()
            film.add(shot.take(tick.t_s))
            truth.append((round(tick.t_s * 1000), camera_truth(simulation, tick, view)))
    film.close()
    part.rename(video)
    about = {"grime": {a.id: a.plates.grime for a in staged.actors}, "weather": staged.weather, "truth": truth}
    said.write_text(json.dumps(about, ensure_ascii=False), "utf-8")
