"""Whether the hub lives and is ready, and its numbers for Prometheus."""

from fastapi import APIRouter, HTTPException, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from gate.hub.context import ANYONE, TheHub
from gate.hub.sites import counts
from gate.hub.tables import Delivery

router = APIRouter(tags=["health"], dependencies=[ANYONE])


@router.get("/health", summary="The process lives")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready", summary="The hub can take messages")
async def ready(hub: TheHub) -> dict[str, str]:
    try:
        if await hub.store.answers():
            return {"status": "ready"}
    except (SQLAlchemyError, OSError) as error:
        raise HTTPException(503, "the database does not answer") from error
    raise HTTPException(503, "the database does not answer")


@router.get("/metrics", summary="Numbers for Prometheus", response_class=Response)
async def metrics(hub: TheHub) -> Response:
    registry = CollectorRegistry()
    sites, online = await counts(hub)
    async with hub.store.read() as session:
        query = select(func.count()).select_from(Delivery).where(Delivery.state == "pending")
        pending = (await session.execute(query)).scalar_one()
    for name, text, value in (
        ("gatewarden_sites", "Sites known", sites),
        ("gatewarden_sites_online", "Sites heard from now", online),
        ("gatewarden_pages_open", "Pages that listen to news", len(hub.bus)),
        ("gatewarden_deliveries_pending", "Messages owed and not sent", pending),
    ):
        Gauge(name, text, registry=registry).set(value)
    for name, number in sorted(hub.counters.items()):
        Counter(f"gatewarden_{name}", name.replace("_", " "), registry=registry).inc(number)
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")
