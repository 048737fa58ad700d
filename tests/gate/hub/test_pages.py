"""The pages in real Chromium: live picture, weight, passages and alerts as they happen, without errors."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import uvicorn
import websockets
from playwright.async_api import Browser, Page, async_playwright, expect

from gate.facts import WeightSample
from gate.hub.people_book import administrator_link
from gate.hub.roles import Role
from gate.hub.tokens import now_ms
from gate.hub.totp import totp_code
from gate.records import Severity
from gate.running.live_api import Snapshots, live_api
from gate.site.model import Site
from gate.uplink.outbox import Outbox
from gate.uplink.plan import tell_plan
from gate.uplink.sender import Sender
from tests.gate.hub.kit import SITE, Rig, finding, message, passage
from tests.gate.hub.test_registers import PLACED, deliver
from tests.servers import server
from vision.live import Fanout, LiveEncoder

CHROMIUM = server("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: name it in GATEWARDEN_CHROMIUM"),
    pytest.mark.timeout(600),
]
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
_TABS = ("people", "roster", "sites", "channels", "tickets", "vehicles", "audit")
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WAIT_MS = 90_000


@dataclass
class Eyes:
    """A browser, and everything it complained about."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)

    async def page(self, size: dict[str, int] = DESK, **options: Any) -> Page:
        context = await self.browser.new_context(viewport=size, locale="zh-CN", **options)  # type: ignore[arg-type]
        page = await context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        return page


async def comes_true(page: Page, expression: str) -> None:
    """Wait for an expression; the pages' policy forbids the browser to do so by itself."""
    end = time.monotonic() + WAIT_MS / 1000
    while not await page.evaluate(expression):
        assert time.monotonic() < end, expression
        await asyncio.sleep(0.1)


@pytest.fixture
async def eyes() -> AsyncIterator[Eyes]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        made = Eyes(browser)
        yield made
        await browser.close()
        assert made.complaints == []


