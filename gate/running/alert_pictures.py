"""A picture of the moment for every alert."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

import structlog

from gate.records import Finding
from gate.running.live_api import Snapshots
from gate.uplink.outbox import Outbox

_log = structlog.get_logger(__name__)


class AlertPictures:
    """Takes pictures of findings as they are raised, keeps them in a folder and sends them after the alert."""

    def __init__(self, cameras: Sequence[str], snapshots: Snapshots, folder: Path, outbox: Outbox) -> None:
        self._cameras, self._snapshots = tuple(cameras), snapshots
        self._folder, self._outbox = folder, outbox
        self._taking: set[asyncio.Task[None]] = set()

    def take(self, finding: Finding) -> None:
        """Of the camera that saw the vehicle, else of the first; nothing where no event loop runs."""
        seen_by = [e.rsplit(":", 1)[0] for e in finding.evidence]
        camera = next((c for c in seen_by if c in self._cameras), self._cameras[0])
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        task = loop.create_task(self._keep(finding, camera))
        self._taking.add(task)
        task.add_done_callback(self._taken)

    async def _keep(self, finding: Finding, camera: str) -> None:
        jpeg = await self._snapshots.take(camera)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{hashlib.sha256(finding.id.encode()).hexdigest()[:24]}-{finding.t_ms}.jpg"
        path.write_bytes(jpeg)
        self._outbox.put_file(finding.id, f"alert-{finding.t_ms}.jpg", path)

    def _taken(self, task: asyncio.Task[None]) -> None:
        self._taking.discard(task)
        if not task.cancelled() and (why := task.exception()) is not None:
            _log.warning("no picture for an alert", why=str(why) or type(why).__name__)
