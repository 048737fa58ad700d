"""The life of an alert: raised, acknowledged, disposed of, closed by another; climbing when nobody answers."""

import asyncio
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select

from gate.hub.roles import Role
from gate.hub.tables import Delivery
from gate.hub.watch import Watch
from gate.records import Severity
from tests.gate.hub.kit import SILENCE_S, SITE, Rig, finding, message, passage


async def raised(rig: Rig, severity: Severity = Severity.SERIOUS, number: int = 1) -> str:
    """Raise one alert; its id."""
    await rig.send(message(2 * number - 1, passage(number)), message(2 * number, finding(number, severity)))
    client = await rig.person(Role.CITY)
    items = (await client.get(f"/api/v1/alerts?passage={passage(number).id}")).json()["items"]
    return str(items[0]["id"])


async def test_a_serious_alert_goes_its_whole_way(rig: Rig) -> None:
    alert = await raised(rig)
    officer, county = await rig.person(Role.DUTY_OFFICER, [SITE]), await rig.person(Role.COUNTY)
    seen = (await officer.post(f"/api/v1/alerts/{alert}/acknowledge", json={})).json()
    assert (seen["status"], seen["due_ms"]) == ("acknowledged", None)
    disposed = await officer.post(
        f"/api/v1/alerts/{alert}/dispose", json={"disposition": "held", "reason": "车辆已扣留"}
    )
    assert disposed.json()["status"] == "disposed"
    assert (await officer.post(f"/api/v1/alerts/{alert}/close", json={"reason": "x"})).status_code == 403
    assert (await county.post(f"/api/v1/alerts/{alert}/close", json={"reason": "已核实"})).json()["status"] == "closed"
    shown = (await county.get(f"/api/v1/alerts/{alert}")).json()
    assert [(a["kind"], a["role"]) for a in shown["actions"]] == [
        ("acknowledge", "duty_officer"), ("dispose", "duty_officer"), ("close", "county"),
    ]  # fmt: skip
    assert shown["actions"][1]["disposition"] == "held"


async def test_who_disposed_of_it_does_not_close_it(rig: Rig) -> None:
    alert = await raised(rig)
    county = await rig.person(Role.COUNTY)
    await county.post(f"/api/v1/alerts/{alert}/dispose", json={"disposition": "released", "reason": "手续齐全"})
    assert (await county.post(f"/api/v1/alerts/{alert}/close", json={"reason": "x"})).status_code == 403


async def test_a_warning_is_closed_by_its_disposal(rig: Rig) -> None:
    alert = await raised(rig, Severity.WARNING)
    operator = await rig.person(Role.OPERATOR, [SITE])
    body = {"disposition": "reweighed", "reason": "已复磅"}
    assert (await operator.post(f"/api/v1/alerts/{alert}/dispose", json=body)).json()["status"] == "closed"
    assert (await operator.post(f"/api/v1/alerts/{alert}/dispose", json=body)).status_code == 409


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
async def test_a_disposal_needs_its_reason(rig: Rig, reason: str) -> None:
    alert = await raised(rig)
    county = await rig.person(Role.COUNTY)
    body = {"disposition": "held", "reason": reason}
    assert (await county.post(f"/api/v1/alerts/{alert}/dispose", json=body)).status_code == 422


async def test_an_action_sent_twice_by_a_phone_counts_once(rig: Rig) -> None:
    alert = await raised(rig)
    county = await rig.person(Role.COUNTY)
    body = {"disposition": "held", "reason": "扣留", "client_id": str(uuid.uuid4())}
    answers = [await county.post(f"/api/v1/alerts/{alert}/dispose", json=body) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 200]
    assert len((await county.get(f"/api/v1/alerts/{alert}")).json()["actions"]) == 1


async def test_a_site_that_is_not_mine_does_not_exist(rig: Rig) -> None:
    alert = await raised(rig)
    stranger = await rig.person(Role.COUNTY, ["another"])
    assert (await stranger.get(f"/api/v1/alerts/{alert}")).status_code == 404
    assert (await stranger.post(f"/api/v1/alerts/{alert}/acknowledge", json={})).status_code == 404
    assert (await stranger.get("/api/v1/alerts")).json()["items"] == []
    assert (await stranger.get("/api/v1/passages")).json()["items"] == []
    assert (await stranger.get(f"/api/v1/passages/{passage(1).id}")).status_code == 404


async def test_unacknowledged_alerts_climb_until_the_top(rig: Rig, move_clock: Callable[[int], None]) -> None:
    alert = await raised(rig)
    watch, client = Watch(rig.hub), await rig.person(Role.CITY)
    levels = []
    for _ in range(5):
        move_clock(15 * 60_000 + 1)
        await watch.look()
        levels.append((await client.get(f"/api/v1/alerts/{alert}")).json()["level"])
    assert levels == [1, 2, 3, 3, 3]


async def test_an_acknowledged_alert_does_not_climb(rig: Rig, move_clock: Callable[[int], None]) -> None:
    alert = await raised(rig)
    county = await rig.person(Role.COUNTY)
    await county.post(f"/api/v1/alerts/{alert}/acknowledge", json={})
    move_clock(3_600_000)
    await Watch(rig.hub).look()
    assert (await county.get(f"/api/v1/alerts/{alert}")).json()["level"] == 0


