"""Release, hold and re-weigh from the hub's pages: carried out once by the site's barrier, answered, audited."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gate.barrier.yard import Barriers
from gate.facts import Fact, Operation
from gate.hub.roles import Role
from gate.hub.tokens import now_ms
from gate.judging.gatehouse import Outcome
from gate.uplink.messages import signed, signing_key, topic
from gate.uplink.orders import OrderTaker, RemoteOrder
from gate.uplink.outbox import Outbox
from gate.uplink.sender import Sender
from tests.gate.barrier.test_driver import serving
from tests.gate.barrier.test_yard import actions, site
from tests.gate.hub.kit import SITE, Rig
from tests.gate.scale.test_mqtt_line import free_port


@dataclass
class Gate:
    """A site's barrier and its way to the hub. given: orders that reached the barrier."""

    barriers: Barriers
    taker: OrderTaker
    facts: list[Fact]
    given: list[RemoteOrder] = field(default_factory=list)


@asynccontextmanager
async def gate(rig: Rig, folder: Path) -> AsyncIterator[Gate]:
    port, box, facts = free_port(), Outbox(folder / "outbox.db"), list[Fact]()

    def say(fact: Fact) -> None:
        facts.append(fact)
        made.taker.heard(fact)

    def carry_out(order: RemoteOrder) -> None:
        made.given.append(order)
        move = made.barriers.release if order.command == "release" else made.barriers.hold
        move(order.barrier, order.who, order.reason)

    async with serving(port):
        client = httpx.AsyncClient(base_url=rig.url, headers={"Authorization": f"Bearer {rig.token}"})
        barriers = Barriers(site(port), say, now_ms)
        made = Gate(barriers, OrderTaker(SITE, rig.token, client, box, carry_out, now_ms), facts)
        barriers.turn([Outcome()], {})

        def beat() -> dict[str, Any]:
            return {"t_ms": now_ms(), "barriers": barriers.state()}

        works = (barriers.run(), made.taker.run(), Sender(box, rig.url, rig.token, heartbeat=beat).run())
        tasks = [asyncio.ensure_future(work) for work in works]
        yield made
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    box.close()


def order(command: str, barrier: str = "arm") -> dict[str, str]:
    return {"command": command, "barrier": barrier, "reason": "车牌与票据不符", "client_id": str(uuid.uuid4())}


async def ordered(client: httpx.AsyncClient, body: dict[str, str]) -> dict[str, Any]:
    answer = await client.post(f"/api/v1/sites/{SITE}/orders", json=body)
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def ends(client: httpx.AsyncClient, order_id: str) -> dict[str, Any]:
    """An order once the site has said what came of it."""
    async with asyncio.timeout(30):
        while True:
            known = {o["id"]: o for o in (await client.get(f"/api/v1/sites/{SITE}/orders")).json()}
            one: dict[str, Any] = known[order_id]
            if one["state"] not in ("waiting", "taken"):
                return one
            await asyncio.sleep(0.05)


