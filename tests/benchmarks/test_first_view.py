"""How soon a page shows what it is for, in real Chromium with a cold cache, at desk and phone size.

Measured by the page's own clock: from the navigation's start to the first frame that has the page's own content in it
(an alert, a passage, a row of figures), data from the hub included. The hub is a process of its own, beside it a site
whose passages and alerts fill the lists.
"""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from gate.hub.context import CSRF_HEADER
from gate.hub.people_book import add_person
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.sign_in import make_link
from gate.hub.sites import add_site
from gate.hub.store import Store
from gate.hub.tokens import now_ms
from gate.records import Severity
from tests.benchmarks.test_hub import hub_process
from tests.gate.hub.kit import SITE, finding, message, passage
from tests.gate.hub.test_pages import ARGUMENTS, CHROMIUM, DESK, PHONE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: name it in GATEWARDEN_CHROMIUM"),
]
FOURTH_GENERATION = {"latency": 60, "downloadThroughput": 9e6 / 8, "uploadThroughput": 3e6 / 8}  # ms, bytes a second
SLOWER = 4  # times a phone computes slower than this machine
ROUNDS = 5
PASSAGES = 60
LONGEST_MS = 1500
CONTENT = {
    "/": "[data-testid=alert]",
    "/alerts": "[data-testid=alert]",
    "/alerts/ALERT": "h2",
    "/passages": "[data-testid=passage]",
    "/passages/PASSAGE": "h2, h3, h4, h5",
    "/figures": "tbody tr",
    "/manage?tab=people": "tbody tr",
    "/manage?tab=roster": "main table, main [data-testid=roster]",
    "/manage?tab=tickets": "[data-testid=tickets]",
    "/manage?tab=audit": "tbody tr",
}
WATCH = """(selector) => {
    const look = () => document.querySelector(`#root ${selector}`)
        ? requestAnimationFrame(() => requestAnimationFrame(() => { window.__seen = performance.now(); }))
        : requestAnimationFrame(look);
    look();
}"""


@dataclass(frozen=True, slots=True)
class View:
    """Who looks. slow: a phone's processor on a mobile network, as Chromium imitates them."""

    name: str
    size: dict[str, int]
    slow: bool = False


VIEWS = (View("desk", DESK), View("phone", PHONE), View("phone, 4G", PHONE, slow=True))


async def filled(settings: HubSettings) -> tuple[str, str]:
    """A site's token, and a link that lets the browser in."""
    store = Store(settings.database)
    await store.open()
    async with store.write() as session:
        token = await add_site(session, SITE)
        admin = await add_person(session, "admin", Role.ADMINISTRATOR)
        link = await make_link(session, admin.id, now_ms() + 600_000, uses=5)
    await store.close()
    return token, link


async def fill(url: str, token: str) -> None:
    now = now_ms()
    records = [
        passage(n, f"晋A{n:05}", closed=True, start_ms=now - n * 600_000, end_ms=now - n * 600_000 + 60_000)
        for n in range(1, PASSAGES)
    ]
    findings = [finding(n, Severity.SERIOUS, of=of) for n, of in enumerate(records) if n % 2]
    messages = [message(n, record) for n, record in enumerate([*records, *findings], 1)]
    beat = {"t_ms": now_ms(), "name": {"zh": "一号门", "en": "Gate 1"}, "scales": [{"id": "scale-1", "e_kg": 20}]}
    body = {"stream": "s", "messages": messages, "heartbeat": beat}
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        assert (await client.post("/api/v1/ingest", json=body)).status_code == 200


async def seen_ms(browser: Browser, how: View, url: str, selector: str, cookie: str) -> float:
    """Of one page in a browser that knows nothing but who it is."""
    context = await browser.new_context(viewport=how.size, locale="zh-CN")  # type: ignore[arg-type]
    await context.set_extra_http_headers({"Cookie": cookie})
    page = await context.new_page()
    if how.slow:
        door = await context.new_cdp_session(page)
        await door.send("Network.enable")
        await door.send("Network.emulateNetworkConditions", {"offline": False, **FOURTH_GENERATION})
        await door.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.add_init_script(f"({WATCH})({json.dumps(selector)})")
    await page.goto(url, wait_until="commit")
    for _ in range(3000):
        seen = await page.evaluate("window.__seen || 0")
        if seen:
            await context.close()
            return float(seen)
        await page.wait_for_timeout(10)
    raise AssertionError(f"{url}: {selector} never came")


@pytest.mark.parametrize("how", VIEWS, ids=lambda how: how.name)
async def test_every_page_shows_itself_in_time(tmp_path: Path, how: View, capsys: pytest.CaptureFixture[str]) -> None:
    settings = HubSettings(data_dir=tmp_path / "hub").prepared()
    token, link = await filled(settings)
    with hub_process(settings, tmp_path / "log") as (port, _):
        url = f"http://127.0.0.1:{port}"
        await fill(url, token)
        async with httpx.AsyncClient(base_url=url) as client:
            me = await client.post("/api/v1/session/link", json={"token": link})
            client.headers[CSRF_HEADER] = me.json()["csrf"]
            cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
            alert = (await client.get("/api/v1/alerts?limit=1")).json()["items"][0]["id"]
        places = {p.replace("ALERT", alert).replace("PASSAGE", passage(1).id): s for p, s in CONTENT.items()}
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            took = {
                shown: [await seen_ms(browser, how, url + place, selector, cookie) for _ in range(ROUNDS)]
                for shown, (place, selector) in zip(CONTENT, places.items(), strict=True)
            }
            await browser.close()
    figures = {place: {"median": round(statistics.median(t)), "worst": round(max(t))} for place, t in took.items()}
    with capsys.disabled():
        print(f"\nfirst view, {how.name}, ms: {json.dumps(figures)}")
    assert max(statistics.median(t) for t in took.values()) < LONGEST_MS
