"""Time tokens of RFC 3161: an outside server signs that a chain entry existed at its time."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from gate.errors import EvidenceError
from gate.evidence.store import EvidenceStore

_TIMEOUT_S = 20.0


def request_token(store: EvidenceStore, url: str, t_ms: int, client: httpx.Client | None = None) -> int:
    """Have the chain's last entry stamped by the server at `url`, and write the answer into the chain.

    Returns the server's own time, UTC ms. Raises EvidenceError when the server cannot be reached, refuses, or
    answers with a token for something else; the chain is then as it was.
    """
    head = store.head().body
    digest = bytes.fromhex(head["last"])
    request = TimestampRequestBuilder().data(digest).hash_algorithm(HashAlgorithm.SHA256).build()
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        with client or httpx.Client(timeout=_TIMEOUT_S) as http:
            answer = http.post(url, content=request.as_bytes(), headers=headers).raise_for_status().content
    except httpx.HTTPError as error:
        raise EvidenceError(f"time server {url}: {error}") from error
    text = base64.b64encode(answer).decode()
    stamped_ms = check_token(text, digest)
    if _decode(answer).tst_info.nonce != request.nonce:
        raise EvidenceError(f"time server {url}: answered another request than ours")
    store.record("time", t_ms, {"stamped": head["size"] - 1, "server": url, "response": text})
    return stamped_ms


def check_token(response: str, digest: bytes, roots: Sequence[x509.Certificate] = ()) -> int:
    """Check a stored answer (base64) against an entry's digest; the time it swears to, UTC ms.

    roots: certificates to trust. Without them the answer's own certificates are taken for it, which shows that the
    token is unchanged but not who made it. Raises EvidenceError when it does not hold.
    """
    answer = _decode(_bytes(response))
    try:
        own = [x509.load_der_x509_certificate(c) for c in answer.signed_data.certificates]
        VerifierBuilder(roots=list(roots) or own).build().verify_message(answer, digest)
    except (VerificationError, ValueError, x509.InvalidVersion) as error:
        raise EvidenceError(f"time token: {error}") from error
    return int(answer.tst_info.gen_time.timestamp() * 1000)


def load_roots(path: Path) -> list[x509.Certificate]:
    """Trusted certificates of time servers from a PEM file. Raises EvidenceError when there is none in it."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path}: no certificates in PEM: {error}") from error


def _bytes(response: str) -> bytes:
    try:
        return base64.b64decode(response, validate=True)
    except ValueError as error:
        raise EvidenceError("time token: expected base64") from error


def _decode(answer: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(_in_order(answer))
    except (ValueError, IndexError) as error:
        raise EvidenceError(f"time token: no answer in the form of RFC 3161: {error}") from error


def _in_order(answer: bytes) -> bytes:
    """The answer with the certificates it carries in the order DER wants (X.690, 11.6).

    Servers built on OpenSSL send them leaf first, which the strict parser refuses. No signature covers their order.
    """
    place = 0, len(answer)
    # TimeStampResp → TimeStampToken → [0] content → SignedData → [0] certificates, by position and tag
    for position, tag in ((0, 0x30), (1, 0x30), (1, 0xA0), (0, 0x30), (3, 0xA0)):
        inside = list(_elements(answer, *place))
        if len(inside) <= position or answer[inside[position][0]] != tag:
            return answer
        place = inside[position][1:]
    start, end = place
    certificates = sorted(answer[first:last] for first, _, last in _elements(answer, start, end))
    return answer[:start] + b"".join(certificates) + answer[end:]


def _elements(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The elements of a stretch of DER, one after the other: where each begins, its content begins, and it ends."""
    while at < end:
        length, start = data[at + 1], at + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[at + 2 : start])
        if start + length > end:
            raise ValueError("an element longer than what holds it")
        yield at, start, start + length
        at = start + length
