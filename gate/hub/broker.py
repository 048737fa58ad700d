"""Ingest over MQTT: the same batches and receipts as over HTTPS, by way of a broker."""

import asyncio
import json

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gate.errors import BrokerError
from gate.facts import canonical_json
from gate.hub.batches import Batch
from gate.hub.context import Hub
from gate.hub.intake import Intake
from gate.hub.live import LiveSamples, show
from gate.hub.tables import Site
from gate.lines.mqtt import BrokerConnection, Login
from gate.uplink.messages import opened, signed, topic

log = structlog.get_logger(__name__)

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_AT_ONCE = 32  # batches being stored; a site sends its next when it has the receipt of its last


class Upload(BaseModel):
    """A batch as it comes by MQTT. re: the site's own number of this question, told back with the answer."""

    model_config = ConfigDict(extra="forbid")
    re: int = Field(ge=0, le=2**53)
    batch: Batch


class BrokerIngest:
    """Runs until cancelled; connects again when the broker is gone."""

    def __init__(self, hub: Hub, intake: Intake, login: Login) -> None:
        self._hub, self._intake, self._login = hub, intake, login
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                async with BrokerConnection(self._login, [(topic("+", "up"), 1), (topic("+", "live"), 0)]) as broker:
                    log.info("listening to the broker", broker=self._login.url)
                    wait_s = _FIRST_WAIT_S
                    await self._listen(broker)
            except BrokerError as error:
                log.warning("no broker", why=str(error), again_in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(_LONGEST_WAIT_S, wait_s * 2)

    async def _listen(self, broker: BrokerConnection) -> None:
        """Take messages until the broker is gone. Raises BrokerError once all that were taken are stored."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    where, envelope = await broker.receive()
                except BrokerError as error:
                    lost = error
                    break
                await self._places.acquire()
                task = group.create_task(self._take(broker, where, envelope))
                task.add_done_callback(lambda _task: self._places.release())
        raise lost

    async def _take(self, broker: BrokerConnection, where: str, envelope: bytes) -> None:
        """One message; what is forged, or of no known site, gets no answer."""
        _, site_id, what = where.split("/")
        async with self._hub.store.read() as session:
            site = await session.get(Site, site_id)
        payload = opened(where, envelope, site.token_hash) if site is not None and not site.disabled else None
        if site is None or payload is None:
            self._hub.count("messages_forged")
            log.warning("a message that is not its site's", topic=where, bytes=len(envelope))
            return
        try:
            if what == "live":
                show(self._hub, site_id, LiveSamples.model_validate_json(payload))
                return
            answer = await self._answer(site_id, payload)
            back = topic(site_id, "receipt")
            await broker.publish(back, signed(back, canonical_json(answer).encode(), site.token_hash))
        except ValidationError:
            self._hub.count("messages_rejected")
        except BrokerError as error:  # the site asks again
            log.warning("a receipt was not delivered", site=site_id, why=str(error))
        except Exception:  # the site asks again
            log.exception("a batch was not taken", site=site_id)

    async def _answer(self, site: str, payload: bytes) -> dict[str, object]:
        """The receipt, or why there is none, with HTTP's number for it."""
        try:
            asked = json.loads(payload)["re"]
        except (ValueError, KeyError, TypeError):
            asked = None
        if len(payload) > self._hub.settings.max_body_bytes:
            return {"re": asked, "status": 413, "detail": "the batch is too large"}
        try:
            upload = Upload.model_validate_json(payload)
        except ValidationError as error:
            return {"re": asked, "status": 422, "detail": f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}"}
        receipt = await self._intake.take(site, upload.batch)
        return {"re": upload.re, "status": 200, "receipt": receipt.model_dump(mode="json")}