async def heard_from(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while not (await client.get("/api/v1/sites")).json()[0]["barriers"]:
            await asyncio.sleep(0.05)


async def test_an_operator_releases_and_holds_and_it_is_carried_out_once_and_audited(rig: Rig, tmp_path: Path) -> None:
    operator = await rig.person(Role.OPERATOR, [SITE])
    async with gate(rig, tmp_path) as made:
        await heard_from(operator)
        body = order("release")
        first = await ordered(operator, body)
        assert (await ends(operator, first["id"]))["state"] == "done"
        assert (await ordered(operator, body))["id"] == first["id"]  # the page asks again after a break
        assert made.barriers.state()["arm"]["open"]
        for command in ("hold", "reweigh"):
            assert (await ends(operator, (await ordered(operator, order(command)))["id"]))["state"] == "done"
        assert [o.command for o in made.given] == ["release", "hold", "reweigh"]
        assert made.given[0].who.endswith("(operator)")
        (released,) = [f for f in made.facts if isinstance(f, Operation) and f.action == "barrier_released"]
        assert (released.actor, released.detail) == (made.given[0].who, "车牌与票据不符")
    admin = await rig.person(Role.ADMINISTRATOR)
    log = (await admin.get("/api/v1/audit")).json()["items"]
    assert {e["action"] for e in log} >= {"order release", "order hold", "order reweigh"}


async def test_what_the_barrier_cannot_do_is_told(rig: Rig, tmp_path: Path) -> None:
    operator = await rig.person(Role.OPERATOR, [SITE])
    async with gate(rig, tmp_path) as made:
        await heard_from(operator)
        assert (await operator.post(f"/api/v1/sites/{SITE}/orders", json=order("hold", "none"))).status_code == 409
        made.barriers._policies.clear()
        said = await ends(operator, (await ordered(operator, order("release")))["id"])
        assert (said["state"], "no barrier" in said["detail"]) == ("refused", True)
        assert actions(made.facts).count("barrier_released") == 0


async def test_a_site_that_is_not_heard_from_takes_no_order(rig: Rig) -> None:
    operator = await rig.person(Role.OPERATOR, [SITE])
    answer = await operator.post(f"/api/v1/sites/{SITE}/orders", json=order("release"))
    assert (answer.status_code, "not heard from" in answer.text) == (409, True)


@pytest.mark.parametrize(
    ("role", "sites", "status"),
    [(Role.INSPECTOR, None, 403), (Role.MODEL_ENGINEER, None, 403), (Role.OPERATOR, ["gate-9"], 404)],
)
async def test_who_may_not_gives_no_order(rig: Rig, role: Role, sites: list[str] | None, status: int) -> None:
    client = await rig.person(role, sites)
    assert (await client.post(f"/api/v1/sites/{SITE}/orders", json=order("release"))).status_code == status


async def test_an_order_that_nobody_takes_in_time_is_never_carried_out(
    rig: Rig, tmp_path: Path, move_clock: Any
) -> None:
    operator = await rig.person(Role.OPERATOR, [SITE])
    beat = {"t_ms": 1, "barriers": {"arm": {"open": False, "against": ["no valid ticket"]}}}
    await rig.site.post("/api/v1/ingest", json={"stream": "s", "messages": [], "heartbeat": beat})
    (seen,) = (await operator.get("/api/v1/sites")).json()
    assert seen["barriers"]["arm"]["against"] == ["no valid ticket"]
    made = await ordered(operator, order("release"))
    (waiting,) = (await rig.site.get("/api/v1/orders?wait_s=0")).json()
    assert made["id"] in waiting
    move_clock(31_000)
    assert (await rig.site.get("/api/v1/orders?wait_s=0")).json() == []
    (late,) = (await operator.get(f"/api/v1/sites/{SITE}/orders")).json()
    assert late["state"] == "expired"
    answer = {"id": "a1", "seq": 1, "kind": "order", "body": {"order": made["id"], "state": "taken"}}
    await rig.send(answer, stream="s2")
    (cut_off,) = (await operator.get(f"/api/v1/sites/{SITE}/orders")).json()
    assert cut_off["state"] == "taken"
    move_clock(61_000)
    (cut_off,) = (await operator.get(f"/api/v1/sites/{SITE}/orders")).json()
    assert cut_off["state"] == "unanswered"
    other = await rig.add_site("gate-2")
    assert (await other.get("/api/v1/orders?wait_s=0")).json() == []


class Answers(httpx.AsyncBaseTransport):
    """A hub that says these, in turn."""

    def __init__(self, *said: list[str]) -> None:
        self._said = list(said)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=self._said.pop(0))


def envelope(token: str, to: str = SITE, **changes: Any) -> str:
    said = {"id": "o1", "site": SITE, "command": "release", "barrier": "arm", "who": "王五", "role": "operator"}
    said |= {"reason": "放行", "expires_ms": now_ms() + 30_000, **changes}
    return signed(topic(to, "order"), json.dumps(said).encode(), signing_key(token)).decode()


async def test_forged_late_and_repeated_orders_move_nothing(tmp_path: Path) -> None:
    given: list[RemoteOrder] = []
    forged = [envelope("other"), envelope("t", to="gate-2"), envelope("t", site="gate-2"), "", "x" * 100]
    broken = [signed(topic(SITE, "order"), text, signing_key("t")).decode() for text in (b"{", b"[]", b'{"site":1}')]
    late, right = envelope("t", id="o0", expires_ms=now_ms()), envelope("t")
    hub = Answers([*forged, *broken], [late, right], [right])
    with contextlib.closing(Outbox(tmp_path / "outbox.db")) as box:
        async with httpx.AsyncClient(transport=hub, base_url="http://hub") as client:
            taker = OrderTaker(SITE, "t", client, box, given.append, now_ms)
            assert [await taker.take() for _ in range(3)] == [0, 2, 0]
        told = [json.loads(m.body) for m in box.unsent()]
    assert [o.id for o in given] == ["o1"]
    assert [(t["order"], t["state"]) for t in told] == [("o0", "refused"), ("o1", "taken")]
