"""Sealing beside the gate's own work: one process that cuts, burns in and seals, one dossier after the other."""

import asyncio
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import structlog

from gate.errors import GatewardenError
from gate.evidence.keys import KeyRing
from gate.evidence.store import EvidenceStore, SealedBundle
from gate.sealing.dossier import Dossier, seal
from gate.sealing.slips import SLIP_RECORD, print_slip
from gate.site.model import Site
from vision.errors import VisionError

_log = structlog.get_logger(__name__)
AGAIN_MS = 30_000  # after a failure, a full disk perhaps, the same dossier is tried again so much later
_LOOK_S = 0.2
_NICE = 10  # the gate's own work goes first
_OPEN_SEGMENT_MS = 3_000  # footage reaches the disk a little after the picture


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where sealing happens: all a fresh process needs.

    models: SHA-256 by name. slips: where weighing slips are written as PDF, None to write none.
    """

    site: Site
    footage: Mapping[str, Path]
    evidence: Path
    keys: Path
    models: Mapping[str, str]
    slips: Path | None = None

    def store(self) -> EvidenceStore:
        """The evidence store, opened here and now."""
        return EvidenceStore(self.evidence, KeyRing(self.keys), self.site.id)


class Sealer:
    """Takes dossiers and seals each when its post-roll is on disk.

    One that cannot be sealed lets the others pass and is tried again, for as long as the site runs.
    sealed: called in the event loop with the dossier and its bundle.
    """

    def __init__(
        self, workshop: Workshop, clock: Callable[[], int], sealed: Callable[[Dossier, SealedBundle], None]
    ) -> None:
        self._workshop, self._clock, self._sealed = workshop, clock, sealed
        self._waiting: deque[Dossier] = deque()
        self._failed_ms: dict[str, int] = {}
        self._died: set[str] = set()  # under whose work the process was killed once: they are tried again at once
        self._done = {b.id for b in workshop.store().bundles()}

    def put(self, dossier: Dossier) -> None:
        """Queue a dossier, unless it was sealed before."""
        if dossier.id not in self._done:
            self._waiting.append(dossier)

    @property
    def waiting(self) -> int:
        """How many are not sealed yet."""
        return len(self._waiting)

    @property
    def failing(self) -> int:
        """How many of the waiting could not be sealed when last tried."""
        return len(self._failed_ms)

    async def run(self) -> None:
        """Seal until cancelled; what is being sealed then is finished first."""
        pool = _pool()
        try:
            while True:
                dossier = next((d for d in self._waiting if self._ripe(d)), None)
                if dossier is None:
                    await asyncio.sleep(_LOOK_S)
                else:
                    pool = await self._seal(pool, dossier)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _ripe(self, dossier: Dossier) -> bool:
        now_ms, failed_ms = self._clock(), self._failed_ms.get(dossier.id)
        if failed_ms is not None and 0 <= now_ms - failed_ms < AGAIN_MS:
            return False
        return now_ms > dossier.span_ms[1] + _OPEN_SEGMENT_MS

    async def _seal(self, pool: ProcessPoolExecutor, dossier: Dossier) -> ProcessPoolExecutor:
        """Seal one dossier, or leave it waiting; gives the pool to go on with."""
        name = dossier.id
        loop = asyncio.get_running_loop()
        try:
            bundle = await loop.run_in_executor(pool, seal_one, self._workshop, dossier, self._clock())
        except BrokenProcessPool:
            _log.error("sealing process died", bundle=name)
            if name in self._died:
                self._failed_ms[name] = self._clock()
            self._died.add(name)
            return _pool()
        except (GatewardenError, VisionError, OSError) as error:
            _log.error("evidence could not be sealed", bundle=name, why=str(error))
            self._failed_ms[name] = self._clock()
            return pool
        self._waiting.remove(dossier)
        self._failed_ms.pop(name, None)
        self._died.discard(name)
        self._sealed(dossier, bundle)
        return pool


def seal_one(workshop: Workshop, dossier: Dossier, sealed_ms: int) -> SealedBundle:
    """In the sealing process: seal one dossier, and print its weighing slip, which quotes the bundle's digest."""
    bundle = seal(
        dossier,
        workshop.site,
        footage=workshop.footage,
        models=workshop.models,
        store=_store(workshop.evidence, workshop.keys, workshop.site.id),
        sealed_ms=sealed_ms,
    )
    if workshop.slips is not None and (bundle.path / SLIP_RECORD).exists():
        try:
            print_slip(bundle.path, workshop.site.timezone, workshop.slips / f"{bundle.path.name}.pdf")
        except OSError as error:  # the bundle is sealed; `gatewarden evidence slip` prints from it at any time
            _log.error("a weighing slip could not be printed", bundle=bundle.path.name, why=str(error))
    return bundle


@lru_cache(maxsize=1)
def _store(evidence: Path, keys: Path, site: str) -> EvidenceStore:
    """The store, kept open: opening it reads the whole chain."""
    return EvidenceStore(evidence, KeyRing(keys), site)


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the site, which lets this process finish
    os.nice(_NICE)
    cv2.setNumThreads(1)
