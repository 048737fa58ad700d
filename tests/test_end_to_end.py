"""One truck's whole way: a real RTSP camera and serial line, the site and hub as processes, and a page in Chromium."""

import csv
import json
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import pytest
import yaml
from websockets.sync.client import connect

from gate.running.demo import ASSETS
from gate.running.played_indicator import PlayedIndicator
from tests.servers import server
from vision.overlay.text import raster
from vision.overlay.words import kilograms
from vision.source import SystemClock

GATEWARDEN = Path(sys.executable).parent / "gatewarden"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FROM_S = 41.0  # the demo's truck that drives past the scale, and the tanker behind it


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def needed(name: str) -> str:
    path = server(name)
    if path is None:
        pytest.skip(f"no {name} on this machine; python -m tests.servers installs it")
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def started(stack: ExitStack, *command: str | Path, log: Path) -> subprocess.Popen[str]:
    """A process that is ended with the test; its standard error goes to a file."""
    error = stack.enter_context(log.open("w"))
    process = subprocess.Popen(
        [str(c) for c in command], stdout=subprocess.PIPE, stdin=subprocess.PIPE, stderr=error, text=True
    )

    def end() -> None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stdin):
            if pipe:
                pipe.close()

    stack.callback(end)
    return process


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def eventually(what: str, ask: Callable[[], Any], within_s: float) -> Any:
    """The first true answer; fails naming what never came."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.25)
    pytest.fail(f"{what}: not within {within_s:g} s")


def cut_demo(out: Path) -> float:
    """The demo's clip from FROM_S on, encoded as network cameras do; gives the second it begins at."""
    with av.open(str(ASSETS / "clip.mp4")) as source, av.open(str(out), "w") as target:
        pictures = (f for f in source.decode(video=0) if f.time is not None and f.time >= FROM_S)
        options = {"preset": "ultrafast", "crf": "20", "bf": "0", "g": "25", "threads": "1"}
        rate = source.streams.video[0].average_rate
        stream = target.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        first: float | None = None
        for number, picture in enumerate(pictures):
            first = picture.time if first is None else first
            picture.pts, picture.time_base, picture.pict_type = number, 1 / rate, 0
            target.mux(stream.encode(picture))
        target.mux(stream.encode(None))
    assert first is not None
    return first


def cut_weights(out: Path, from_s: float) -> None:
    with (ASSETS / "weights.csv").open(newline="") as file, out.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["at_ms", "raw"])
        for row in csv.DictReader(file):
            at_ms = int(row["at_ms"]) - round(from_s * 1000)
            if at_ms >= 0:
                writer.writerow([at_ms, row["raw"]])


def write_site(folder: Path, camera: str, port: str, hub: str, api_port: int) -> Path:
    site = yaml.safe_load((ASSETS / "site.yaml").read_text(encoding="utf-8"))
    site["cameras"][0]["address"] = camera
    site["scales"][0]["address"] = f"serial:{port}?baud=9600"
    site["registers"] = {"vehicles": str(ASSETS / "vehicles.csv")}
    site["hub"] = {"url": hub, "token_file": "token"}
    site["store"] = {"directory": "var"}
    site["api"] = {"port": api_port}
    del site["recording"]
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return path


def live_frames(api_port: int, seconds: float, file: Path) -> list[np.ndarray]:
    """Pictures of the live stream as a viewer decodes them."""
    data = bytearray()
    deadline = time.monotonic() + seconds
    with connect(f"ws://127.0.0.1:{api_port}/live/exit", max_size=None, proxy=None) as stream:
        while time.monotonic() < deadline:
            message = stream.recv(timeout=10)
            if isinstance(message, bytes):
                data += message
    file.write_bytes(data)
    with av.open(str(file)) as container:
        return [f.to_ndarray(format="bgr24") for f in container.decode(video=0)]


