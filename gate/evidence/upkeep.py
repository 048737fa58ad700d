"""What a site does for its evidence from time to time: stamps, counter-signatures, looks at the hub, retention."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import structlog

from gate.errors import EvidenceError
from gate.evidence.heads import send_head
from gate.evidence.looks import note_looks
from gate.evidence.store import EvidenceStore
from gate.evidence.timestamp import request_token

_DAY_MS = 86_400_000
GRACE_DAYS = 7  # longer kept while the hub cannot be asked what it locked
_log = structlog.get_logger()


@dataclass(slots=True)
class Upkeep:
    """One site's upkeep; call `run` every few minutes, outside the event loop.

    keep_days: how long bundles stay, a week longer while the hub cannot be asked for its locks. hub: client with the
    hub's base address and the site's device token. time_server: of RFC 3161, asked every `stamp_every_ms` when
    something new was written. A party that cannot be reached is logged loud once, then quiet, and asked again at the
    next run.
    """

    store: EvidenceStore
    keep_days: float
    hub: httpx.Client | None = None
    time_server: str | None = None
    stamp_every_ms: int = _DAY_MS
    _stamped_ms: int | None = None
    _failing: set[str] = field(default_factory=set)

    def run(self, now_ms: int) -> None:
        """Do whatever is due: first learn what the hub locked, last have it counter-sign all the rest."""
        client = self.hub
        if self.store.with_chain(len) == 0:
            return
        asked = client is None or self._asked("hub", lambda: note_looks(self.store, client, now_ms))
        keep_days = self.keep_days if asked else self.keep_days + GRACE_DAYS
        gone = self.store.retain(now_ms - int(keep_days * _DAY_MS), now_ms, f"older than {self.keep_days:g} days")
        if gone:
            _log.info("evidence deleted under retention", bundles=len(gone))
        is_stamped = self.store.with_chain(lambda chain: chain.is_stamped)
        is_due = self._stamped_ms is None or now_ms - self._stamped_ms >= self.stamp_every_ms
        if self.time_server is not None and is_due and not is_stamped:
            url = self.time_server
            if self._asked("time server", lambda: request_token(self.store, url, now_ms)):
                self._stamped_ms = now_ms
        if client is not None:
            self._asked("hub", lambda: send_head(self.store, client, now_ms))

    def _asked(self, party: str, ask: Callable[[], object]) -> bool:
        try:
            ask()
        except EvidenceError as error:
            log = _log.debug if party in self._failing else _log.warning
            log("evidence not attended to", party=party, reason=str(error))
            self._failing.add(party)
            return False
        self._failing.discard(party)
        return True
