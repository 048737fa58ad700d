"""What sites tell of themselves: plans and registers, the ledger that follows, rosters, drafts of shapes."""

from pathlib import Path
from typing import Any

import yaml

from gate.facts import TicketUse
from gate.hub.roles import Role
from gate.hub.tables import PushSubscription
from gate.hub.tokens import now_ms
from gate.records import Severity
from gate.site.model import Site
from gate.tickets.book import TicketBook
from gate.tickets.registers import Registers
from gate.tickets.ticket import Ticket, Void
from gate.tickets.vehicles import Vehicle, VehicleRegister
from gate.uplink.outbox import Outbox
from gate.uplink.plan import site_plan, tell_plan, tell_registers
from tests.gate.hub.kit import SITE, T0, Rig, finding, message, passage

DAY = 86_400_000
PLACED: dict[str, Any] = {
    "id": SITE,
    "name": {"zh": "一号门"},
    "cameras": [
        {
            "id": "exit",
            "name": {"zh": "出口"},
            "address": "rtsp://user:secret@10.0.0.1/",
            "size": [1000, 800],
            "points": [
                {"image": [100, 700], "ground": [-5, 0]},
                {"image": [900, 700], "ground": [5, 0]},
                {"image": [700, 300], "ground": [5, 30]},
                {"image": [300, 300], "ground": [-5, 30]},
            ],
        }
    ],
    "zones": [{"id": "deck", "kind": "deck", "ground": [[-2, 5], [2, 5], [2, 20], [-2, 20]]}],
    "lanes": [{"id": "out", "camera": "exit", "image": [[500, 300], [500, 700]]}],
}


def ticket(number: int, **changes: Any) -> Ticket:
    values = {"site": SITE, "plate": "晋A12345", "product": "煤", "kg": 30_000, "issued_ms": T0 + number * 1000}
    return Ticket(f"T{number}", **{**values, "from_ms": T0, "until_ms": now_ms() + DAY, "buyer": "电厂", **changes})


def use(number: int, state: str = "valid") -> TicketUse:
    return TicketUse(T0 + 60_000, f"T{number}", "晋A12345", SITE, "煤", 30.0, state)


async def deliver(rig: Rig, box: Outbox) -> None:
    """Send what waits, once."""
    waiting = [{"id": m.id, "seq": m.seq, "kind": m.kind, "body": yaml.safe_load(m.body)} for m in box.unsent(500)]
    receipt = await rig.send(*waiting, stream=box.stream)
    assert receipt["rejected"] == []
    box.settle(receipt["stored"], receipt["contiguous"], [])


async def test_registers_and_their_ledger_are_told_and_add_up(rig: Rig, tmp_path: Path) -> None:
    box, book = Outbox(tmp_path / "outbox.db"), TicketBook()
    tickets = [ticket(n) for n in range(1, 5)] + [ticket(5, until_ms=T0 + 1)]
    book = TicketBook(tickets, [Void("T2", T0 + 5, "退票")])
    vehicles = VehicleRegister([Vehicle("晋A12345", "truck", "张三", 15_000.0, axles=6), Vehicle("晋B00001", "tanker")])
    tell_registers(box, Registers(book, vehicles, ()))
    await deliver(rig, box)
    tell_registers(box, Registers(book, vehicles, ()))
    assert box.waiting() == 0
    await rig.send(
        message(1, passage(1, tickets=(use(1),), closed=True)), message(2, passage(2, tickets=(use(1, "used"),)))
    )
    inspector = await rig.person(Role.INSPECTOR)
    (sums,) = (await inspector.get("/api/v1/tickets/balance")).json()
    assert sums == {
        "site": SITE, "registered": 5, "open": 2, "used": 1, "void": 1, "expired": 1, "used_kg": 30_000
    }  # fmt: skip
    (void,) = (await inspector.get("/api/v1/tickets?state=void")).json()["items"]
    assert void["id"] == "T2"
    one = (await inspector.get(f"/api/v1/tickets/{SITE}/T1")).json()
    assert [c["state"] for c in one["changes"]] == ["issued", "used", "used"]
    assert one["changes"][1]["passage"] == passage(1).id
    tell_registers(box, Registers(book, VehicleRegister([Vehicle("晋A12345", "truck", "李四")]), ()))
    await deliver(rig, box)
    (vehicle,) = (await inspector.get("/api/v1/vehicles?plate=晋A1234X&near=true")).json()["items"]
    assert (vehicle["owner"], vehicle["tare_kg"]) == ("李四", None)
    assert len((await inspector.get("/api/v1/vehicles")).json()["items"]) == 1
    stranger = await rig.person(Role.INSPECTOR, sites=["gate-9"])
    assert (await stranger.get("/api/v1/tickets")).json()["items"] == []
    assert (await stranger.get(f"/api/v1/tickets/{SITE}/T1")).status_code == 404
    assert (await stranger.get("/api/v1/vehicles")).json()["items"] == []
    box.close()


