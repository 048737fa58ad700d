"""The hub as one ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from gate.hub import alerts, files, health, ingest, live, pages, passages, sign_in, sites
from gate.hub.bus import Bus
from gate.hub.context import Hub
from gate.hub.delivery import Deliverer
from gate.hub.limits import Limits
from gate.hub.settings import HubSettings
from gate.hub.store import Store
from gate.hub.tokens import now_ms

_ROUTERS = (
    ingest.router,
    files.router,
    sign_in.router,
    sites.router,
    alerts.router,
    passages.router,
    live.router,
    health.router,
    pages.router,
)


def create_app(settings: HubSettings) -> FastAPI:
    """The hub for some settings. Its database is migrated, and its background work started, with the application."""
    hub = Hub(settings.prepared(), Store(settings.database), Bus(), now_ms)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await hub.store.open()
        tasks = [asyncio.create_task(Deliverer(hub).run(), name="deliveries")]
        yield
        hub.bus.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await hub.store.close()

    app = FastAPI(
        title="Gatewarden hub",
        version="1",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.hub = hub
    for router in _ROUTERS:
        app.include_router(router)
    app.add_middleware(Limits, max_bytes=settings.max_body_bytes)
    return app
