"""A site's barriers as a whole, the page that releases one, and the command that does."""

import asyncio
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from gate.barrier.yard import Barriers
from gate.cli.barrier import app
from gate.errors import GatewardenError, SiteError
from gate.facts import Fact, Operation
from gate.judging.daylog import read_facts
from gate.judging.gatehouse import Outcome
from gate.running.check import check_site
from gate.running.live_api import Snapshots, live_api
from gate.site import parse_site
from gate.site.model import Site
from tests.gate.barrier.test_driver import serving
from tests.gate.fraud.scene import SITE
from tests.gate.scale.test_mqtt_line import free_port


def text(port: int, api_port: int) -> str:
    arm = f"barriers:\n  - {{id: arm, address: 'modbus-tcp:127.0.0.1:{port}', zone: deck, scale: s1, pulse_s: 0.1}}\n"
    return f"{SITE}{arm}api: {{port: {api_port}}}\n"


def site(port: int) -> Site:
    return parse_site(text(port, 1))


def actions(facts: list[Fact]) -> list[str]:
    return [f.action for f in facts if isinstance(f, Operation)]


async def test_a_release_is_carried_out_and_a_gate_that_stops_goes_dark() -> None:
    port, facts = free_port(), list[Fact]()
    async with serving(port):
        barriers = Barriers(site(port), facts.append, lambda: 1)
        running = asyncio.ensure_future(barriers.run())
        barriers.turn([Outcome()], {})
        barriers.release("arm", "王五", "fire brigade")
        async with asyncio.timeout(10):
            while "barrier_open_done" not in actions(facts):
                await asyncio.sleep(0.02)
        assert barriers.state() == {"arm": {"open": True, "blind": False, "against": None}}
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert actions(facts)[-2:] == ["barrier_dark", "barrier_dark_done"]
    with pytest.raises(GatewardenError, match="there are arm"):
        barriers.release("other", "王五", "x")


def test_a_barrier_in_no_zone_or_at_no_scale_is_refused() -> None:
    for wrong in ("zone: nowhere", "zone: deck, scale: none"):
        with pytest.raises(SiteError, match="does not exist"):
            parse_site(f"{SITE}barriers:\n  - {{id: arm, address: 'mqtt:h:1/t', {wrong}}}\n")


async def test_the_page_releases_from_this_machine_alone_and_wants_a_reason() -> None:
    asked: list[tuple[str, ...]] = []

    def release(*what: str) -> None:
        if not what[2]:
            raise GatewardenError("needs a reason")
        asked.append(what)

    made = live_api({}, Snapshots(lambda _: None), dict, release)
    body, header = {"who": "王五", "reason": "fire brigade"}, {"x-gatewarden": "release"}

    async def ask(host: str, said: dict[str, str], headers: dict[str, str] | None = None) -> int:
        transport = httpx.ASGITransport(made, client=(host, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            return (await client.post("/barrier/arm/release", json=said, headers=headers)).status_code

    assert await ask("127.0.0.1", body) == 403
    assert await ask("10.0.0.9", body, header) == 403
    assert await ask("127.0.0.1", body | {"reason": ""}, header) == 422
    assert await ask("127.0.0.1", body, header) == 202
    assert asked == [("arm", "王五", "fire brigade")]


async def test_the_command_opens_it_where_no_site_runs_and_notes_it(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "site.yaml"
    file.write_text(text(port, free_port()), "utf-8")
    run = ["release", str(file), "--reason", "fire brigade", "--who", "王五"]
    async with serving(port):
        done = await asyncio.to_thread(CliRunner().invoke, app, run)
    assert done.exit_code == 0, done.output
    (log,) = (tmp_path / "var" / "log").glob("facts-*.jsonl")
    facts = list(read_facts(log))
    assert actions(facts) == ["barrier_released", "barrier_open_done"]
    failed = await asyncio.to_thread(CliRunner().invoke, app, [*run[:2], "elsewhere", *run[2:]])
    assert failed.exit_code == 1


def test_a_site_check_names_addresses_that_can_never_work(tmp_path: Path) -> None:
    scanner = "scanners: [{id: gun, address: 'tcp:nowhere', zone: deck}]\n"
    for arm, passed in (("modbus-tcp:127.0.0.1:502", True), ("replay:x.csv", False)):
        made = parse_site(
            f"{SITE}barriers: [{{id: arm, address: '{arm}', zone: deck}}]\n" + (scanner if not passed else "")
        )
        made = made.model_copy(update={"registers": made.registers.model_copy(update={"tickets": None})})
        found = check_site(made, tmp_path, devices=False)
        assert found.passed is passed
        assert any("arm" in line for line in found.lines)
        assert passed or any("gun" in line and line.startswith("FAULT") for line in found.lines)
