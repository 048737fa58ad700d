"""What people did with a site's evidence at the hub, written into the site's own chain.

The hub tells its acts by number; the highest number written stands in the chain itself, so that each act is written
once, whatever is restarted in between. A lock set at the hub becomes a lock of the chain.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from gate.errors import EvidenceError
from gate.evidence.ledger import Ledger
from gate.evidence.store import EvidenceStore

LOCK, UNLOCK = "lock passage", "unlock passage"
WAIT_MS = 600_000  # how long a lock waits for its passage to be sealed
Number = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Text = Annotated[str, Field(max_length=512)]


class Look(BaseModel):
    """One act. about: a passage, "<passage or finding>/<file>", a camera, or a table's name."""

    id: Number
    t_ms: Number
    who: Text
    action: Text
    about: Text


class _Told(BaseModel):
    newest: Number
    looks: Annotated[list[Look], Field(max_length=1000)]


_TOLD = TypeAdapter(_Told)


def note_looks(store: EvidenceStore, client: httpx.Client, t_ms: int) -> int:
    """Ask the hub what was done since the last time and write it into the chain. How many entries that made.

    client: with the hub's base address and the site's device token. A hub that does not know the question is one of
    an earlier version: nothing is written. Raises EvidenceError when the hub cannot be reached or answers nonsense.
    """
    after = store.with_chain(lambda chain: chain.ledger.hub_look)
    told = _ask(client, after)
    if told.newest < after:  # another hub, or one put back to an earlier state
        told = _ask(client, 0)
    entries = store.with_chain(lambda chain: list(_entries(told.looks, chain.ledger, t_ms)))
    for kind, payload in entries:
        store.record(kind, t_ms, payload)
    return len(entries)


def _ask(client: httpx.Client, after: int) -> _Told:
    try:
        answer = client.get("/api/v1/looks", params={"after": after})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return _Told(newest=after, looks=[])
        return _TOLD.validate_json(answer.raise_for_status().content)
    except (httpx.HTTPError, ValidationError) as error:
        raise EvidenceError(f"hub: {error}") from error


def _entries(looks: Iterable[Look], ledger: Ledger, now_ms: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Chain entries for acts: all looks together, so that none is written twice; locks in their place between them."""
    seen: list[Look] = []
    for look in looks:
        if look.action not in {LOCK, UNLOCK}:
            seen.append(look)
            continue
        numbers = _bundles(ledger, [look.about])
        if look.action == LOCK and not numbers and now_ms - look.t_ms < WAIT_MS:
            break  # asked again at the next run, with what comes after it
        if seen:
            yield "access", _access(seen, ledger)
            seen = []
        yield _lock(look, numbers, ledger)
    if seen:
        yield "access", _access(seen, ledger)


def _access(looks: list[Look], ledger: Ledger) -> dict[str, Any]:
    """One entry for many looks: who did what how often, first and last, and to which bundles."""
    together: dict[tuple[str, str, str], list[Look]] = {}
    for look in looks:
        together.setdefault((look.who, look.action, look.about), []).append(look)
    return {
        "who": "hub:" + ",".join(sorted({look.who for look in looks})),
        "purpose": ", ".join(sorted({look.action for look in looks})),
        "looks": [
            {
                "who": who,
                "action": action,
                "about": about,
                "times": len(same),
                "from_ms": same[0].t_ms,
                "to_ms": same[-1].t_ms,
            }
            for (who, action, about), same in together.items()
        ],
        "bundles": _bundles(ledger, (look.about for look in looks)),
        "hub_look": looks[-1].id,
    }


def _lock(look: Look, numbers: list[int], ledger: Ledger) -> tuple[str, dict[str, Any]]:
    case, who = f"hub:{look.about}", f"hub:{look.who}"
    if look.action == LOCK and numbers:
        return "lock", {"case": case, "who": who, "bundles": numbers, "hub_look": look.id}
    if look.action == UNLOCK and case in ledger.locks:
        return "unlock", {"case": case, "who": who, "reason": "unlocked at the hub", "hub_look": look.id}
    return "access", {
        "who": who,
        "purpose": f"{look.action}: no bundle to keep",
        "about": look.about,
        "bundles": [],
        "hub_look": look.id,
    }


def _bundles(ledger: Ledger, about: Iterable[str]) -> list[int]:
    """Numbers of the bundles that things are about: a passage's own, and those a file or finding of it names."""
    ids: dict[str, list[int]] = {}
    for bundle in ledger.kept():
        ids.setdefault(bundle.id, []).append(bundle.number)
    found = {number for text in about for part in (text, text.split("/", 1)[0]) for number in ids.get(part, ())}
    return sorted(found)