async def film(stream: Fanout) -> None:
    """A grey picture with a bar that moves, encoded as cameras' are."""
    encoder = LiveEncoder(320, 180, rate=15)
    stream.begin(encoder.mime, encoder.init)
    step = 0
    while True:
        picture = np.full((180, 320, 3), 90, np.uint8)
        picture[:, step % 300 : step % 300 + 20] = 220
        for fragment in encoder.encode(picture, time.time_ns() // 1_000_000):
            stream.push(fragment)
        step += 5
        await asyncio.sleep(1 / 15)


class QuietServer(uvicorn.Server):
    @asynccontextmanager
    async def beside(self) -> AsyncIterator[int]:
        task = asyncio.create_task(self._serve())
        while not self.started:
            await asyncio.sleep(0.02)
        yield int(self.servers[0].sockets[0].getsockname()[1])
        self.should_exit = True
        await task


@asynccontextmanager
async def gate(rig: Rig, box: Outbox) -> AsyncIterator[Sender]:
    """A site with one camera and a scale, sending to the hub."""
    stream = Fanout()
    app = live_api({"exit": stream}, Snapshots(lambda _camera: None), dict)
    config = uvicorn.Config(app, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    async with QuietServer(config).beside() as port:
        beat = {
            "t_ms": 1,
            "name": {"zh": "一号门", "en": "Gate 1"},
            "api": f"http://127.0.0.1:{port}",
            "cameras": [{"id": "exit", "name": {"zh": "出口相机", "en": "Exit"}}],
            "scales": [{"id": "scale-1", "e_kg": 20}],
        }
        sender = Sender(box, rig.url, rig.token, heartbeat=lambda: beat)
        tasks = [asyncio.create_task(work) for work in (film(stream), sender.run(), weigh(sender))]
        yield sender
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def weigh(sender: Sender) -> None:
    while True:
        sender.show(WeightSample(time.time_ns() // 1_000_000, "scale-1", 49_980.0, stable=True))
        await asyncio.sleep(0.1)


async def test_the_gate_is_seen_live_and_alerts_appear_as_they_are_raised(rig: Rig, eyes: Eyes, tmp_path: Any) -> None:
    box = Outbox(tmp_path / "outbox.db")
    async with gate(rig, box):
        page = await eyes.page()
        await page.goto(await administrator_link(rig.hub.store, rig.url))
        await expect(page.get_by_text("一号门")).to_be_visible(timeout=WAIT_MS)
        await expect(page.get_by_test_id("weighing")).to_contain_text("49,980", timeout=WAIT_MS)
        await comes_true(page, "document.querySelector('video')?.currentTime > 0.5")
        before = await page.evaluate("document.querySelector('video').currentTime")
        box.put_record(passage(1))
        box.put_record(finding(1))
        await expect(page.get_by_test_id("passage")).to_contain_text("晋A·12345", timeout=WAIT_MS)
        alert = page.get_by_test_id("alert")
        await expect(alert).to_contain_text("晋A12345 未过磅离场。", timeout=WAIT_MS)
        await expect(alert).to_contain_text("left unweighed.", timeout=WAIT_MS)
        await comes_true(page, f"document.querySelector('video').currentTime > {before} + 0.5")
        behind = await page.evaluate(
            "(() => { const v = document.querySelector('video'); return v.buffered.end(0) - v.currentTime })()"
        )
        assert behind < 5.0
        assert "#enter" not in page.url
        await page.context.close()
    box.close()


async def test_an_official_acknowledges_and_disposes_on_a_phone(rig: Rig, eyes: Eyes) -> None:
    await rig.send(message(1, passage(1)), message(2, finding(1)))
    page = await eyes.page(PHONE, is_mobile=True, has_touch=True)
    await page.goto(await administrator_link(rig.hub.store, rig.url))
    await page.get_by_role("link", name="告警").last.tap()
    await page.get_by_test_id("alert").tap()
    await page.get_by_role("button", name="确认收到").tap()
    await expect(page.get_by_text("已确认")).to_be_visible(timeout=WAIT_MS)
    await page.get_by_role("button", name="处置", exact=True).tap()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("车辆已扣留")
    await dialog.get_by_role("button", name="处置", exact=True).tap()
    await expect(page.get_by_text("待复核关闭").first).to_be_visible(timeout=WAIT_MS)
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    await page.context.close()


async def test_what_is_done_offline_is_sent_when_back_and_once(rig: Rig, eyes: Eyes) -> None:
    await rig.send(message(1, passage(1)), message(2, finding(1)))
    client = await rig.person(Role.CITY)
    page = await eyes.page(PHONE)
    await page.goto(await administrator_link(rig.hub.store, rig.url))
    await comes_true(page, "navigator.serviceWorker.controller !== null")
    await page.goto(f"{rig.url}/alerts")
    await page.get_by_test_id("alert").click()
    await expect(page.get_by_role("button", name="确认收到")).to_be_visible(timeout=WAIT_MS)
    await page.wait_for_timeout(500)
    await page.context.set_offline(True)
    await page.reload()
    await page.get_by_role("button", name="确认收到").click()
    await expect(page.get_by_text("项操作待发送")).to_be_visible(timeout=WAIT_MS)
    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]
    assert alert["status"] == "open"
    await page.context.set_offline(False)
    await expect(page.get_by_text("已确认")).to_be_visible(timeout=WAIT_MS)
    shown = (await client.get(f"/api/v1/alerts/{alert['id']}")).json()
    assert [a["kind"] for a in shown["actions"]] == ["acknowledge"]
    await page.context.close()
    eyes.complaints[:] = [c for c in eyes.complaints if "ERR_INTERNET_DISCONNECTED" not in c]


async def test_markup_in_plates_and_reasons_is_text(rig: Rig, eyes: Eyes) -> None:
    evil = "<img src=x onerror=window.hacked=1>"
    await rig.send(
        message(1, passage(1, plate=evil[:32])),
        message(2, finding(1, zh=evil, en="<script>window.hacked=1</script>", plate=evil[:32], rule="<b>x</b>")),
    )
    page = await eyes.page()
    await page.goto(await administrator_link(rig.hub.store, rig.url))
    await expect(page.get_by_test_id("alert")).to_contain_text(evil, timeout=WAIT_MS)
    assert await page.evaluate("window.hacked") is None
    await page.context.close()


@pytest.mark.parametrize(("size", "language"), [(DESK, "zh"), (PHONE, "zh"), (PHONE, "en")])
async def test_every_page_opens_and_fits(rig: Rig, eyes: Eyes, size: dict[str, int], language: str) -> None:
    await rig.send(message(1, passage(1)), message(2, finding(1, Severity.CRITICAL)), message(3, passage(2, "")))
    page = await eyes.page(size, color_scheme="dark" if language == "zh" else "light")
    await page.add_init_script(f"localStorage.setItem('gatewarden-language', '{language}')")
    await page.goto(await administrator_link(rig.hub.store, rig.url))
    await expect(page.get_by_test_id("alert")).to_be_visible(timeout=WAIT_MS)
    client = await rig.person(Role.CITY)
    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]
    places = ["/", "/alerts", f"/alerts/{alert['id']}", "/passages", f"/passages/{passage(1).id}", "/figures"]
    places += [f"/manage?tab={tab}" for tab in _TABS]
    places.append(f"/draft/{SITE}")
    for place in places:
        await page.goto(rig.url + place)
        await page.wait_for_load_state("domcontentloaded")
        await page.locator("main").locator(":scope > *").first.wait_for()
        await page.wait_for_timeout(300)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{place} is {width} px wide"
    await page.get_by_role("button", name="English" if language == "zh" else "中文").click()
    await expect(page.get_by_role("link", name="实时" if language == "en" else "Live").first).to_be_attached(
        timeout=WAIT_MS
    )
    await page.context.close()


async def test_a_stranger_sees_the_sign_in_page_only(rig: Rig, eyes: Eyes) -> None:
    page = await eyes.page()
    await page.goto(f"{rig.url}/alerts")
    await expect(page.get_by_role("button", name="登录")).to_be_visible(timeout=WAIT_MS)
    await page.context.close()


async def test_no_stranger_gets_the_live_picture(rig: Rig) -> None:
    url = rig.url.replace("http", "ws") + f"/sites/{SITE}/live/exit"
    with pytest.raises(websockets.InvalidStatus):
        async with websockets.connect(url, proxy=None):
            pass


async def test_a_zone_is_drawn_on_the_still_tried_and_given_as_yaml(rig: Rig, eyes: Eyes, tmp_path: Any) -> None:
    box = Outbox(tmp_path / "outbox.db")
    tell_plan(box, Site.model_validate(PLACED))
    await deliver(rig, box)
    page = await eyes.page()
    await page.goto(await administrator_link(rig.hub.store, rig.url))
    await expect(page.get_by_role("link", name="管理")).to_be_visible(timeout=WAIT_MS)
    await page.goto(f"{rig.url}/draft/{SITE}")
    canvas = page.get_by_test_id("canvas")
    await canvas.wait_for()
    await page.get_by_label("新画…").first.click()
    await page.get_by_role("option", name="禁区").click()
    where = await canvas.bounding_box()
    assert where is not None
    for x, y in ((0.2, 0.6), (0.4, 0.6), (0.3, 0.8)):
        await page.mouse.click(where["x"] + x * where["width"], where["y"] + y * where["height"])
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="仅检查并生成配置").click()
    await expect(page.get_by_test_id("yaml")).to_contain_text("forbidden-1", timeout=WAIT_MS)
    await page.keyboard.press("Control+z")
    await page.get_by_role("button", name="仅检查并生成配置").click()
    await expect(page.get_by_test_id("yaml")).not_to_contain_text("forbidden-1", timeout=WAIT_MS)
    await page.keyboard.press("Control+y")
    await expect(page.get_by_text("forbidden-1").first).to_be_visible(timeout=WAIT_MS)
    await page.context.close()
    eyes.complaints[:] = [c for c in eyes.complaints if "404" not in c]  # this site has no camera that gives a still
    box.close()


async def test_codes_are_switched_on_by_scanning(rig: Rig, eyes: Eyes) -> None:
    admin = await rig.person(Role.ADMINISTRATOR, name="boss")
    await admin.put("/api/v1/session/password", json={"new": "a long password"})
    page = await eyes.page(PHONE)
    await page.goto(rig.url)
    await page.get_by_label("用户名").fill("boss")
    await page.locator("input[type=password]").fill("a long password")
    await page.get_by_role("button", name="登录").click()
    await page.get_by_role("button", name="boss").click()
    await page.get_by_role("menuitem", name="启用动态口令").click()
    secret = await page.get_by_role("dialog").locator("pre, code").first.inner_text()
    await page.get_by_label("六位动态口令").fill(totp_code(secret.strip(), now_ms()))
    await page.get_by_role("dialog").get_by_role("button", name="启用动态口令").click()
    await expect(page.get_by_text("已保存")).to_be_visible(timeout=WAIT_MS)
    assert (await admin.get("/api/v1/session")).json()["has_codes"]
    await page.context.close()
