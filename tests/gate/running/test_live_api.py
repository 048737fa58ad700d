"""The site's own API as a phone uses it: a playlist any HLS player reads, while somebody asks for it."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from itertools import pairwise

import av
import httpx
import numpy as np
import pytest
import uvicorn
from playwright.async_api import async_playwright

from gate.running.live_api import Snapshots, live_api
from tests.servers import SERVERS
from vision.live import Fanout, LiveEncoder


@contextlib.asynccontextmanager
async def served(streams: dict[str, Fanout]) -> AsyncIterator[str]:
    app = live_api(streams, Snapshots(lambda _camera: None), dict)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


async def film(stream: Fanout, pace_s: float = 0.01) -> None:
    """What a camera's worker does while somebody watches: fifteen pictures a second, here as fast as they are made."""
    encoder, t_ms = LiveEncoder(320, 180), 0
    while not stream.viewers:
        await asyncio.sleep(0.01)
    stream.begin(encoder.mime, encoder.init)
    while True:
        picture = np.full((180, 320, 3), t_ms // 20 % 256, np.uint8)
        for fragment in encoder.encode(picture, t_ms):
            stream.push(fragment)
        t_ms += 66
        await asyncio.sleep(pace_s)


@pytest.fixture
async def phone() -> AsyncIterator[tuple[str, Fanout]]:
    stream = Fanout()
    filming = asyncio.create_task(film(stream))
    async with served({"exit": stream, "dark": Fanout()}) as url:
        yield url, stream
    filming.cancel()
    await asyncio.gather(filming, return_exceptions=True)


async def test_a_player_plays_the_playlist(phone: tuple[str, Fanout]) -> None:
    url, stream = phone
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/hls/exit/live.m3u8")
        assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
        assert stream.viewers == 1
        for _ in range(100):
            if answer.text.count(".m4s") >= 4:
                break
            await asyncio.sleep(0.05)
            answer = await client.get("/hls/exit/live.m3u8")
        target = int(re.search(r"TARGETDURATION:(\d+)", answer.text)[1])  # type: ignore[index]
        lengths = [float(x) for x in re.findall(r"#EXTINF:([\d.]+),", answer.text)]
        assert all(round(x) <= target for x in lengths)
        for name in re.findall(r"^\S+\.m4s$", answer.text, re.MULTILINE):
            assert (await client.get(f"/hls/exit/{name}")).status_code == 200
        assert (await client.get("/hls/exit/12345.m4s")).status_code == 404
        assert (await client.get("/hls/none/live.m3u8")).status_code == 404
    seen = await asyncio.to_thread(watch, f"{url}/hls/exit/live.m3u8", 40)
    assert len(seen) == 40
    assert all(a < b for a, b in pairwise(seen))


def watch(address: str, pictures: int) -> list[float]:
    """Times of the first pictures FFmpeg's own HLS player decodes."""
    with av.open(address) as container:
        assert "hls" in container.format.name
        return [f.time for f, _ in zip(container.decode(video=0), range(pictures), strict=False)]


async def test_a_camera_that_gives_nothing_is_said_to(
    phone: tuple[str, Fanout], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vision.live.hls._FIRST_WAIT_S", 0.2)
    async with httpx.AsyncClient(base_url=phone[0]) as client:
        assert (await client.get("/hls/dark/live.m3u8")).status_code == 503


@pytest.mark.slow
async def test_a_phones_browser_plays_it_by_itself() -> None:
    """Chromium as a telephone, whose video element is given the playlist's address and nothing else."""
    chromium = SERVERS["chromium"].path()
    if chromium is None:
        pytest.skip("no Chromium: name it in GATEWARDEN_CHROMIUM")
    stream = Fanout()
    filming = asyncio.create_task(film(stream, 0.066))
    flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    async with served({"exit": stream}) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
        context = await browser.new_context(**playwright.devices["Pixel 7"])
        page = await context.new_page()
        await page.goto(f"{url}/health")
        if not await page.evaluate("document.createElement('video').canPlayType('application/vnd.apple.mpegurl')"):
            pytest.skip("this Chromium plays no HLS")
        await page.set_content(f"<video src='{url}/hls/exit/live.m3u8' autoplay muted playsinline></video>")
        done = "(v => v.error || v.currentTime > 4)(document.querySelector('video'))"
        await page.wait_for_function(done, timeout=40_000)
        wrong = await page.evaluate("document.querySelector('video').error?.message")
        await browser.close()
    filming.cancel()
    await asyncio.gather(filming, return_exceptions=True)
    assert wrong is None
