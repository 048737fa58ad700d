"""The hub as one ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from gate.hub import (
    actions,
    alerts,
    bundles,
    channels,
    drafts,
    export,
    figures,
    files,
    health,
    ingest,
    live,
    orders,
    pages,
    passages,
    people,
    phones,
    roster,
    sign_in,
    silences,
    sites,
    tickets,
)
from gate.hub.broker import BrokerIngest
from gate.hub.bus import Bus
from gate.hub.context import Hub
from gate.hub.countersign import countersigning
from gate.hub.delivery import Deliverer
from gate.hub.file_store import S3Files
from gate.hub.intake import Intake
from gate.hub.limits import Limits
from gate.hub.retention import Retention
from gate.hub.settings import HubSettings
from gate.hub.store import Store
from gate.hub.tokens import now_ms
from gate.hub.watch import Watch

_ROUTERS = (
    ingest.router,
    files.router,
    sign_in.router,
    sites.router,
    alerts.router,
    actions.router,
    orders.router,
    silences.router,
    drafts.router,
    tickets.router,
    roster.router,
    bundles.router,
    people.router,
    channels.router,
    phones.router,
    figures.router,
    export.router,
    passages.router,
    live.router,
    health.router,
)


class Work(Protocol):
    """Something the hub does by itself, until cancelled."""

    async def run(self) -> None: ...


def create_app(settings: HubSettings) -> FastAPI:
    """The hub for some settings. Its database is migrated, and its background work started, with the application."""
    hub = Hub(settings.prepared(), Store(settings.database), Bus(), now_ms)
    intake = Intake(hub)

    loops: list[asyncio.AbstractEventLoop] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loops[:] = [asyncio.get_running_loop()]
        await hub.store.open()
        if isinstance(hub.files, S3Files):
            await asyncio.to_thread(hub.files.prepare)
        works: list[Work] = [intake, Deliverer(hub), Watch(hub), Retention(hub)]
        if settings.broker is not None:
            works.append(BrokerIngest(hub, intake, settings.broker))
        tasks = [asyncio.create_task(work.run()) for work in works]
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
    app.state.hub, app.state.intake = hub, intake
    app.add_exception_handler(RequestValidationError, _explain)
    for router in (*_ROUTERS, countersigning(hub, lambda: loops[0]), pages.router):
        app.include_router(router)
    app.add_middleware(Limits, max_bytes=settings.max_body_bytes)
    return app


async def _explain(_request: Request, error: Exception) -> JSONResponse:
    """What is wrong with a request, without repeating what it sent."""
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    detail = [{"where": [str(part) for part in p["loc"]], "message": str(p["msg"])} for p in problems]
    return JSONResponse({"detail": detail}, status_code=422)
