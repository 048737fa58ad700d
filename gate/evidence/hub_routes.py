"""What a hub serves for evidence: counter-signing of heads, receipts, and a page that verifies in the browser."""

import base64
import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from gate.errors import EvidenceError
from gate.evidence.case import WEB, words_script
from gate.evidence.hub_memory import HubHeads
from gate.evidence.receipt import ForkError, HubMemory, SentHead, check_inclusion

Text = Annotated[str, Field(max_length=8192)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class HeadIn(BaseModel):
    """A site's head as it is sent."""

    model_config = ConfigDict(extra="forbid")
    keys: list[Text] = Field(min_length=1, max_length=1000)
    head: Text
    proof: list[Digest] = Field(default=[], max_length=128)


class InclusionIn(BaseModel):
    """A chain entry and its Merkle path to the head counter-signed last."""

    model_config = ConfigDict(extra="forbid")
    entry: Annotated[str, Field(max_length=65536)]
    proof: list[Digest] = Field(default=[], max_length=64)


class InclusionOut(BaseModel):
    """What the entry says. manifest: digest of the bundle, as a weighing slip quotes it; None for other acts."""

    number: int
    kind: str
    t_ms: int
    id: str | None
    manifest: str | None


class HeldOut(BaseModel):
    """What the hub holds of a site. size: entries counter-signed; site_fingerprint: to be compared with paper."""

    site: str
    size: int
    received_ms: int | None
    site_fingerprint: str
    hub_fingerprint: str


class ReceiptOut(BaseModel):
    """The hub's counter-signature, a statement of format gatewarden-receipt/1."""

    receipt: str


def evidence_router(
    heads: HubHeads,
    *,
    site_of: Callable[..., Any],
    reader_of: Callable[..., Any],
    clock: Callable[[], int],
    on_fork: Callable[[str, str], None],
) -> APIRouter:
    """Routes under /evidence.

    site_of: dependency giving the id of the site whose device token was sent. reader_of: dependency that lets only
    those pass who may read a site (it is given the path's `site`). on_fork: told site and reason when a site's chain
    contradicts what was counter-signed; that is an alert of grade 4.
    """
    router = APIRouter(prefix="/evidence", tags=["evidence"])
    _add_counter_signing(router, heads, site_of, clock, on_fork)
    _add_reading(router, heads, reader_of)

    @router.get("/verify", response_class=HTMLResponse)
    def page() -> HTMLResponse:
        """The page that verifies evidence in the browser; its policy forbids it to send anything anywhere."""
        return HTMLResponse(PAGE, headers={"Content-Security-Policy": _POLICY})

    return router


def _add_counter_signing(
    router: APIRouter,
    heads: HubHeads,
    site_of: Callable[..., Any],
    clock: Callable[[], int],
    on_fork: Callable[[str, str], None],
) -> None:
    @router.get("/heads/{site}")
    def held(site: str, sender: Annotated[str, Depends(site_of)]) -> HeldOut:
        """What the hub counter-signed last, for the site itself."""
        _same_site(site, sender)
        return _held(heads, site)

    @router.post("/heads/{site}", responses={409: {"description": "the chain contradicts an earlier head"}})
    def accept(site: str, sent: HeadIn, sender: Annotated[str, Depends(site_of)]) -> ReceiptOut:
        """Counter-sign a head that contains everything counter-signed before."""
        _same_site(site, sender)
        try:
            accepted = heads.accept(SentHead(site, tuple(sent.keys), sent.head, tuple(sent.proof)), clock())
        except ForkError as error:
            on_fork(site, str(error))
            raise HTTPException(409, str(error)) from error
        except EvidenceError as error:
            raise HTTPException(422, str(error)) from error
        return ReceiptOut(receipt=accepted.receipt)


def _add_reading(router: APIRouter, heads: HubHeads, reader_of: Callable[..., Any]) -> None:
    @router.get("/receipts/{site}", dependencies=[Depends(reader_of)])
    def receipts(site: str) -> list[ReceiptOut]:
        """Every receipt given to a site, oldest first, for verification of a store."""
        _held(heads, site)
        return [ReceiptOut(receipt=text) for text in heads.receipts(site)]

    @router.get("/sites/{site}", dependencies=[Depends(reader_of)])
    def site_state(site: str) -> HeldOut:
        """How far a site's chain is counter-signed, and the fingerprint of its first key."""
        return _held(heads, site)

    @router.post("/inclusion/{site}", dependencies=[Depends(reader_of)])
    def inclusion(site: str, shown: InclusionIn) -> InclusionOut:
        """Check that an entry is part of the chain as it was counter-signed last."""
        try:
            memory = heads.memory(site)
            if memory is None:
                raise EvidenceError(f"site {site}: sent no head yet")
            body = check_inclusion(memory, site, shown.entry, shown.proof)
        except EvidenceError as error:
            raise HTTPException(422, str(error)) from error
        return InclusionOut.model_validate({name: body.get(name) for name in InclusionOut.model_fields})


def verification_page() -> str:
    """The verification page as one self-contained HTML text, which also works from a file."""
    script = words_script() + (WEB / "verify.js").read_text("utf-8")
    style = (WEB / "viewer.css").read_text("utf-8")
    return (WEB / "verify.html").read_text("utf-8").replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)


def _policy(page: str) -> str:
    script = page.split("<script>", 1)[1].split("</script>", 1)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    sources = f"script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"
    return f"default-src 'none'; {sources}; form-action 'none'"


PAGE = verification_page()
_POLICY = _policy(PAGE)


def _same_site(site: str, sender: str) -> None:
    if site != sender:
        raise HTTPException(403, f"this device token is not of site {site}")


def _held(heads: HubHeads, site: str) -> HeldOut:
    try:
        memory: HubMemory | None = heads.memory(site)
        first = heads.site_fingerprint(site) if memory else ""
    except EvidenceError as error:
        raise HTTPException(404, str(error)) from error
    return HeldOut(
        site=site,
        size=memory.head()["size"] if memory else 0,
        received_ms=memory.received_ms if memory else None,
        site_fingerprint=first,
        hub_fingerprint=heads.fingerprint,
    )