def shows(frame: np.ndarray, text: str) -> bool:
    """Whether a text, drawn as the overlay draws the weight, stands in the lower left of a decoded picture."""
    size = round(max(9.0, frame.shape[1] / 40) * 1.25)
    wanted = cv2.cvtColor(raster(text, size, (255, 255, 255))[..., :3], cv2.COLOR_BGR2GRAY)
    place = cv2.cvtColor(frame[-3 * size :, : frame.shape[1] // 2], cv2.COLOR_BGR2GRAY)
    return float(cv2.matchTemplate(place, wanted, cv2.TM_CCOEFF_NORMED).max()) > 0.75


@pytest.mark.timeout(280)
def test_from_camera_and_scale_to_an_alert_on_a_page(tmp_path: Path, stack: ExitStack) -> None:
    python, chromium = needed("rtsp"), needed("chromium")
    begins_s = cut_demo(tmp_path / "clip.mp4")
    cut_weights(tmp_path / "weights.csv", begins_s)
    camera = started(
        stack, python, Path(__file__).parent / "rtsp_server.py", tmp_path / "clip.mp4", log=tmp_path / "rtsp.log"
    )
    rtsp_port = first_line(camera)
    hub_port, api_port = free_port(), free_port()
    data, url = tmp_path / "hub", f"http://127.0.0.1:{hub_port}"
    hub = started(stack, GATEWARDEN, "hub", "--data", data, "--port", str(hub_port), log=tmp_path / "hub.log")
    link = first_line(hub)
    added = subprocess.run(
        [str(GATEWARDEN), "hub", "--data", str(data), "site", "add", "demo"], capture_output=True, text=True, check=True
    )
    (tmp_path / "token").write_text(json.loads(added.stdout)["token"])
    clock = SystemClock()
    indicator = stack.enter_context(closing(PlayedIndicator(tmp_path / "weights.csv", 3_600_000, clock)))
    site = write_site(tmp_path, f"rtsp://127.0.0.1:{rtsp_port}/0", indicator.port, url, api_port)
    eventually("the hub answers", lambda: answers(f"{url}/health"), 30)
    started(stack, GATEWARDEN, "run", site, log=tmp_path / "site.log")
    eventually("the camera sees", lambda: device_state(api_port, "exit") == "ok", 60)
    indicator.start(clock.now_ms() - 500)

    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="zh-CN")
        page.goto(link)
        page.get_by_text(re.compile("绕道|未过磅")).first.wait_for(timeout=90_000)
        weight = eventually("the tanker stands on the scale", lambda: standing_kg(api_port), 60)
        frames = live_frames(api_port, 5, tmp_path / "live.mp4")
        page.screenshot(path=str(tmp_path / "page.png"))
        browser.close()
    assert frames, "no live picture could be decoded"
    assert any(shows(f, kilograms(weight)) for f in frames), f"{weight} kg stands in no live picture"
    bodies = eventually("the passages reach the hub's database", lambda: passages(data), 60)
    assert any("bypass" in rule for rule in alerts(data))
    assert any(p["kind"] in ("truck", "dump_truck") for p in bodies)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.HTTPError:
        return False


def health(api_port: int) -> dict[str, Any]:
    """What the site says of itself, nothing while it does not answer."""
    try:
        told: dict[str, Any] = httpx.get(f"http://127.0.0.1:{api_port}/health", timeout=2).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return told


def device_state(api_port: int, device: str) -> str | None:
    state: str | None = health(api_port).get("devices", {}).get(device)
    return state


def standing_kg(api_port: int) -> float | None:
    """The weight of a vehicle that stands on the scale."""
    kg: float | None = health(api_port).get("scales", {}).get("scale", {}).get("stable_kg")
    return kg if kg and kg > 5_000 else None


def rows(data: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{data / 'hub.db'}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def passages(data: Path) -> list[dict[str, Any]]:
    return [json.loads(body) for (body,) in rows(data, "SELECT body FROM passages")]


def alerts(data: Path) -> list[str]:
    return [rule for (rule,) in rows(data, "SELECT rule FROM alerts")]