async def test_an_upgrade_opens_an_acknowledged_alert_again(rig: Rig) -> None:
    alert = await raised(rig, Severity.WARNING)
    county = await rig.person(Role.COUNTY)
    await county.post(f"/api/v1/alerts/{alert}/acknowledge", json={})
    await rig.send(message(3, finding(1, Severity.CRITICAL, state="upgraded")))
    shown = (await county.get(f"/api/v1/alerts/{alert}")).json()
    assert (shown["status"], shown["severity"]) == ("open", 4)


async def test_a_withdrawn_finding_closes_its_alert(rig: Rig) -> None:
    alert = await raised(rig)
    await rig.send(message(3, finding(1, state="withdrawn")))
    county = await rig.person(Role.COUNTY)
    shown = (await county.get(f"/api/v1/alerts/{alert}")).json()
    assert (shown["status"], shown["state"]) == ("closed", "withdrawn")


async def test_a_device_fault_that_returns_is_a_new_alert(rig: Rig) -> None:
    fault = {"id": "exit/blind_camera", "rule": "blind_camera", "passage": None, "plate": ""}
    await rig.send(
        message(1, finding(1, **fault)),
        message(2, finding(1, **fault, state="withdrawn")),
        message(3, finding(1, **fault, t_ms=finding(1).t_ms + 1)),
    )
    county = await rig.person(Role.COUNTY)
    items = (await county.get("/api/v1/alerts")).json()["items"]
    assert sorted(a["state"] for a in items) == ["raised", "withdrawn"]


async def test_a_storm_is_grouped_and_told_once(rig: Rig) -> None:
    rig.hub.settings = rig.hub.settings.model_copy(update={"apprise_urls": ("json://127.0.0.1:9/",)})
    await rig.send(*(message(n, finding(n, Severity.WARNING)) for n in range(1, 31)))
    county = await rig.person(Role.COUNTY)
    items = (await county.get("/api/v1/alerts?limit=100")).json()["items"]
    heads = [a for a in items if a["storm"] is None]
    assert (len(items), len(heads)) == (30, 5)
    async with rig.hub.store.read() as session:
        owed = (await session.execute(select(Delivery.cause))).scalars().all()
    assert sorted(owed) == ["grade:2"] * 5 + ["storm"]


async def test_silenced_alerts_are_shown_but_owed_to_nobody_except_grade_four(rig: Rig) -> None:
    rig.hub.settings = rig.hub.settings.model_copy(update={"apprise_urls": ("json://127.0.0.1:9/",)})
    officer = await rig.person(Role.DUTY_OFFICER, [SITE])
    body = {"site": SITE, "rule": "bypass", "minutes": 30, "reason": "道路施工"}
    silence = await officer.post("/api/v1/silences", json=body)
    assert silence.status_code == 201
    await rig.send(message(1, finding(1)), message(2, finding(2, Severity.CRITICAL)))
    items = (await officer.get("/api/v1/alerts")).json()["items"]
    assert sorted((a["severity"], a["silenced"]) for a in items) == [(3, True), (4, False)]
    async with rig.hub.store.read() as session:
        assert len((await session.execute(select(Delivery))).scalars().all()) == 1
    await officer.delete(f"/api/v1/silences/{silence.json()['id']}")
    assert (await officer.get("/api/v1/silences")).json() == []


async def test_a_silence_has_an_end_and_an_object(rig: Rig) -> None:
    city = await rig.person(Role.CITY)
    for body in (
        {"site": SITE, "reason": "x"},
        {"minutes": 5, "reason": "x"},
        {"site": SITE, "minutes": 0, "reason": "x"},
    ):
        assert (await city.post("/api/v1/silences", json=body)).status_code == 422


async def test_silence_of_a_site_is_an_alert_and_ends(rig: Rig, move_clock: Callable[[int], None]) -> None:
    await rig.site.post("/api/v1/ingest", json={"stream": "s", "messages": []})
    watch, client = Watch(rig.hub), await rig.person(Role.CITY)
    await watch.look()
    assert (await client.get("/api/v1/alerts")).json()["items"] == []
    move_clock(int(SILENCE_S * 1000) + 1000)
    for _ in range(3):
        await watch.look()
    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]
    assert (alert["rule"], alert["severity"], alert["status"]) == ("site_silent", 3, "open")
    await rig.site.post("/api/v1/ingest", json={"stream": "s", "messages": []})
    await watch.look()
    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]
    assert alert["state"] == "withdrawn"
    move_clock(int(SILENCE_S * 1000) + 10_000)
    await watch.look()
    assert len((await client.get("/api/v1/alerts")).json()["items"]) == 2


async def test_two_who_dispose_at_once_one_is_told(rig: Rig) -> None:
    alert = await raised(rig)
    people = [await rig.person(Role.COUNTY) for _ in range(4)]
    body = {"disposition": "held", "reason": "扣留"}
    answers = await asyncio.gather(*(p.post(f"/api/v1/alerts/{alert}/dispose", json=body) for p in people))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    shown = (await people[0].get(f"/api/v1/alerts/{alert}")).json()
    assert len(shown["actions"]) == 1


async def test_lists_page_through_everything_once(rig: Rig) -> None:
    await rig.send(*(message(n, finding(n, t_ms=1_790_000_000_000 + n // 3)) for n in range(1, 24)))
    client = await rig.person(Role.CITY)
    seen, after = [], ""
    while True:
        page = (await client.get(f"/api/v1/alerts?limit=5&after={after}")).json()
        seen += [a["id"] for a in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert (len(seen), len(set(seen))) == (23, 23)
