"""Messages are stored once, whatever order and however often they come."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.hub.roles import Role
from gate.records import Severity
from tests.gate.hub.kit import SITE, Rig, finding, message, passage
from vision.facts import DeviceState

STREAMS = itertools.count()


async def stored_passages(rig: Rig) -> list[str]:
    client = await rig.person(Role.ADMINISTRATOR)
    return [p["id"] for p in (await client.get("/api/v1/passages?limit=200")).json()["items"]]


async def test_a_batch_is_stored_and_acknowledged(rig: Rig) -> None:
    receipt = await rig.send(message(1, passage(1)), message(2, finding(1)))
    assert receipt == {
        "stream": "s1", "contiguous": 2, "highest": 2, "gaps": [], "stored": [1, 2], "duplicates": [], "rejected": [],
    }  # fmt: skip


async def test_sent_again_is_stored_once(rig: Rig) -> None:
    batch = [message(1, passage(1)), message(2, finding(1))]
    await rig.send(*batch)
    again = await rig.send(*batch)
    assert (again["stored"], again["duplicates"], again["contiguous"]) == ([], [1, 2], 2)
    assert await stored_passages(rig) == [passage(1).id]


async def test_the_same_id_under_another_number_is_stored_once(rig: Rig) -> None:
    await rig.send(message(1, passage(1), "a"))
    receipt = await rig.send(message(2, passage(1), "a"))
    assert receipt["duplicates"] == [2]
    assert receipt["contiguous"] == 2


async def test_gaps_are_told_and_close(rig: Rig) -> None:
    assert (await rig.send(message(5, passage(5)), message(2, passage(2))))["gaps"] == [[1, 1], [3, 4]]
    assert (await rig.send(message(1, passage(1))))["gaps"] == [[3, 4]]
    done = await rig.send(message(4, passage(4)), message(3, passage(3)))
    assert (done["gaps"], done["contiguous"]) == ([], 5)


async def test_a_new_outbox_starts_at_one_again(rig: Rig) -> None:
    await rig.send(message(1, passage(1), "a"), message(2, passage(2), "b"))
    receipt = await rig.send(message(1, passage(3), "c"), stream="s2")
    assert (receipt["stored"], receipt["contiguous"]) == ([1], 1)


async def test_an_older_word_never_undoes_a_newer(rig: Rig) -> None:
    newer = message(2, finding(1, Severity.CRITICAL, state="upgraded"))
    await rig.send(newer)
    await rig.send(message(1, finding(1, Severity.WARNING)))
    client = await rig.person(Role.CITY)
    (alert,) = (await client.get("/api/v1/alerts")).json()["items"]
    assert (alert["severity"], alert["state"]) == (4, "upgraded")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (passage(1, site="gate-2"), "may not speak for"),
        (passage(1, id="gate-2-x-1"), "does not begin with its site"),
        (passage(1, id="gate-1-../../etc"), "does not begin with its site"),
        (passage(1, end_ms=0), "start_ms"),
        (finding(1, site="gate-2"), "may not speak for"),
        (finding(1, state="whispered"), "raised, upgraded, withdrawn"),
        (finding(1, confidence=1.5), "confidence"),
        (finding(1, zh="a\0b"), "NUL"),
        (finding(1, zh="a\ud800b"), "half a character"),
        (finding(1, numbers={"kg": 10**400}), "too large"),
    ],
)
async def test_what_a_site_may_not_say_is_rejected_and_does_not_block(rig: Rig, record: Any, why: str) -> None:
    receipt = await rig.send(message(1, record), message(2, passage(2)))
    assert why in receipt["rejected"][0]["reason"]
    assert (receipt["stored"], receipt["contiguous"]) == ([2], 2)


async def test_a_site_cannot_take_over_a_passage_of_another(rig: Rig) -> None:
    """Site "gate" may not overwrite "gate-1-…", although that begins with "gate-"."""
    await rig.send(message(1, passage(1)))
    other = await rig.add_site("gate")
    forged = passage(1, plate="沪X00000", site="gate", id=passage(1).id)
    answer = await other.post("/api/v1/ingest", json={"stream": "x", "messages": [message(1, forged)]})
    assert "may not speak for" in answer.json()["rejected"][0]["reason"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"stream": "../x", "messages": []}',
        b'{"stream": "s", "messages": [{"id": "a", "seq": 0, "kind": "passage", "body": {}}]}',
        b'{"stream": "s", "messages": [{"id": "a", "seq": 1, "kind": "rumour", "body": {}}]}',
        b'{"stream": "s", "messages": [{"id": "a", "seq": 1e400, "kind": "passage", "body": {}}]}',
        b"\xff\xfe{",
    ],
)
async def test_a_malformed_batch_is_refused(rig: Rig, body: bytes) -> None:
    answer = await rig.site.post("/api/v1/ingest", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)


async def test_deep_and_strange_bodies_are_rejected_one_by_one(rig: Rig) -> None:
    deep: Any = {}
    for _ in range(200):
        deep = {"a": [deep]}
    bodies = [deep, {}, {"id": 1}, {"t_ms": "x", "device": [], "state": {}}]
    receipt = await rig.send(
        *({"id": f"d{i}", "seq": i + 1, "kind": "device", "body": b} for i, b in enumerate(bodies))
    )
    assert len(receipt["rejected"]) == 4
    assert receipt["contiguous"] == 4


async def test_oversized_bodies_are_refused_before_they_are_read(rig: Rig) -> None:
    too_large = b"x" * (rig.hub.settings.max_body_bytes + 1)
    answer = await rig.site.post("/api/v1/ingest", content=too_large)
    assert answer.status_code == 413

    async def unannounced() -> Any:
        for _ in range(9):
            yield b"x" * 1024 * 1024

    answer = await rig.site.post("/api/v1/ingest", content=unannounced())
    assert answer.status_code == 413


async def test_only_a_known_token_may_send(rig: Rig) -> None:
    empty = {"stream": "s", "messages": []}
    assert (await rig.client().post("/api/v1/ingest", json=empty)).status_code == 401
    forged = rig.client(Authorization="Bearer " + "A" * 43)
    assert (await forged.post("/api/v1/ingest", json=empty)).status_code == 401


async def test_device_states_are_kept(rig: Rig) -> None:
    state = DeviceState(1_790_000_000_000, "exit", "lost", "no route to host", {"gap_ms": 5200.0})
    assert (await rig.send(message(1, state)))["stored"] == [1]


async def test_a_heartbeat_names_cameras_and_marks_the_site_online(rig: Rig) -> None:
    beat = {"t_ms": 1, "name": {"zh": "一号门", "en": "Gate 1"}, "cameras": [{"id": "exit", "name": {"zh": "出口"}}]}
    await rig.site.post("/api/v1/ingest", json={"stream": "s", "heartbeat": beat})
    client = await rig.person(Role.OPERATOR, [SITE])
    (site,) = (await client.get("/api/v1/sites")).json()
    assert site["online"]
    assert site["name"] == {"zh": "一号门", "en": "Gate 1"}
    assert site["cameras"][0]["id"] == "exit"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), numbers=st.integers(1, 25))
async def test_any_order_with_any_repeats_ends_whole(rig: Rig, seed: int, numbers: int) -> None:
    """However messages are shuffled, repeated and cut into batches, all are stored and no gap is left."""
    chance = random.Random(seed)
    stream = f"s{next(STREAMS)}"
    messages = [message(n, passage(n), f"{stream}-{n}") for n in range(1, numbers + 1)]
    sent = messages + chance.choices(messages, k=numbers)
    chance.shuffle(sent)
    stored: list[int] = []
    receipt: dict[str, Any] = {}
    while sent:
        cut = chance.randint(1, 8)
        batch, sent = sent[:cut], sent[cut:]
        receipt = await rig.send(*batch, stream=stream)
        stored += receipt["stored"]
    assert sorted(stored) == list(range(1, numbers + 1))
    assert (receipt["contiguous"], receipt["gaps"]) == (numbers, [])