async def test_tickets_page_through_once(rig: Rig, tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    tell_registers(box, Registers(TicketBook([ticket(n) for n in range(1, 8)]), VehicleRegister(), ()))
    await deliver(rig, box)
    person = await rig.person(Role.CITY)
    seen, after = [], ""
    while after is not None:
        page = (await person.get(f"/api/v1/tickets?limit=3&after={after}")).json()
        seen += [t["id"] for t in page["items"]]
        after = page["next"]
    assert seen == [f"T{n}" for n in range(7, 0, -1)]
    box.close()


async def test_a_plan_is_told_without_addresses_and_a_draft_is_checked_and_given_as_yaml(
    rig: Rig, tmp_path: Path
) -> None:
    site, box = Site.model_validate(PLACED), Outbox(tmp_path / "outbox.db")
    assert "secret" not in str(site_plan(site))
    tell_plan(box, site)
    tell_plan(box, site)
    assert box.waiting() == 1
    await deliver(rig, box)
    engineer = await rig.person(Role.MODEL_ENGINEER)
    assert (await (await rig.person(Role.COUNTY)).get(f"/api/v1/sites/{SITE}/plan")).json()["zones"][0]["id"] == "deck"
    drawn = {s["id"]: s for s in (await engineer.get(f"/api/v1/sites/{SITE}/drawn/exit")).json()}
    assert drawn["out"]["points"] == [[500.0, 300.0], [500.0, 700.0]]
    assert drawn["deck"]["on_ground"]
    yard = {"id": "yard", "what": "zones", "kind": "inside", "points": [[300, 500], [700, 500], [600, 350]]}
    draft = {"camera": "exit", "shapes": [{**drawn["deck"]}, {**yard, "on_ground": True}, drawn["out"]]}
    answer = await engineer.post(f"/api/v1/sites/{SITE}/draft", json=draft)
    assert answer.status_code == 200, answer.text
    fragment = yaml.safe_load(answer.json()["yaml"])
    assert [[round(v) for v in p] for p in fragment["zones"][0]["ground"]] == PLACED["zones"][0]["ground"]
    assert fragment["lanes"][0]["image"] == [[500.0, 300.0], [500.0, 700.0]]
    crossed = {**yard, "points": [[300, 500], [700, 350], [700, 500], [300, 350]]}
    answer = await engineer.post(f"/api/v1/sites/{SITE}/draft", json={"camera": "exit", "shapes": [crossed]})
    assert answer.status_code == 422
    assert "yard" in answer.json()["detail"]
    away = {**draft, "from_ms": 0, "to_ms": 1000}
    assert (await engineer.post(f"/api/v1/sites/{SITE}/draft", json=away)).status_code == 502
    box.close()


async def test_routes_reach_those_on_the_roster_and_all_while_it_is_empty(rig: Rig) -> None:
    admin, county = await rig.person(Role.ADMINISTRATOR), []
    for name in ("zhao", "qian"):
        client = await rig.person(Role.COUNTY, name=name)
        me = (await client.get("/api/v1/session")).json()["id"]
        county.append(me)
        async with rig.hub.store.write() as session:
            keys = {"p256dh": "k", "auth": "a", "created_ms": 0}
            session.add(PushSubscription(user_id=me, endpoint=f"https://push.invalid/{name}", **keys))
    now = rig.hub.clock()
    shift = {"user_id": county[1], "start_ms": now - 1000, "end_ms": now + 60_000}
    made = (await admin.post("/api/v1/roster", json=shift)).json()
    await rig.send(message(1, passage(1)), message(2, finding(1, Severity.SERIOUS)))
    assert await _told(admin) == {"push:2"}
    listed = (await admin.get(f"/api/v1/roster?from_ms={now}&to_ms={now + 1}")).json()
    assert [s["name"] for s in listed] == ["qian"]
    assert (await admin.delete(f"/api/v1/roster/{made['id']}")).status_code == 204
    await rig.send(message(3, passage(2)), message(4, finding(2, Severity.SERIOUS)))
    assert await _told(admin) == {"push:1", "push:2"}
    assert (await admin.post("/api/v1/roster", json={**shift, "end_ms": now - 2000})).status_code == 422


async def _told(client: Any) -> set[str]:
    newest = (await client.get("/api/v1/alerts")).json()["items"][0]["id"]
    return {d["target"] for d in (await client.get(f"/api/v1/alerts/{newest}")).json()["deliveries"]}
