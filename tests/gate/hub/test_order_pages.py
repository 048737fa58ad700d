"""The operator's barrier and the engineer's replay, in real Chromium."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import uvicorn
from playwright.async_api import expect

from gate.facts import to_plain
from gate.hub.people_book import administrator_link
from gate.hub.roles import Role
from gate.hub.tokens import now_ms
from gate.running.live_api import Snapshots, live_api
from gate.site.model import Site
from gate.uplink.outbox import Outbox
from gate.uplink.plan import tell_plan
from tests.gate.hub import test_pages
from tests.gate.hub.kit import SITE, Rig, message, passage
from tests.gate.hub.test_orders import gate, heard_from
from tests.gate.hub.test_pages import WAIT_MS, Eyes, QuietServer, comes_true
from tests.gate.hub.test_registers import PLACED, deliver
from vision.facts import Sighting, VehicleClass
from vision.live import Fanout

pytestmark = test_pages.pytestmark
eyes = test_pages.eyes
CLIP_S, RATE = 6, 15


async def test_the_operator_releases_from_the_page_and_sees_what_came_of_it(
    rig: Rig, eyes: Eyes, tmp_path: Path
) -> None:
    async with gate(rig, tmp_path) as made:
        await heard_from(await rig.person(Role.CITY))
        page = await eyes.page()
        await page.goto(await administrator_link(rig.hub.store, rig.url))
        card = page.get_by_test_id("barrier")
        await expect(card).to_contain_text("闸前无车", timeout=WAIT_MS)
        await card.get_by_role("button", name="放行").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="放行")).to_be_disabled()
        await dialog.get_by_role("textbox").fill("人工核对无误")
        await dialog.get_by_role("button", name="放行").click()
        await expect(page.get_by_test_id("order")).to_contain_text("已执行", timeout=WAIT_MS)
        await expect(card).to_contain_text("已抬起", timeout=WAIT_MS)
        assert [o.reason for o in made.given] == ["人工核对无误"]
        await page.context.close()


def clip(path: Path) -> Path:
    """A bar that moves to the right, in H.264."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as film:
        stream = film.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 500, 400, "yuv420p"
        for n in range(CLIP_S * RATE):
            picture = np.full((400, 500, 3), 90, np.uint8)
            x = 400 * n // (CLIP_S * RATE)
            picture[150:350, x : x + 60] = (40, 180, 240)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        film.mux(stream.encode())
    return path


@asynccontextmanager
async def recorded(rig: Rig, folder: Path, start_ms: int) -> AsyncIterator[None]:
    """A site with a plan, one camera, and a passage of which tracks and a clip are kept."""
    box = Outbox(folder / "outbox.db")
    tell_plan(box, Site.model_validate(PLACED))
    await deliver(rig, box)
    box.close()
    one = passage(1, start_ms=start_ms, end_ms=start_ms + 1000 * CLIP_S)
    await rig.send(message(1, one))
    content = (await asyncio.to_thread(clip, folder / "clip.mp4")).read_bytes()
    about = {"owner": one.id, "name": f"exit-{start_ms}.mp4", "size": len(content), "offset": 0}
    digest = hashlib.sha256(content).hexdigest()
    assert (await rig.site.put("/api/v1/files", params={**about, "sha256": digest}, content=content)).status_code == 200

    def tracks(_from_ms: int, _to_ms: int) -> list[dict[str, Any]]:
        boxes = [(25.0 * n, 300.0, 120 + 25.0 * n, 700.0) for n in range(30)]
        kind = VehicleClass.TRUCK
        seen = [Sighting(start_ms + 200 * n, "exit", "exit:1", kind, 0.9, box) for n, box in enumerate(boxes)]
        return [to_plain(s) for s in seen]

    snapshots = Snapshots(lambda camera: snapshots.came(camera, still))
    still = cv2.imencode(".jpg", np.full((400, 500, 3), 120, np.uint8))[1].tobytes()
    app = live_api({"exit": Fanout()}, snapshots, dict, tracks=tracks)
    config = uvicorn.Config(app, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    async with QuietServer(config).beside() as port:
        beat = {"t_ms": 1, "api": f"http://127.0.0.1:{port}", "cameras": [{"id": "exit"}]}
        await rig.site.post("/api/v1/ingest", json={"stream": "s9", "messages": [], "heartbeat": beat})
        yield


async def test_the_recorded_clip_plays_under_the_tracks(rig: Rig, eyes: Eyes, tmp_path: Path) -> None:
    start_ms = now_ms() - 60_000
    async with recorded(rig, tmp_path, start_ms):
        page = await eyes.page()
        await page.goto(await administrator_link(rig.hub.store, rig.url))
        await expect(page.get_by_role("link", name="管理")).to_be_visible(timeout=WAIT_MS)
        await page.goto(f"{rig.url}/draft/{SITE}")
        await page.get_by_role("button", name="用记录回放").click()
        await page.get_by_role("button", name="播放").click()
        film = "document.querySelector('[data-testid=film]')"
        await comes_true(page, f"{film}?.currentTime > 1 && {film}.videoWidth === 500")
        await comes_true(page, f"{film}?.paused && {film}.currentTime > 5")  # it stops where the tracks end
        assert await page.evaluate(f"Math.abs({film}.currentTime - 5.8) < 0.3")
        await page.context.close()


async def test_who_may_not_watch_gets_no_clip(rig: Rig, tmp_path: Path) -> None:
    start_ms = now_ms() - 60_000
    span = {"from_ms": start_ms, "to_ms": start_ms + 60_000}
    async with recorded(rig, tmp_path, start_ms):
        for role, clips in ((Role.MODEL_ENGINEER, 0), (Role.INSPECTOR, 1)):
            client: httpx.AsyncClient = await rig.person(role)
            draft = {"camera": "exit", "shapes": [], **span}
            answer = await client.post(f"/api/v1/sites/{SITE}/draft", json=draft)
            assert answer.status_code == 200, answer.text
            assert (len(answer.json()["clips"]), len(answer.json()["tracks"])) == (clips, 1)
