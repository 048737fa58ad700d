"""Signing in, locking out, links, passwords, codes, and the log of it all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gate.hub.context import COOKIE
from gate.hub.people_book import administrator_link, needs_first_administrator
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.tokens import now_ms
from gate.hub.totp import totp_code
from tests.gate.hub.kit import SITE, Rig, finding, message, rig_with, token_of

GOOD = "correct horse 电池"


async def with_password(rig: Rig, role: Role = Role.COUNTY, name: str = "li") -> None:
    client = await rig.person(role, name=name)
    assert (await client.put("/api/v1/session/password", json={"new": GOOD})).status_code == 204


async def test_a_link_works_once(rig: Rig) -> None:
    token = token_of(await administrator_link(rig.hub.store, rig.url))
    first = await rig.client().post("/api/v1/session/link", json={"token": token})
    second = await rig.client().post("/api/v1/session/link", json={"token": token})
    assert (first.status_code, second.status_code) == (200, 401)
    assert first.json()["role"] == "administrator"


async def test_a_link_ends(rig: Rig, move_clock: Callable[[int], None]) -> None:
    token = token_of(await administrator_link(rig.hub.store, rig.url))
    move_clock(25 * 3_600_000)
    assert (await rig.client().post("/api/v1/session/link", json={"token": token})).status_code == 401


async def test_the_first_administrator_is_asked_for_until_a_password_is_set(rig: Rig) -> None:
    assert await needs_first_administrator(rig.hub.store)
    await with_password(rig, Role.ADMINISTRATOR)
    assert not await needs_first_administrator(rig.hub.store)


async def test_a_password_signs_in_and_the_cookie_is_guarded(rig: Rig) -> None:
    await with_password(rig)
    answer = await rig.client().post("/api/v1/session", json={"name": "li", "password": GOOD})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert COOKIE in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


async def test_the_cookie_is_secure_behind_https(tmp_path: Path) -> None:
    async with rig_with(HubSettings(data_dir=tmp_path, public_url="https://hub.example")) as rig:
        token = token_of(await administrator_link(rig.hub.store, rig.url))
        answer = await rig.client().post("/api/v1/session/link", json={"token": token})
        assert "Secure" in answer.headers["set-cookie"]


async def test_five_wrong_passwords_lock_a_name_for_a_while(rig: Rig, move_clock: Callable[[int], None]) -> None:
    await with_password(rig)
    client = rig.client()
    wrong = [await client.post("/api/v1/session", json={"name": "li", "password": "x" * 12}) for _ in range(5)]
    assert {a.status_code for a in wrong} == {401}
    assert (await client.post("/api/v1/session", json={"name": "li", "password": GOOD})).status_code == 429
    move_clock(15 * 60_000 + 1)
    assert (await client.post("/api/v1/session", json={"name": "li", "password": GOOD})).status_code == 200


async def test_an_unknown_name_answers_like_a_wrong_password(rig: Rig) -> None:
    await with_password(rig)
    unknown = await rig.client().post("/api/v1/session", json={"name": "nobody", "password": "x" * 12})
    wrong = await rig.client().post("/api/v1/session", json={"name": "li", "password": "x" * 12})
    assert (unknown.status_code, unknown.text) == (wrong.status_code, wrong.text)


async def test_a_session_ends_with_its_time_and_with_sign_out(rig: Rig, move_clock: Callable[[int], None]) -> None:
    one, two = await rig.person(Role.CITY), await rig.person(Role.CITY)
    assert (await one.delete("/api/v1/session")).status_code == 204
    assert (await one.get("/api/v1/alerts")).status_code == 401
    move_clock(12 * 3_600_000 + 1)
    assert (await two.get("/api/v1/alerts")).status_code == 401


async def test_codes_are_asked_for_once_switched_on(rig: Rig) -> None:
    await with_password(rig)
    client = rig.client()
    me = (await client.post("/api/v1/session", json={"name": "li", "password": GOOD})).json()
    client.headers["x-csrf-token"] = me["csrf"]
    secret = (await client.get("/api/v1/session/totp")).json()["secret"]
    body = {"secret": secret, "code": totp_code(secret, now_ms())}
    assert (await client.put("/api/v1/session/totp", json=body)).status_code == 204
    again = {"name": "li", "password": GOOD}
    assert (await rig.client().post("/api/v1/session", json=again)).status_code == 401
    with_code = {**again, "code": totp_code(secret, now_ms())}
    assert (await rig.client().post("/api/v1/session", json=with_code)).status_code == 200
    assert (await rig.client().post("/api/v1/session", json=with_code)).status_code == 401, "a code is taken once"
    soon = {"code": totp_code(secret, now_ms() + 30_000)}
    assert (await client.post("/api/v1/session/totp/off", json={"code": "000000"})).status_code == 422
    assert (await client.post("/api/v1/session/totp/off", json=soon)).status_code == 204
    assert (await rig.client().post("/api/v1/session", json=again)).status_code == 200


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, SHA-1, the last six of eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    vectors = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {t: totp_code(secret, t * 1000) for t in vectors} == vectors


async def test_an_administrator_adds_changes_and_stops_people(rig: Rig) -> None:
    admin = await rig.person(Role.ADMINISTRATOR)
    made = await admin.post("/api/v1/people", json={"name": "zhao", "role": "operator", "sites": [SITE]})
    person = rig.client()
    me = (await person.post("/api/v1/session/link", json={"token": token_of(made.json()["link"])})).json()
    assert (me["role"], me["sites"]) == ("operator", [SITE])
    assert (await admin.post("/api/v1/people", json={"name": "zhao", "role": "operator"})).status_code == 409
    await admin.patch(f"/api/v1/people/{made.json()['id']}", json={"disabled": True})
    assert (await person.get("/api/v1/alerts")).status_code == 401


async def test_an_administrator_cannot_lock_themselves_out(rig: Rig) -> None:
    admin = await rig.person(Role.ADMINISTRATOR)
    me = (await admin.get("/api/v1/session")).json()
    for change in ({"disabled": True}, {"role": "operator"}):
        assert (await admin.patch(f"/api/v1/people/{me['id']}", json=change)).status_code == 409


async def test_changes_and_looks_are_in_the_log(rig: Rig) -> None:
    admin = await rig.person(Role.ADMINISTRATOR, name="root")
    await rig.send(message(1, finding(1)))
    await admin.get("/api/v1/export/alerts.csv")
    await admin.post("/api/v1/people", json={"name": "<script>alert(1)</script>", "role": "operator"})
    await admin.post("/api/v1/people", json={"name": "qian", "role": "operator"})
    log = (await admin.get("/api/v1/audit?limit=3")).json()
    assert [(e["user"], e["action"], e["target"]) for e in log["items"]] == [
        ("root", "add person", "qian"),
        ("root", "export", "alerts.csv"),
        ("root", "sign in by link", ""),
    ]


@pytest.mark.parametrize("short", ["", "short", "x" * 9])
async def test_short_passwords_are_refused(rig: Rig, short: str) -> None:
    client = await rig.person(Role.CITY)
    assert (await client.put("/api/v1/session/password", json={"new": short})).status_code == 422


async def test_changing_a_password_needs_the_old_one_and_ends_other_sessions(rig: Rig) -> None:
    await with_password(rig)
    clients = [rig.client(), rig.client()]
    for client in clients:
        me = (await client.post("/api/v1/session", json={"name": "li", "password": GOOD})).json()
        client.headers["x-csrf-token"] = me["csrf"]
    new = {"old": "wrong", "new": "another 密码 123"}
    assert (await clients[0].put("/api/v1/session/password", json=new)).status_code == 403
    assert (await clients[0].put("/api/v1/session/password", json={**new, "old": GOOD})).status_code == 204
    assert (await clients[1].get("/api/v1/alerts")).status_code == 401
    assert (await clients[0].get("/api/v1/alerts")).status_code == 200
