"""A scenario played before a running site in real time: cameras on RTSP, scales and barriers on lines of their own."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

from calibration_rigs.layout import layout_of
from calibration_rigs.live_scale import LiveIndicator, live_indicator
from calibration_rigs.live_video import Coder
from calibration_rigs.office import TICKETS, VEHICLES, write_registers
from calibration_rigs.plant import Plant
from calibration_rigs.rtsp import RtspServer
from calibration_rigs.scenario import load_scenario
from calibration_rigs.scene import FLOOR_PX, Dresser
from calibration_rigs.shot import Shot
from calibration_rigs.simulation import Simulation, Tick
from calibration_rigs.truth import tick_record
from calibration_rigs.weather import Weather

LATE_S = 1.0  # beyond this the run's clock is set back: the machine is too slow
LEAST_RATE_HZ = 2.0  # pictures are never left out so long that fewer are sent
READING_S = 0.1  # between two readings while the run stands still
NOBODY = "rtsp://127.0.0.1:1"  # where a camera would be that is not played
SILENT_S = 0.5  # a line silent for so long at the end stays silent


@dataclass(frozen=True, slots=True)
class Offered:
    """What a site finds. site_file: names all of it; the rest: addresses by id. beams: light barriers."""

    site_file: Path
    cameras: dict[str, str]
    scales: dict[str, str]
    barriers: dict[str, str]
    beams: dict[str, str]


@dataclass(slots=True)
class Account:
    """How it went. pictures: sent by each camera; seconds: the run took; lost_s: the machine was behind."""

    pictures: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    lost_s: float = 0.0


@contextmanager
def live_gate(
    path: Path,
    out: Path,
    port: int = 0,
    *,
    pictures: bool = True,
    linger_s: float = 0.0,
    floor_px: tuple[int, int] = FLOOR_PX,
) -> Iterator["LiveGate"]:
    """A scenario ready to be played before a site, with its site file, registers and addresses.

    out: where site.yaml, tickets.jsonl, vehicles.csv and truth.jsonl are written. pictures: without them only scales
    and barriers are played, and the site finds its cameras lost. linger_s: how long the gate goes on after the
    scenario's end. floor_px: of the floor's pictures, near and far. Raises ScenarioError, SiteImpossible, RenderError,
    or OSError when the port is taken.
    """
    scenario, site = load_scenario(path)
    layout = layout_of(site)
    weather = Weather.named(scenario.weather)
    dresser = Dresser(weather, np.random.default_rng(scenario.seed), floor_px) if pictures else None
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        plant = Plant(layout)
        stack.callback(plant.close)
        simulation = Simulation(scenario, layout, dresser, plant.ordered)
        lines: dict[str, LiveIndicator] = {}
        for scale in site.scales:
            lines[scale.id] = live_indicator(scale)
            stack.callback(lines[scale.id].close)
        cameras: dict[str, _Camera] = {}
        if pictures:
            server = stack.enter_context(RtspServer(layout.views, port=port))
            for name, view in layout.views.items():
                shot = stack.enter_context(Shot(simulation, name, weather))
                cameras[name] = _Camera(server, name, shot, Coder(view.size, scenario.fps))
        offered = Offered(
            out / "site.yaml",
            {name: camera.address for name, camera in cameras.items()},
            {scale: line.address for scale, line in lines.items()},
            {b.id: plant.wiring[b.id]["address"] for b in site.barriers},
            {b.id: plant.wiring[b.id]["address"] for b in site.beams},
        )
        _write_site(path, out, simulation, offered, plant)
        yield LiveGate(simulation, cameras, lines, plant, offered=offered, linger_s=linger_s)


class LiveGate:
    """One live run. offered: what a site finds, from the beginning on. Pictures are drawn by one thread: whoever has
    called `stand` calls `play`.
    """

    def __init__(
        self,
        simulation: Simulation,
        cameras: dict[str, "_Camera"],
        lines: dict[str, LiveIndicator],
        plant: Plant,
        *,
        offered: Offered,
        linger_s: float,
    ) -> None:
        self.offered = offered
        self._simulation, self._cameras, self._lines, self._plant = simulation, cameras, lines, plant
        self._seconds = simulation.scenario.seconds + linger_s
        self._last: dict[str, bytes] = {}
        self._said_s: dict[str, float] = {}
        self._now_s = 0.0
        # The first instants are taken at once: before the run begins the gate is shown as it stands.
        ticks = simulation.ticks(1 / simulation.scenario.fps, linger_s)
        first = list(itertools.islice(ticks, 2))
        self._ticks = itertools.chain(first, ticks)
        for tick in first:
            self._say(tick)

    @property
    def watched(self) -> bool:
        """Whether every camera has a viewer."""
        return all(camera.watched for camera in self._cameras.values())

    def stand(self, until: Callable[[], bool]) -> None:
        """Show the gate as it is before anybody comes, the scales at rest, until told otherwise."""
        period_s = 1 / self._simulation.scenario.fps if self._cameras else READING_S
        said_s = 0.0
        while not until():
            began_s = time.monotonic()
            if began_s - said_s >= READING_S:
                said_s = began_s
                for scale, line in self._lines.items():
                    if scale in self._last:
                        line.say(self._last[scale])
            self._show()
            time.sleep(max(0.0, period_s - (time.monotonic() - began_s)))

    def play(self, ended: threading.Event, progress: Callable[[float], None] = lambda _: None) -> Account:
        """Play the scenario in real time, once, and linger; `ended` stops it. Truth goes beside the site file."""
        scenario, account = self._simulation.scenario, Account(dict.fromkeys(self._cameras, 0))
        period_s = 1 / scenario.fps
        began_s, shown_s = time.monotonic(), -1e9
        start_ms = time.time_ns() // 1_000_000
        with (self.offered.site_file.parent / "truth.jsonl").open("w", encoding="utf-8") as truth:
            for tick in self._ticks:
                wait_s = began_s + tick.t_s - time.monotonic()
                if ended.wait(max(wait_s, 0.0)):
                    break
                self._say(tick)
                at_ms = start_ms + round(1000 * account.lost_s)
                truth.write(json.dumps(tick_record(self._simulation, tick, at_ms), ensure_ascii=False) + "\n")
                if wait_s > -period_s or tick.t_s - shown_s > 1 / LEAST_RATE_HZ:
                    shown_s = self._now_s = tick.t_s
                    self._show()
                    for name in account.pictures:
                        account.pictures[name] += 1
                behind_s = time.monotonic() - began_s - tick.t_s
                if behind_s > LATE_S:
                    began_s, account.lost_s = began_s + behind_s, account.lost_s + behind_s
                progress(tick.t_s / self._seconds)
        account.seconds = time.monotonic() - began_s + account.lost_s
        return account

    def _say(self, tick: Tick) -> None:
        """Send what the indicators have sent since the last instant, and set what barriers and light barriers tell."""
        self._plant.show(tick.arms, {beam: by is not None for beam, by in tick.beams.items()})
        for scale, readings in tick.shown.items():
            for reading in readings:
                self._last[scale] = bytes.fromhex(reading.raw)
                self._said_s[scale] = tick.t_s
                self._lines[scale].say(self._last[scale])
            if tick.t_s - self._said_s.get(scale, 0.0) > SILENT_S:
                self._last.pop(scale, None)
                self._lines[scale].hush()

    def _show(self) -> None:
        """Draw what the cameras see now and send it."""
        if self._cameras:
            self._simulation.pose_drawn()
        for camera in self._cameras.values():
            camera.show(self._now_s)


class _Camera:
    """One camera: drawn, coded, sent."""

    def __init__(self, server: RtspServer, name: str, shot: Shot, coder: Coder) -> None:
        self.address = server.address(name)
        self._stream, self._shot, self._coder = server.streams[name], shot, coder
        self._last_ms = 0

    @property
    def watched(self) -> bool:
        return self._stream.watched

    def show(self, t_s: float) -> None:
        """Send what it sees at an instant of the run; a camera that is gone sends nothing."""
        picture = self._shot.take(t_s)
        if picture is None:
            return
        t_ms = max(time.time_ns() // 1_000_000, self._last_ms + 1)
        self._last_ms = t_ms
        self._stream.send(self._coder.code(picture, t_ms, self._stream.wants_key))


def _write_site(path: Path, out: Path, simulation: Simulation, offered: Offered, plant: Plant) -> None:
    """The scenario's site file with its lines exchanged for live ones, and the registers it names.

    Without hub, and with the rig's arms in place of real ones: a staged fraud alarms nobody and moves nothing.
    """
    scenario = simulation.scenario
    raw = yaml.safe_load((path.parent / scenario.site).read_text("utf-8"))
    issuer = write_registers(out, scenario, simulation.vehicles, raw["id"], time.time_ns() // 1_000_000)
    for name in ("recording", "hub"):
        raw.pop(name, None)
    for camera in raw["cameras"]:
        camera["address"] = offered.cameras.get(camera["id"], f"{NOBODY}/{camera['id']}")
    for scale in raw.get("scales", ()):
        scale["address"] = offered.scales[scale["id"]]
    for part in (*raw.get("barriers", ()), *raw.get("beams", ())):
        part.update(plant.wiring[part["id"]])
    raw["registers"] = {"tickets": TICKETS, "issuers": [issuer], "vehicles": VEHICLES}
    offered.site_file.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), "utf-8")
