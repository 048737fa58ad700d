"""Sending the chain's head to the hub, and keeping the hub's receipt in the chain."""

from collections.abc import Mapping
from typing import Any

import httpx

from gate.errors import EvidenceError
from gate.evidence.chain import HEAD_FORMAT, Chain
from gate.evidence.merkle import consistency_proof, inclusion_proof, leaf_hash
from gate.evidence.receipt import SentHead, read_receipt
from gate.evidence.statement import Statement, read_statement
from gate.evidence.store import EvidenceStore


def head_for_hub(store: EvidenceStore, hub_size: int) -> SentHead:
    """The head as it stands, with proof that it contains the one of `hub_size` entries the hub holds.

    Raises EvidenceError while the chain is empty, or when the hub holds more of it than the site does.
    """
    return store.with_chain(lambda chain: _sent(chain, hub_size))


def send_head(store: EvidenceStore, client: httpx.Client, t_ms: int) -> int:
    """Have the hub counter-sign the head, and write its receipt into the chain. Entries counter-signed by then.

    client: with the hub's base address and the site's device token set. Nothing is sent while nothing but a receipt
    came since the last time. Raises EvidenceError when the hub cannot be reached, refuses, or answers falsely.
    """
    size, last_kind = store.with_chain(lambda chain: (len(chain), chain.last_kind))
    if last_kind == "receipt":
        return size - 1
    held = _ask(client, "GET", f"/evidence/heads/{store.site}")
    sent = head_for_hub(store, int(held["size"]))
    body = {"keys": list(sent.keys), "head": sent.head, "proof": list(sent.proof)}
    receipt = str(_ask(client, "POST", f"/evidence/heads/{store.site}", body)["receipt"])
    return _keep(store, sent, receipt, t_ms)


def inclusion_for_hub(store: EvidenceStore, number: int, hub_size: int) -> tuple[str, tuple[str, ...]]:
    """A chain entry and its Merkle path to the head of `hub_size` entries, as `check_inclusion` takes them.

    Raises EvidenceError when that head does not reach so far.
    """

    def prove(chain: Chain) -> tuple[str, tuple[str, ...]]:
        lines = list(chain.lines())[:hub_size]
        if not 0 <= number < len(lines):
            raise EvidenceError(f"entry {number} is not among the {len(lines)} that the hub counter-signed")
        path = inclusion_proof([leaf_hash(line) for line in lines], number)
        return lines[number].decode(), tuple(step.hex() for step in path)

    return store.with_chain(prove)


def _sent(chain: Chain, hub_size: int) -> SentHead:
    if not len(chain):
        raise EvidenceError("nothing is sealed yet")
    if hub_size > len(chain):
        raise EvidenceError(f"the hub counter-signed {hub_size} entries, this chain has {len(chain)}: it was cut")
    proof = consistency_proof([leaf_hash(line) for line in chain.lines()], hub_size)
    keys = tuple(line.decode() for line in chain.key_lines)
    return SentHead(chain.site, keys, chain.head().raw.decode(), tuple(step.hex() for step in proof))


def _keep(store: EvidenceStore, sent: SentHead, receipt: str, t_ms: int) -> int:
    def prepare(chain: Chain) -> Statement:
        _, head = read_receipt(receipt.encode(), chain.lineage)
        if head != read_statement(sent.head.encode(), HEAD_FORMAT).body:
            raise EvidenceError("the hub's receipt is for another head than was sent")
        return chain.prepare("receipt", t_ms, {"receipt": receipt})

    return int(store.commit_with(prepare).body["number"])


def _ask(client: httpx.Client, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    try:
        answer = client.request(method, path, json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            raise EvidenceError(f"the hub refuses this chain: {answer.json()['detail']}")
        return answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise EvidenceError(f"hub: {error}") from error
