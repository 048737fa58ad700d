"""A site process and the rig as its plant: the gate's barrier driver moves the arm a truck waits before."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from calibration_rigs.live import LiveGate, live_gate
from calibration_rigs.shelf import SHELF
from tests.gate.scale.test_mqtt_line import free_port

GATEWARDEN = Path(sys.executable).parent / "gatewarden"
BARRIER = {
    "id": "way_out",
    "address": "modbus-tcp:10.0.0.30:502",
    "zone": "deck",
    "scale": "scale",
    "inputs": {"opened": 6, "closed": 7},
}
TRUCK = {"id": "t", "model": "dumper_2", "path": [[-2.2, 40], [-2.2, -24]], "moves": [{"to": "end", "kmh": 15}]}
FENCE_M, FRONT_M = 11.5, 1.46  # y of the arm; from a truck's first axle to its front


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    site = yaml.safe_load((SHELF / "site.yaml").read_text("utf-8"))
    site |= {"barriers": [BARRIER], "api": {"port": free_port()}}
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    path = tmp_path / "waits.yaml"
    staged = {"name": {"zh": "等杆"}, "site": "site.yaml", "seconds": 600, "fps": 10, "actors": [TRUCK]}
    path.write_text(yaml.safe_dump(staged, allow_unicode=True), "utf-8")
    return path


@pytest.fixture
def site_process(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    running: list[subprocess.Popen[bytes]] = []

    def start(site_file: Path) -> None:
        with (tmp_path / "site.log").open("wb") as log:
            running.append(subprocess.Popen([GATEWARDEN, "run", site_file], stdout=log, stderr=log))

    yield start
    for process in running:
        process.terminate()
        process.wait(60)


def facts(site_file: Path) -> list[dict[str, Any]]:
    logs = (site_file.parent / "var" / "log").glob("facts-*.jsonl")
    return [
        json.loads(line) for log in sorted(logs) for line in log.read_text("utf-8").splitlines() if line[-1:] == "}"
    ]


def until(site_file: Path, found: Callable[[list[dict[str, Any]]], bool], within_s: float = 180.0) -> None:
    deadline = time.monotonic() + within_s
    while not found(facts(site_file)):
        assert time.monotonic() < deadline, facts(site_file)[-5:]
        time.sleep(0.3)


def beam(said: list[dict[str, Any]]) -> list[bool]:
    return [f["broken"] for f in said if f.get("beam") == "beam_exit"]


def done(said: list[dict[str, Any]]) -> list[str]:
    return [f["detail"] for f in said if f.get("action") == "barrier_open_done"]


@pytest.mark.slow
def test_a_truck_waits_before_the_arm_until_the_gate_opens_it(
    tmp_path: Path, scenario: Path, site_process: Callable[[Path], None]
) -> None:
    with live_gate(scenario, tmp_path / "live", pictures=False) as gate:
        site_file = gate.offered.site_file
        site_process(site_file)
        until(site_file, lambda said: beam(said) == [False])
        stop = threading.Event()
        playing = threading.Thread(target=LiveGate.play, args=(gate, stop))
        playing.start()
        try:
            until(site_file, lambda said: beam(said) == [False, True])  # its rear has not left the deck
            time.sleep(6)
            assert beam(facts(site_file)) == [False, True]
            command = [GATEWARDEN, "barrier", "release", site_file, "--reason", "weighed by hand", "--who", "王五"]
            asked = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
            assert json.loads(asked.stdout)["by"] == "site"
            until(site_file, lambda said: done(said) == ["confirmed: opened"])
            until(site_file, lambda said: beam(said) == [False, True, False])
            time.sleep(4)
        finally:
            stop.set()
            playing.join()
    truth = [json.loads(line) for line in (tmp_path / "live" / "truth.jsonl").read_text("utf-8").splitlines()]
    here = [(t["vehicles"][0], t["arms"]) for t in truth if t["vehicles"]]
    waiting = [v for v, arms in here if arms["way_out.1"] == 0 and v["speed_m_s"] == 0]
    assert len(waiting) > 30
    assert all(0.7 < v["y"] - FRONT_M - FENCE_M < 1.7 for v in waiting)
    assert all(arms["way_out.1"] > 0.5 for v, arms in here if v["y"] - FRONT_M < FENCE_M)
    assert here[-1][0]["y"] < FENCE_M


def stop_when_out(site_file: Path, stop: threading.Event) -> None:
    """End a run once a truck was weighed and has crossed the fence, or nothing of the kind came for too long."""
    with contextlib.suppress(AssertionError):
        until(site_file, lambda said: any(f.get("kind") == "crossed" for f in said), within_s=500)
        until(site_file, lambda said: any(f["fact"] == "Weighing" for f in said), within_s=60)
    stop.set()


LOADED = {
    "id": "loaded",
    "model": "coal_semi_6",
    "cargo_t": 31,
    "plates": {"front": "苏E6A812", "trailer": "皖K37R5挂"},
    "path": [[-34, 66], [-13, 66], [-2.2, 53], "weigh_lane", [-2.2, -24]],
    "moves": [{"to": "deck", "kmh": 12}, {"wait_s": 15}, {"to": "end", "kmh": 12}],
}
GROSS_KG = 46_500


@pytest.mark.slow
@pytest.mark.timeout(700)
def test_a_truck_seen_weighed_and_ticketed_is_let_out_by_the_gate_itself(
    tmp_path: Path, scenario: Path, site_process: Callable[[Path], None]
) -> None:
    site = yaml.safe_load((tmp_path / "site.yaml").read_text("utf-8"))
    site["barriers"] = [BARRIER | {"automatic": True}]
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    staged = yaml.safe_load(scenario.read_text("utf-8")) | {"seconds": 90, "fps": 5, "actors": [LOADED]}
    scenario.write_text(yaml.safe_dump(staged, allow_unicode=True), "utf-8")
    with live_gate(scenario, tmp_path / "live", floor_px=(512, 256), linger_s=60) as gate:
        site_file, stop = gate.offered.site_file, threading.Event()
        site_process(site_file)
        watching = threading.Thread(target=stop_when_out, args=(site_file, stop))
        watching.start()
        gate.stand(lambda: gate.watched or stop.is_set())
        gate.play(stop)
        watching.join()
    said = facts(site_file)
    opened = next(f for f in said if f.get("action") == "barrier_open")
    assert (opened["actor"], opened["detail"]) == ("system", "苏E6A812: weighed, nothing against it")
    assert done(said) == ["confirmed: opened"]
    out = next(f for f in said if f.get("kind") == "crossed")
    assert (out["direction"], out["gate"]) == ("out", "way_out")
    assert out["t_ms"] > opened["t_ms"]
    assert abs(next(f for f in said if f["fact"] == "Weighing")["stable_kg"] - GROSS_KG) <= 40
