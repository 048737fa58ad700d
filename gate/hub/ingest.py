"""Ingest over HTTPS; what is sent is stored by gate.hub.intake."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from gate.hub.batches import Batch, Receipt
from gate.hub.context import TheSite
from gate.hub.intake import Intake

router = APIRouter(prefix="/api/v1", tags=["site"])


async def _intake_of(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


@router.post("/ingest", summary="Take a batch of a site's messages")
async def ingest(batch: Batch, intake: Annotated[Intake, Depends(_intake_of)], site: TheSite) -> Receipt:
    """Stores each message once and answers only when it is on disk. Safe to repeat."""
    return await intake.take(site.id, batch)
