"""Ingest over a real Mosquitto with TLS, passwords and the shipped access list."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.errors import BrokerError
from gate.facts import WeightSample
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.sites import add_site
from gate.lines.mqtt import BrokerConnection, Login
from gate.uplink.broker_link import BrokerLink
from gate.uplink.messages import opened, signed, signing_key, topic
from gate.uplink.outbox import Outbox
from gate.uplink.sender import Sender
from tests.gate.hub.brokers import MOSQUITTO, MOSQUITTO_PASSWD, Mosquitto, authority, prepared
from tests.gate.hub.kit import SILENCE_S, SITE, Rig, finding, message, passage, rig_with
from tests.gate.uplink.test_outbox import until

pytestmark = pytest.mark.skipif(
    not (MOSQUITTO and MOSQUITTO_PASSWD), reason="no Mosquitto: name it in GATEWARDEN_MOSQUITTO"
)
OTHER = "gate-2"


@dataclass
class Post:
    """A hub that listens to a broker, and the tokens of two sites."""

    rig: Rig
    broker: Mosquitto
    token: str
    other_token: str

    def login(self, user: str = SITE, password: str = "", ca: Path | None = None) -> Login:
        return Login(self.broker.url, user, password or self.token, ca or self.broker.ca)

    def link(self) -> BrokerLink:
        return BrokerLink(SITE, self.token, self.login())


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    broker = prepared(tmp_path / "broker")
    login = Login(broker.url, "hub", "hub's own", broker.ca)
    async with rig_with(HubSettings(data_dir=tmp_path / "hub", silence_s=SILENCE_S, broker=login)) as rig:
        async with rig.hub.store.write() as session:
            other_token = await add_site(session, OTHER)
        for user, password in {"hub": "hub's own", SITE: rig.token, OTHER: other_token}.items():
            broker.admit(user, password)
        yield Post(rig, broker, rig.token, other_token)


@pytest.fixture
async def heard(post: Post) -> AsyncIterator[Post]:
    """The same, with the broker running and the hub listening."""
    with post.broker.running():
        link = post.link()
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(BrokerError):
                    async with asyncio.timeout(2):
                        await link.ingest({"stream": "hello", "messages": []})
                        break
        await link.close()
        yield post


async def sent(rig: Rig) -> list[str]:
    person = await rig.person(Role.CITY)
    return [p["id"] for p in (await person.get("/api/v1/passages?limit=200")).json()["items"]]


async def shows(rig: Rig, sender: Sender) -> None:
    """Weights of the moment reach open pages."""
    async with rig.hub.bus.listen(None) as listener:
        sender.show(WeightSample(1, "scale-1", 49_980.0, stable=True))
        async for gathered in listener.events(5):
            assert gathered
            for event in gathered:
                if event.kind == "live":
                    assert event.data["scale"] == "scale-1"
                    return


async def test_an_outbox_arrives_in_order_and_once_though_the_broker_is_away_for_a_while(
    post: Post, tmp_path: Path
) -> None:
    box = Outbox(tmp_path / "outbox.db")
    sender = Sender(box, post.rig.url, post.token, broker=post.link(), every_s=0.5)
    working = asyncio.create_task(sender.run())
    with post.broker.running():
        await asyncio.to_thread(box.put_record, passage(1))
        await until(lambda: box.waiting() == 0, 30)
    for n in range(2, 31):
        await asyncio.to_thread(box.put_record, passage(n))
    await asyncio.to_thread(box.put_record, finding(1))
    assert box.waiting() == 30
    with post.broker.running():
        await until(lambda: box.waiting() == 0, 60)
        await shows(post.rig, sender)
    person = await post.rig.person(Role.CITY)
    assert len((await person.get("/api/v1/alerts")).json()["items"]) == 1
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert await sent(post.rig) == [passage(n).id for n in range(30, 0, -1)]
    box.close()


async def test_a_gap_is_asked_for_again_and_a_repeat_changes_nothing(heard: Post) -> None:
    link = heard.link()
    status, receipt = await link.ingest({"stream": "s1", "messages": [message(1, passage(1)), message(3, passage(3))]})
    assert (status, receipt["gaps"], receipt["contiguous"]) == (200, [[2, 2]], 1)
    status, receipt = await link.ingest({"stream": "s1", "messages": [message(2, passage(2)), message(3, passage(3))]})
    assert (status, receipt["gaps"], receipt["stored"], receipt["duplicates"]) == (200, [], [2], [3])
    status, receipt = await link.ingest({"stream": "s 1", "messages": []})
    assert status == 422
    assert "stream" in receipt["detail"]
    await link.close()


async def test_the_broker_lets_nobody_speak_for_another_site(heard: Post) -> None:
    async with BrokerConnection(heard.login(), []) as broker:
        with pytest.raises(BrokerError, match=r"(?i)not auth"):
            await broker.publish(topic(OTHER, "up"), b"x")
    with pytest.raises(BrokerError):
        async with BrokerConnection(heard.login(password="guessed"), []):
            pass
    stranger = BrokerLink(SITE, heard.token, heard.login(OTHER, heard.other_token))
    with pytest.raises(BrokerError):
        await stranger.ingest({"stream": "s1", "messages": [message(1, passage(1))]})
    assert await sent(heard.rig) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho drops the socket unclosed
async def test_a_broker_of_another_authority_is_not_trusted(heard: Post, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    authority(tmp_path / "other")
    with pytest.raises(BrokerError, match=r"(?i)certificate"):
        async with BrokerConnection(heard.login(ca=tmp_path / "other" / "ca.pem"), []):
            pass


async def test_what_the_token_did_not_sign_is_counted_and_kept_from_the_store(heard: Post) -> None:
    up = topic(SITE, "up")
    async with BrokerConnection(heard.login(), []) as broker:
        await broker.publish(up, signed(up, b"{}", signing_key("another token")))
        await broker.publish(up, b"short")
    await until(lambda: heard.rig.hub.counters.get("messages_forged") == 2)
    assert await sent(heard.rig) == []


def test_a_payload_belongs_to_its_topic() -> None:
    envelope = signed("a", b"word", "key")
    assert opened("a", envelope, "key") == b"word"
    assert opened("b", envelope, "key") is None
    assert opened("a", envelope[:-1], "key") is None
